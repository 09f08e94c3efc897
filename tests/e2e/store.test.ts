// SPDX-License-Identifier: MIT
// store.kind: sqlite. What a publisher was told is accepted is there after the server was killed; and what happens
// when the file cannot be had or written.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { API_KEY, SLOWNESS, startTidings, Tidings, type TidingsOptions } from './support/tidings';
import { sleep, until } from './support/wait';
import { listen, type Listener } from './support/wsClient';

const folder = mkdtempSync(join(tmpdir(), 'tidings-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = (): string => join(folder, `store-${++files}.db`);

const optionsFor = (path: string, store: Record<string, unknown> = {}): TidingsOptions => ({
  config: {
    log_level: 'info',
    store: { kind: 'sqlite', path, channel_messages: 1_000_000, channel_bytes: 1 << 30, ...store },
  },
});
const start = (path: string): Promise<Tidings> => startTidings(optionsFor(path));

async function kill(server: Tidings): Promise<void> {
  server.signal('SIGKILL');
  await server.exited;
}

const watch = (server: Tidings, number: number, user = 'anna'): Promise<Listener> =>
  listen(`ws://${server.address}/ws/submissions/${number}?token=${server.token(user)}`);
const declare = async (server: Tidings, body: Record<string, unknown>) => {
  const answer = await server.call('/api/v1/submissions', body);
  expect([200, 201], answer.text).toContain(answer.status);
  return answer.json.submission_id as number;
};
const channelOf = (number: number) => ({ channel: `submission:${number}` });

/** Posts {"n":0}, {"n":1}, … with so many on the way at a time, until the server is gone. */
class Publisher {
  private answers = '';
  readonly gone: Promise<void>;

  constructor(server: Tidings, number: number, depth: number) {
    let next = 0;
    const one = () => {
      const body = JSON.stringify({ ...channelOf(number), data: { type: 'progress', n: next++ } });
      return (
        `POST /api/v1/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: ${API_KEY}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
      );
    };
    const socket = connect(server.port, '127.0.0.1');
    const send = (count: number) => socket.write(Array.from({ length: count }, one).join(''));
    let seen = 0;
    socket.setEncoding('latin1').on('data', (part: unknown) => {
      this.answers += part as string;
      const all = this.acknowledged();
      if (all > seen) send(all - seen);
      seen = all;
    });
    socket.on('error', () => undefined);
    this.gone = new Promise((done) => socket.on('close', () => done()));
    send(depth);
  }

  /** Only whole answers count. */
  acknowledged(): number {
    const parts = this.answers.split('HTTP/1.1 ');
    return parts.filter((part) => part.startsWith('200') && part.endsWith(']}')).length;
  }
  refusals(): string[] {
    return this.answers.split('HTTP/1.1 ').filter((part) => part !== '' && !part.startsWith('200'));
  }
}

describe('killed at a random moment under load', () => {
  test.each([1, 2, 3, 4])(
    'what was acknowledged is there, in order (%i)',
    async () => {
      const path = newPath();
      const server = await start(path);
      const numbers: number[] = [];
      for (let i = 0; i < 4; i++) numbers.push(await declare(server, {}));
      const publishers = numbers.map((number, i) => new Publisher(server, number, [1, 16, 64, 64][i]!));
      await until('an answer to each', () => publishers.every((one) => one.acknowledged() > 0), 10_000);
      await sleep(Math.random() * 400);
      await kill(server);
      await Promise.all(publishers.map((publisher) => publisher.gone));
      const again = await start(path);
      for (const [i, publisher] of publishers.entries()) {
        expect(publisher.refusals()).toEqual([]);
        const count = publisher.acknowledged();
        expect(count).toBeGreaterThan(0);
        const watcher = await watch(again, numbers[i]!);
        const messages = await watcher.count(count, 20_000);
        messages.forEach((text, n) => expect(JSON.parse(text).n).toBe(n));
        // What follows is numbered on, behind what may have been written without being acknowledged.
        await again.publish(channelOf(numbers[i]!), { type: 'progress', n: 'next' });
        while (JSON.parse(await watcher.next()).n !== 'next');
        await watcher.leave();
      }
      await again.stop();
    },
    60_000 * SLOWNESS,
  );
});

test('an answer under an idempotency key is given again and nothing is sent twice', async () => {
  const path = newPath();
  const server = await start(path);
  const number = await declare(server, {});
  const body = { ...channelOf(number), data: { type: 'progress' }, idempotency_key: 'once' };
  const answers = await Promise.all([1, 2, 3].map(() => server.call('/api/v1/publish', body)));
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
  await kill(server);
  const again = await start(path);
  const state = await again.ask(`/api/v1/submissions/${number}`, { headers: { 'X-API-Key': API_KEY } });
  expect(state.status).toBe(200);
  const watcher = await watch(again, number);
  await again.publish(channelOf(number), { type: 'complete' });
  expect((await watcher.close()).code).toBe(1000);
  expect(watcher.messages.map((text) => JSON.parse(text).type)).toEqual(['progress', 'complete']);
  await again.stop();
});

test('owners, ends and the numbering outlive a kill and a clean end', async () => {
  const path = newPath();
  let server = await start(path);
  const mine = await declare(server, { owner: 'anna' });
  const named = await declare(server, { submission_id: 40, owner: 'bert' });
  await server.publish(channelOf(mine), { type: 'progress' });
  await server.publish(channelOf(mine), { type: 'complete' });
  for (const end of [kill, (old: Tidings) => old.stop()]) {
    await end(server);
    server = await start(path);
    const other = await server.call('/api/v1/submissions', { submission_id: named, owner: 'carl' });
    expect([other.status, other.json.error.code]).toEqual([409, 'other_owner']);
    expect((await server.call('/api/v1/submissions', { submission_id: named, owner: 'bert' })).status).toBe(200);
    const stranger = await server.ask(`/api/v1/submissions/${mine}`, {
      headers: { Authorization: `Bearer ${server.token('bert')}` },
    });
    expect(stranger.status).toBe(404);
    const watcher = await watch(server, mine);
    expect((await watcher.close()).code).toBe(1000);
    expect(watcher.messages.map((text) => JSON.parse(text).type)).toEqual(['progress', 'complete']);
  }
  expect(await declare(server, {})).toBe(41);
  await server.stop();
});

test('what was forgotten stays forgotten', async () => {
  const path = newPath();
  const server = await startTidings(optionsFor(path, { keep_seconds: 1 }));
  const number = await declare(server, {});
  await server.publish(channelOf(number), { type: 'progress' });
  await kill(server);
  await sleep(2500);
  const again = await startTidings(optionsFor(path, { keep_seconds: 1 }));
  const state = await again.ask(`/api/v1/submissions/${number}`, { headers: { 'X-API-Key': API_KEY } });
  expect(state.status).toBe(404);
  await again.stop();
});

describe('a file that cannot be had ends the start with its name', () => {
  async function refusal(path: string): Promise<string> {
    const server = new Tidings(optionsFor(path));
    expect((await server.exited).code).toBe(1);
    const line = server.log().split('\n').find((one) => one.includes('cannot start'));
    expect(line).toContain(path);
    return line!;
  }

  test('another server has it', async () => {
    const path = newPath();
    const server = await start(path);
    expect(await refusal(path)).toContain('another process uses it');
    await declare(server, {});
    await server.stop();
  });

  test('it is something else', async () => {
    const path = newPath();
    writeFileSync(path, 'not a database, but a text that is somewhat longer. '.repeat(100));
    expect(await refusal(path)).toContain('is not a store of Tidings');
  });

  test('its folder is not there', async () => {
    expect(await refusal(join(folder, 'none', 'store.db'))).toContain('No such file');
  });
});

test('only its owner may read it', async () => {
  const path = newPath();
  const server = await start(path);
  await declare(server, {});
  for (const end of ['', '-wal', '-shm']) expect(statSync(path + end).mode & 0o777).toBe(0o600);
  await server.stop();
});

test('a full disk: refused while it lasts, and nothing that was acknowledged is lost', async () => {
  const path = newPath();
  const server = await startTidings({
    ...optionsFor(path),
    shell: 'ulimit -f 2048',
    allowErrors: /the store cannot be written/,
  });
  const number = await declare(server, {});
  const user = await listen(`${server.wsUrl}?token=${server.token('anna')}`);
  const text = 'x'.repeat(50_000);
  let acknowledged = 0;
  for (let i = 0; i < 1000; i++) {
    // The one that meets the failure is cut off: nobody can say what became of it.
    const answer = await server
      .call('/api/v1/publish', { ...channelOf(number), data: { type: 'progress', n: i, text } })
      .catch(() => undefined);
    if (answer?.status !== 200) break;
    acknowledged++;
  }
  expect(acknowledged).toBeGreaterThan(3);
  const refused = await server.call('/api/v1/publish', { ...channelOf(number), data: { type: 'progress' } });
  expect([refused.status, refused.json.error.code]).toEqual([503, 'store_unavailable']);
  const declared = await server.call('/api/v1/submissions', {});
  expect([declared.status, declared.json.error.code]).toEqual([503, 'store_unavailable']);
  expect(await server.publish({ user: 'anna' }, 'others are served')).toEqual([1]);
  expect(await user.next()).toBe('"others are served"');
  // The log is written by a thread of its own, a moment later.
  await expect.poll(() => server.log().match(/the store cannot be written/g)?.length).toBe(1);
  await user.leave();
  await kill(server);

  const again = await start(path);
  const watcher = await watch(again, number);
  const messages = await watcher.count(acknowledged);
  messages.forEach((message, n) => expect(JSON.parse(message).n).toBe(n));
  await watcher.leave();
  await again.stop();
});

test('ending at once, with watchers who leave nothing behind', async () => {
  const { config } = optionsFor(newPath());
  const server = await startTidings({ config: { ...config, drain_delay_seconds: 60 }, exitCode: 1 });
  const number = await declare(server, {});
  const watcher = await watch(server, number);
  expect(await server.publish(channelOf(number), { n: 1 })).toEqual([1]);
  await watcher.count(1);
  expect((await server.ask('/metrics')).text).toContain('\nstore_unwritten_changes 0\n');
  server.signal('SIGTERM');
  await expect.poll(async () => (await server.ask('/readyz')).status).toBe(503);
  server.signal('SIGTERM');
  await server.exited;
  await watcher.close();
  await server.stop();
});
