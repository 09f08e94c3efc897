// SPDX-License-Identifier: MIT
// GET /api/v1/batches/{id}/status and /internal/v1/…: what notifications told, kept in this process, in SQLite, in Redis.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { hear, startNodes } from './support/nodes';
import { startRedis } from './support/redis';
import { API_KEY, startTidings, type Tidings, type TidingsOptions } from './support/tidings';
import { until } from './support/wait';

const catalogue = join(__dirname, '../../catalogue/samples');
const sample = (name: string): Record<string, any> =>
  JSON.parse(readFileSync(join(catalogue, `${name}.json`), 'utf8'));

const folder = mkdtempSync(join(tmpdir(), 'tidings-batches-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const asUser = (server: Tidings, batch: string, user: string) =>
  server.ask(`/api/v1/batches/${encodeURIComponent(batch)}/status?token=${server.token(user)}`);
const asBackend = (server: Tidings, batch: string) =>
  server.ask(`/internal/v1/batches/${encodeURIComponent(batch)}/status`, { headers: { 'X-API-Key': API_KEY } });

/** A batch's way, as its teacher hears it. */
const told = [
  'huleedu/essay_slot_assigned',
  'huleedu/batch_spellcheck_completed',
  'huleedu/batch_cj_assessment_completed-essays',
  'huleedu/batch_pipeline_completed',
].map((name) => {
  const message = sample(name);
  (message.payload ?? message.data).batch_id = 'batch-123';
  return message;
});

const essay = {
  essay_id: 'essay-456',
  file_upload_id: 'upload-789',
  filename: 'student_essay.txt',
  spellcheck_status: 'completed',
  cj_assessment_status: 'completed',
  cj_rank: 1,
  cj_score: 85.5,
};

async function tellAll(server: Tidings, user: string): Promise<void> {
  for (const data of told) {
    expect((await server.call('/api/v1/publish', { user, data })).status).toBe(200);
  }
}

describe('kept by this process', () => {
  test('everything that was told about a batch, to the user who was told and to backends', async () => {
    const server = await startTidings();
    expect((await asUser(server, 'batch-123', 'anna')).status).toBe(404);
    await tellAll(server, 'anna');
    const seen = await asUser(server, 'batch-123', 'anna');
    expect(seen.status).toBe(200);
    expect(seen.json.batch_id).toBe('batch-123');
    expect(seen.json.essays).toEqual([essay]);
    expect(seen.json.details).toMatchObject({
      status: 'completed',
      final_status: 'COMPLETED_SUCCESSFULLY',
      successful_essay_count: 15,
      updated_at: '2024-01-15T13:00:00Z',
    });
    expect((await asBackend(server, 'batch-123')).json).toEqual(seen.json);
    expect((await asUser(server, 'batch-123', 'bert')).status).toBe(404);
    expect((await server.ask('/api/v1/batches/batch-123/status')).status).toBe(401);
    expect((await server.ask('/internal/v1/batches/batch-123/status')).status).toBe(401);
    expect((await server.ask(`/internal/v1/batches/batch-123/status?token=${server.token('anna')}`)).status).toBe(401);
    await server.stop();
  });

  test('each kind of the catalogue that is about a batch makes it known; those that are not do not', async () => {
    const server = await startTidings();
    const kinds = ['batch_files_uploaded', 'batch_file_removed', 'batch_validation_failed', 'validation_timeout_processed'];
    kinds.push('student_associations_confirmed', 'batch_processing_started', 'batch_results_ready');
    kinds.push('batch_assessment_completed', 'phase_skipped', 'essay_slot_assigned-least');
    for (const kind of kinds) {
      const data = sample(`huleedu/${kind}`);
      (data.payload ?? data.data).batch_id = kind;
      await server.call('/api/v1/publish', { user: 'anna', data });
      expect((await asUser(server, kind, 'anna')).json.details.status, kind).toBe('processing');
    }
    const data = sample('huleedu-status/batch.status.updated');
    await server.call('/api/v1/publish', { user: 'anna', data: { ...data, batch_id: 'å/1 %', status: 'failed' } });
    expect((await asUser(server, 'å/1 %', 'anna')).json.details.status).toBe('failed');
    // To a channel that is no user's, nobody is told.
    await server.call('/api/v1/publish', { channel: 'broadcast', data: { ...data, batch_id: 'all' } });
    expect((await asBackend(server, 'all')).status).toBe(404);
    await server.stop();
  });

  test('pages of allowed origins may ask; preflights are answered', async () => {
    const server = await startTidings({ config: { origins: ['https://app.example'] } });
    const headers = { Origin: 'https://app.example' };
    const asked = await server.ask('/api/v1/batches/x/status', { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers['access-control-allow-origin']]).toEqual([204, 'https://app.example']);
    await server.stop();
  });

  test('as many are kept as may be', async () => {
    const server = await startTidings({ config: { batches: { entries: 10 } } });
    const data = sample('huleedu-status/batch.status.updated');
    for (let n = 0; n < 20; n++) {
      await server.call('/api/v1/publish', { user: 'anna', data: { ...data, batch_id: `b${n}` } });
    }
    expect((await asUser(server, 'b19', 'anna')).status).toBe(200);
    expect((await asUser(server, 'b14', 'anna')).status).toBe(404);
    expect((await server.ask('/metrics')).text).toMatch(/^batches_entries 10$/m);
    await server.stop();
  });
});

test('in SQLite it survives kill -9', async () => {
  const options: TidingsOptions = { config: { store: { kind: 'sqlite', path: join(folder, 'batches.db') } } };
  const first = await startTidings(options);
  await tellAll(first, 'anna');
  const before = (await asUser(first, 'batch-123', 'anna')).json;
  await until('it to be written', async () => /^store_unwritten_changes 0$/m.test((await first.ask('/metrics')).text));
  first.signal('SIGKILL');
  await first.exited;
  const second = await startTidings(options);
  expect((await asUser(second, 'batch-123', 'anna')).json).toEqual(before);
  expect((await asBackend(second, 'batch-123')).json).toEqual(before);
  await second.stop();
});

describe('kept in Redis', () => {
  test('every node answers the same, of what was published by HTTP and by plain PUBLISH', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    await tellAll(a!, 'anna');
    const known = async () => (await asUser(b!, 'batch-123', 'anna')).json.details?.final_status !== undefined;
    await until('the other node to know', known);
    const seen = await asUser(b!, 'batch-123', 'anna');
    expect(seen.json.essays).toEqual([essay]);
    expect((await asUser(a!, 'batch-123', 'anna')).json).toEqual(seen.json);
    expect((await asBackend(a!, 'batch-123')).json).toEqual(seen.json);
    expect((await asUser(a!, 'batch-123', 'bert')).status).toBe(404);
    // A backend that knows nothing of Tidings, and a user who listens.
    const ear = await hear(b!, 'anna');
    const data = { ...sample('huleedu-status/batch.status.updated'), batch_id: 'other', status: 'failed' };
    redis.cli('PUBLISH', 'ws:anna', JSON.stringify(data));
    await ear.next();
    await until('the batch', async () => (await asUser(a!, 'other', 'anna')).json.details?.status === 'failed');
    await redis.kill();
    expect([404, 503]).toContain((await asUser(a!, 'other', 'anna')).status);
    await until('the loss to be seen', async () => (await asUser(a!, 'other', 'anna')).status === 503);
    await Promise.all([a!.stop(), b!.stop()]);
  });
});
