// SPDX-License-Identifier: MIT
// Notifications that backends write to Kafka: which of them reach whom, once, also when a node dies or Redis is away.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Kafka } from './support/kafka';
import { hear, nodeOptions } from './support/nodes';
import { startRedis, type Redis } from './support/redis';
import { run } from './support/run';
import { HAS_KAFKA, startTidings, type Tidings, type TidingsOptions } from './support/tidings';
import { until } from './support/wait';

const TOPIC = 'huleedu.notification.teacher.requested.v1';
const folder = mkdtempSync(join(tmpdir(), 'tidings-intake-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A record as a backend writes it, and what the teacher is to get of it. */
const told = (n: number, teacher: unknown = 'anna') => ({
  notification_type: 'batch_files_uploaded',
  timestamp: '2026-01-31T09:00:00Z',
  category: 'file_operations',
  priority: 'standard',
  action_required: false,
  payload: { batch_id: `b${n}`, user_id: teacher, files_uploaded: n, total_size_bytes: 1 },
  correlation_id: 'c-1',
});
const record = (n: number, teacher: unknown = 'anna', id = `event-${n}`): string =>
  JSON.stringify({
    event_id: id,
    event_type: TOPIC,
    event_timestamp: '2026-01-31T09:00:01Z',
    source_service: 'files',
    correlation_id: 'c-0',
    data: { teacher_id: teacher, ...told(n, teacher), deadline_timestamp: null, batch_id: `b${n}`, class_id: null },
  });

/** Faster than the usual times of a group, and from the topic's beginning. */
const properties = join(folder, 'kafka.properties');
writeFileSync(
  properties,
  '# of a test\n\nauto.offset.reset=earliest\nsession.timeout.ms=6000\nheartbeat.interval.ms=500\nauto.commit.interval.ms=200\n',
);
const withKafka = (kafka: Kafka, more: Record<string, unknown> = {}): TidingsOptions => ({
  config: { kafka: { brokers: kafka.brokers, topics: [kafka.topic], properties_file: properties, ...more } },
});

const metric = async (server: Tidings, name: string): Promise<number> => {
  const found = new RegExp(`^${name.replace(/[{}"]/g, '\\$&')} (\\d+)`, 'm').exec((await server.ask('/metrics')).text);
  return Number(found?.[1] ?? 0);
};
const records = (server: Tidings, result: string) => metric(server, `kafka_records_total{result="${result}"}`);
const isConsuming = (server: Tidings) =>
  until('partitions', async () => (await metric(server, 'kafka_partitions')) > 0, 20_000);

describe.runIf(HAS_KAFKA)('one node by itself', () => {
  test('what is written is heard, once; what cannot be understood is passed over', async () => {
    const kafka = await Kafka.start(TOPIC);
    const server = await startTidings(withKafka(kafka));
    const ear = await hear(server, 'anna');
    const number = await hear(server, '17');
    await isConsuming(server);
    kafka.produce([record(1), record(2), 'poison', '{"data":{}}', '[1]', record(1), record(3, 17), record(4, null), record(5)]);
    for (const n of [1, 2, 5]) expect(JSON.parse((await ear.next())!)).toEqual(told(n));
    expect(JSON.parse((await number.next())!)).toEqual(told(3, 17));
    expect(await records(server, 'relayed')).toBe(4);
    expect(await records(server, 'duplicate')).toBe(1);
    expect(await records(server, 'poison')).toBe(2);
    expect(await records(server, 'no_user')).toBe(2);
    expect(await metric(server, 'notification_latency_seconds_count')).toBe(4);
    expect(await metric(server, 'notification_latency_seconds_sum')).toBeLessThan(2);
    expect(server.log()).toMatch(/record skipped.*offset 2: no JSON/);
    // It is one of the notifications that tell of batches.
    const batch = await server.ask(`/api/v1/batches/b5/status?token=${server.token('anna')}`);
    expect(batch.json.details.files_uploaded).toBe(5);
    await server.stop();
    // What was handed over is not consumed again.
    const again = await startTidings(withKafka(kafka));
    const later = await hear(again, 'anna');
    await isConsuming(again);
    kafka.produce([record(6)]);
    expect(JSON.parse((await later.next())!)).toEqual(told(6));
    expect(await records(again, 'relayed')).toBe(1);
    await again.stop();
  });

  test('what is relayed, and to whom, is configuration', async () => {
    const kafka = await Kafka.start('orders');
    const server = await startTidings(withKafka(kafka, { user: 'to', id: '', relay: [], payload: 'body' }));
    const ear = await hear(server, 'anna');
    await isConsuming(server);
    kafka.produce(['{"to":"anna","body":{"n" : 1.0}}', '{"to":"anna","body":{"n" : 1.0}}']);
    expect([await ear.next(), await ear.next()]).toEqual(['{"n" : 1.0}', '{"n" : 1.0}']);
    await server.stop();
  });

  test('mistakes are said', async () => {
    const check = async (kafka: Record<string, unknown>) => {
      const file = join(folder, 'tidings.yaml');
      writeFileSync(file, JSON.stringify({ jwt: { secret: 'x'.repeat(32) }, kafka }));
      return (await run(['check', '-c', file])).err;
    };
    expect(await check({ brokers: 'h:1' })).toMatch(/kafka\.topics: .*at least one topic/);
    expect(await check({ relay: ['a'] })).toMatch(/kafka\.relay: .*name=path/);
    expect(await check({ payload: 'data' })).toMatch(/kafka\.payload: .*empty kafka\.relay/);
  });
});

describe.runIf(HAS_KAFKA)('nodes that share a Redis', () => {
  const start = (redis: Redis, kafka: Kafka) =>
    startTidings(nodeOptions({ url: redis.url, reply_timeout_seconds: 1 }, withKafka(kafka)));

  test('each record is consumed by one and heard on all, also when a node dies and Redis is away', async () => {
    const redis = await startRedis();
    const kafka = await Kafka.start(TOPIC, 4);
    const [a, b] = [await start(redis, kafka), await start(redis, kafka)];
    const ear = await hear(b!, 'anna');
    await isConsuming(a!);
    await isConsuming(b!);
    // One whose answer was lost is published again: at least once.
    const heard = new Set<number>();
    const hearAll = async (count: number) => {
      while (heard.size < count) {
        const files = JSON.parse((await ear.next(30_000))!).payload?.files_uploaded;
        if (files !== undefined) heard.add(files); // else it is a notice of the outage
      }
    };
    const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
    kafka.produce(range(0, 50).map((n) => record(n)), '-p', '-1');
    await hearAll(50);
    // Written while Redis is away: delivered when it is back.
    redis.signal('SIGSTOP');
    kafka.produce(range(50, 80).map((n) => record(n)), '-p', '-1');
    await new Promise((done) => setTimeout(done, 1500));
    redis.signal('SIGCONT');
    await hearAll(80);
    // A node that dies leaves its partitions to the other.
    a!.signal('SIGKILL');
    await a!.exited;
    kafka.produce(range(80, 110).map((n) => record(n)), '-p', '-1');
    await hearAll(110);
    expect([...heard].sort((x, y) => x - y)).toEqual(range(0, 110));
    await b!.stop();
  }, 90_000);
});
