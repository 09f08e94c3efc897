// SPDX-License-Identifier: MIT
// Many requests on one connection, of which most are answered when Redis has: answers keep the order of the requests,
// messages that of their publishes, and a client may end at any moment.
import { expect, test } from 'vitest';
import { hear, isUp, startNode, startNodes, submission } from './support/nodes';
import { Proxy } from './support/proxy';
import { handshake, RawClient } from './support/rawClient';
import { startRedis } from './support/redis';
import { API_KEY, SLOWNESS, type Tidings } from './support/tidings';
import { until } from './support/wait';

const request = (line: string, body = '', headers = ''): string =>
  `${line} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\n${headers}` +
  (body ? `Content-Length: ${Buffer.byteLength(body)}\r\n` : '') +
  `\r\n${body}`;
const publish = (data: unknown, target: object = { user: 'u1' }, headers = ''): string =>
  request('POST /api/v1/publish', JSON.stringify({ ...target, data }), headers);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
const alone = (node: Tidings): Promise<unknown> =>
  until('the end of all other connections', async () => (await node.metric('http_connections')) === 1);

test('publishes of one connection are under way together', async () => {
  const redis = await startRedis();
  const proxy = await Proxy.start(redis);
  const node = await startNode({ url: `redis://127.0.0.1:${proxy.port}` });
  const ear = await hear(node, 'u1');
  proxy.delay = 100 * SLOWNESS;
  const client = await RawClient.connect(node.port);
  const begun = Date.now();
  client.write(numbers(200).map((n) => publish(n)).join(''));
  for (const _ of numbers(200)) expect((await client.answer()).json.published[0].deliveries).toBe(1);
  expect(Date.now() - begun).toBeLessThan(5_000 * SLOWNESS); // one by one they take 40 s
  expect((await ear.count(200)).map(Number)).toEqual(numbers(200));
  client.destroy();
  await node.stop();
  await proxy.end();
});

test('answers and messages are in order, whatever stands between them', async () => {
  const redis = await startRedis();
  const [a, b] = await startNodes(redis, 2);
  const ears = [await hear(a!, 'u1'), await hear(b!, 'u1')];
  const client = await RawClient.connect(a!.port);
  const rounds = 60;
  const round = (n: number): string =>
    [
      publish(5 * n),
      request('GET /healthz'),
      publish(5 * n + 1, { user: 'u1', idempotency_key: `first-${n}` }), // asks before it sends
      publish(5 * n + 2),
      request('POST /api/v1/publish', '{"user":'),
      request('POST /api/v1/batch', JSON.stringify({ commands: [3, 4].map((i) => ({ publish: { user: 'u1', data: 5 * n + i } })) })),
      request('HEAD /api/v1/users/u1/connections'),
    ].join('');
  const all = numbers(rounds).map(round).join('');
  // Cut where it hurts: in the midst of heads and bodies.
  for (let at = 0; at < all.length; at += 1009) client.write(all.slice(at, at + 1009));
  for (const _ of numbers(rounds)) {
    expect((await client.answer()).json.published[0].deliveries).toBe(1);
    expect((await client.answer()).json.service).toBeDefined();
    expect((await client.answer()).status).toBe(200);
    expect((await client.answer()).json.published[0].channel).toBe('ws:u1');
    expect((await client.answer()).status).toBe(400);
    expect((await client.answer()).json.results).toHaveLength(2);
    expect((await client.head()).status).toBe(200);
  }
  for (const ear of ears) expect((await ear.count(5 * rounds)).map(Number)).toEqual(numbers(5 * rounds));
  client.finish();
  expect(await client.end()).toBe('end');
  await Promise.all([a!.stop(), b!.stop()]);
});

test('a declaration is done when what stands behind it is looked at', async () => {
  const redis = await startRedis();
  const node = await startNode(redis);
  const client = await RawClient.connect(node.port);
  for (const n of numbers(20)) {
    client.write(
      publish(n) +
        request('POST /api/v1/submissions', JSON.stringify({ submission_id: 100 + n })) +
        publish({ n }, submission(100 + n)) +
        request(`GET /api/v1/submissions/${100 + n}`) +
        publish({ n }, submission(9_000)), // never declared
    );
    expect((await client.answer()).status).toBe(200);
    expect((await client.answer()).status).toBe(201);
    expect((await client.answer()).status).toBe(200);
    expect((await client.answer()).status).toBe(200);
    expect((await client.answer()).status).toBe(404);
  }
  client.destroy();
  await node.stop();
});

test('a handshake waits for the answers before it, and its frames with it', async () => {
  const redis = await startRedis();
  const node = await startNode(redis);
  const client = await RawClient.connect(node.port);
  const ear = await hear(node, 'u1');
  const path = `${new URL(node.wsUrl).pathname}?token=${node.token('u1')}`;
  client.write(numbers(30).map((n) => publish(n)).join('') + handshake(node.port, path));
  for (const _ of numbers(30)) expect((await client.answer()).json.published[0].deliveries).toBe(1); // not to itself
  expect((await client.head()).status).toBe(101);
  expect((await ear.count(30)).map(Number)).toEqual(numbers(30));
  client.destroy();
  await node.stop();
});

test('who ends midway leaves nothing behind, and what was sent is a part in order', async () => {
  const redis = await startRedis();
  const node = await startNode(redis);
  for (const way of ['reset', 'destroy', 'finish', 'last'] as const) {
    const ear = await hear(node, way);
    for (const round of numbers(5)) {
      const client = await RawClient.connect(node.port, { halfOpen: true });
      const to = { user: way };
      const all = numbers(100).map((n) => publish(1000 * round + n, to, way === 'last' && n === 99 ? 'Connection: close\r\n' : ''));
      await client.written(all.join(''));
      if (way === 'reset') client.reset();
      if (way === 'destroy') client.destroy();
      if (way === 'finish') client.finish();
      if (way === 'reset' || way === 'destroy') continue;
      for (const _ of numbers(100)) expect((await client.answer()).status).toBe(200);
      expect(await client.end()).toBe('end');
      client.destroy();
    }
    await alone(node);
    const heard = ear.messages.map(Number);
    for (const round of numbers(5)) {
      const own = heard.filter((n) => Math.floor(n / 1000) === round);
      expect(own).toEqual(numbers(own.length).map((n) => 1000 * round + n));
      if (way === 'finish' || way === 'last') expect(own).toHaveLength(100);
    }
  }
  expect(await node.metric('websocket_unfinished_bytes')).toBe(0);
  await node.stop();
});

test('when Redis goes all are answered, in order, and the connection is of use again', async () => {
  const redis = await startRedis();
  const proxy = await Proxy.start(redis);
  const node = await startNode({ url: `redis://127.0.0.1:${proxy.port}` });
  const client = await RawClient.connect(node.port);
  proxy.stall();
  client.write(numbers(600).map((n) => publish(n) + (n % 100 ? '' : request('GET /nothing'))).join(''));
  await until('the first to be under way', async () => (await node.metric('websocket_unfinished_bytes'))! > 0);
  proxy.refuses = true;
  proxy.cut();
  for (const n of numbers(600)) {
    const { status, json } = await client.answer(20_000);
    expect(status).toBe(503);
    expect(json.error.code).toMatch(/^broker_un(known|available)$/);
    if (n % 100 === 0) expect((await client.answer()).status).toBe(404);
  }
  proxy.refuses = false;
  proxy.flow();
  await isUp(node, true);
  client.write(publish('back'));
  expect((await client.answer()).status).toBe(200);
  client.destroy();
  await node.stop();
  await proxy.end();
});
