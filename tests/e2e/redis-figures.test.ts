// SPDX-License-Identifier: MIT
// What nodes that share a Redis say of themselves and of each other: health, metrics, overview, totals.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { hear, isUp, startNode, startNodes } from './support/nodes';
import { startRedis } from './support/redis';
import { API_KEY, type Tidings } from './support/tidings';
import { sleep, until } from './support/wait';

const overview = async (node: Tidings): Promise<any> =>
  (await node.ask('/api/v1/admin/overview', { headers: { 'X-API-Key': API_KEY } })).json;
const asked = (redis: { cli: (...args: string[]) => string }): number =>
  Number(/cmdstat_s?publish:calls=(\d+)/.exec(redis.cli('INFO', 'commandstats'))?.[1] ?? 0);

describe('one Redis, two nodes', () => {
  test('each shows itself and the other, and what becomes of it', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    await hear(a!, 'ada');
    await hear(b!, 'bob');
    await hear(b!, 'bob');
    for (const node of [a!, b!]) await until('both to be seen', async () => (await overview(node)).redis.nodes === 2, 15_000);
    const [left, right] = [await overview(a!), await overview(b!)];
    for (const shown of [left, right]) {
      expect(shown.redis).toMatchObject({ status: 'up', nodes: 2, reconnects: 0 });
      expect(Math.abs(Date.now() - Date.parse(shown.redis.since))).toBeLessThan(60_000);
      expect(shown.redis.problem).toBeUndefined();
      expect(shown.redis.ping_ms).toBeGreaterThan(0);
      expect(shown.redis.channels).toBeGreaterThan(0);
      expect(shown.nodes_silent).toBe(0);
      expect(shown.nodes.map((node: any) => node.self)).toEqual([true, false]);
      expect(new Set(shown.nodes.map((node: any) => node.node)).size).toBe(2);
    }
    expect(left.nodes[0]).toMatchObject({ connections: 1, users: 1, version: left.version, workers: left.workers });
    expect(left.nodes[1]).toMatchObject({ connections: 2, users: 1 });
    expect(left.nodes.map((node: any) => node.node)).toEqual(right.nodes.map((node: any) => node.node).reverse());
    expect(left.connections.total).toBe(1); // its own, as all else

    b!.signal('SIGKILL');
    await until('the end of one', async () => (await overview(a!)).redis.nodes === 1, 30_000);
    expect((await overview(a!)).nodes.length).toBe(1);
    await a!.stop();
  }, 60_000);

  test('totals are of both, and nobody is asked for them when nobody wants to know', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    for (const user of ['ada', 'bob']) await hear(a!, user);
    await hear(b!, 'ada');
    await until('the total', async () => (await a!.stats()).total_connections === 3, 10_000);
    // Ada counts on both nodes.
    expect((await a!.ask('/api/v1/ws/stats')).json).toEqual({ connected_users: 3, total_connections: 3 });
    await until('the other total', async () => (await b!.stats()).total_connections === 3, 10_000);
    const cors = await a!.ask('/api/v1/ws/stats', { headers: { Origin: 'https://a.example' } });
    expect(cors.headers['access-control-allow-origin']).toBe('*');

    await sleep(1_200);
    const before = asked(redis);
    const many = await Promise.all(Array.from({ length: 200 }, () => a!.ask('/api/v1/ws/stats')));
    expect(many.every(({ json }) => json.total_connections === 3)).toBe(true);
    expect(asked(redis) - before).toBeLessThan(30); // pings of both nodes, questions and answers among them
    await Promise.all([a!.stop(), b!.stop()]);
  });
});

describe('a Redis that goes', () => {
  test('is told by health, readiness, metrics, overview; the figures are then those of the node', async () => {
    const redis = await startRedis(['--requirepass', 'hush-hush']);
    const node = await startNode({ url: `redis://:hush-hush@127.0.0.1:${redis.port}` });
    await hear(node, 'ada');
    expect((await node.ask('/healthz/redis')).json).toEqual({ service: 'redis', status: 'healthy' });
    await redis.kill();
    await isUp(node, false);
    const health = await node.ask('/healthz/redis');
    expect(health.json).toEqual({ service: 'redis', status: 'unhealthy', problem: expect.any(String) });
    expect(health.json.problem).not.toBe('');
    const ready = await node.ask('/readyz');
    expect([ready.status, ready.json]).toEqual([
      503,
      { service: 'tidings', status: 'not ready', problem: 'Redis is down' },
    ]);
    expect((await node.ask('/healthz')).status).toBe(200);
    const shown = await overview(node);
    expect(shown.redis).toMatchObject({ status: 'down', problem: expect.any(String) });
    expect(shown.nodes.length).toBe(1);
    expect(shown.nodes_silent).toBeUndefined();
    expect(await node.stats()).toMatchObject({ connected_users: 1, total_connections: 1 });
    expect(await node.metric('redis_connected')).toBe(0);
    await redis.start();
    await isUp(node, true, 30_000);
    expect((await node.ask('/readyz')).json).toEqual({ service: 'tidings', status: 'ready' });
    expect(await node.metric('redis_reconnects_total')).toBe(1);
    expect((await overview(node)).redis).toMatchObject({ status: 'up', reconnects: 1 });
    for (const text of [node.log(), health.text, JSON.stringify(shown)]) expect(text).not.toContain('hush');
    await node.stop();
  }, 60_000);
});

describe('metrics', () => {
  test('of the shared broker are there where there is one', async ({ expect }) => {
    const redis = await startRedis();
    const node = await startNode(redis);
    await hear(node, 'ada');
    await node.publish({ user: 'ada' }, 1);
    const text = await node.metrics();
    expect(text).toMatch(/^redis_connected 1$/m);
    expect(await node.metric('redis_publish_total', { result: 'ok' })).toBeGreaterThan(0);
    expect(await node.metric('redis_subscribed_channels')).toBeGreaterThan(0);
    expect(await node.metric('redis_ping_seconds')).toBeGreaterThan(0);
    await until('the node to be counted', async () => (await node.metric('tidings_nodes')) === 1, 15_000);
    if (existsSync('/usr/bin/promtool')) {
      const ran = spawnSync('/usr/bin/promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
      const said = (ran.stdout + ran.stderr).split('\n').filter((line) => line !== '');
      expect(said.filter((line) => !line.startsWith('websocket_connections_total '))).toEqual([]);
    }
    await node.stop();
  });
});
