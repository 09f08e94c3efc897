// SPDX-License-Identifier: MIT
// The operator's overview: who may see it, and that its figures are those of traffic that is known.
import { describe, expect } from 'vitest';
import { RawClient } from './support/rawClient';
import { ENDPOINTS, KEYS } from './support/operator';
import { sharedTidings, test, type Tidings } from './support/tidings';
import { dial, listen, type Listener } from './support/wsClient';
import { until } from './support/wait';

const PATH = '/api/v1/admin/overview';

const overview = async (server: Tidings): Promise<any> => {
  const answer = await server.ask(PATH, { headers: { 'X-API-Key': 'read-key' } });
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json');
  return answer.json;
};
const urlOf = (server: Tidings, user: string): string => `${server.wsUrl}?token=${server.token(user)}`;
const crowd = (server: Tidings, user: string, count: number): Promise<Listener[]> =>
  Promise.all(Array.from({ length: count }, () => listen(urlOf(server, user))));

describe('who may see it', () => {
  const shared = sharedTidings({ config: { endpoints: ENDPOINTS, api: { keys: KEYS } } });

  test.each([
    ['without a key', {}, 401],
    ['with an unknown key', { 'X-API-Key': 'nobody-key' }, 401],
    ['to publish', { 'X-API-Key': 'publish-key' }, 403],
    ['to administrate', { 'X-API-Key': 'admin-key' }, 403],
    ['to read', { 'X-API-Key': 'read-key' }, 200],
    ['to read, as a bearer', { Authorization: 'Bearer read-key' }, 200],
  ])('a key %s', async (_name, headers, status) => {
    const answer = await shared().ask(PATH, { headers: { ...headers, Origin: 'https://a.example' } });
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    if (status !== 200) expect(Object.keys(answer.json)).toEqual(['error']);
  });

  test('a client is not let in by its token', async () => {
    const server = shared();
    const headers = { Authorization: `Bearer ${server.token('ada')}` };
    expect((await server.ask(PATH, { headers })).status).toBe(401);
    expect((await server.ask(`${PATH}?token=${server.token('ada')}`)).status).toBe(401);
  });

  test('only GET, and nothing below it', async () => {
    const server = shared();
    const headers = { 'X-API-Key': 'read-key' };
    for (const method of ['POST', 'DELETE', 'PUT']) {
      const answer = await server.ask(PATH, { method, headers });
      expect(answer.status).toBe(405);
      expect(answer.headers.allow).toContain('GET');
    }
    expect((await server.ask(`${PATH}/more`, { headers })).status).toBe(404);
    expect((await server.ask('/api/v1/admin', { headers })).status).toBe(404);
    expect((await server.ask(`${PATH}/`, { headers })).status).toBe(200);
  });

  test('nobody, when no key is configured', async ({ tidings }) => {
    const server = await tidings({ config: { api: { keys: [] } } });
    expect((await server.ask(PATH)).status).toBe(403);
    expect((await server.ask(PATH, { headers: { 'X-API-Key': 'read-key' } })).status).toBe(403);
  });
});

describe.each([1, 2])('with %i workers', (workers) => {
  const config = { workers, max_connections: 1000, endpoints: ENDPOINTS, api: { keys: KEYS } };

  test('a server to which nothing has happened', async ({ tidings }) => {
    const server = await tidings({ config });
    const shown = await overview(server);
    expect(Object.keys(shown)).toEqual([
      'version',
      'uptime_seconds',
      'workers',
      'connections',
      'rates',
      'latency',
      'closes',
      'refusals',
      'dropped',
      'busiest',
      'redis',
      'nodes',
    ]);
    expect(shown.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(shown.uptime_seconds).toBeLessThan(60);
    expect(shown.workers).toBe(workers);
    const endpoints = { huleedu: 0, submissions: 0 };
    expect(shown.connections).toMatchObject({ total: 0, max: 1000, users: 0, channels: 0, endpoints });
    const { seconds, ...rates } = shown.rates;
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(rates).toEqual({ published: 0, queued: 0, sent: 0, received: 0, opened: 0, refused: 0 });
    expect(shown.latency).toMatchObject({ count: 0, p50_ms: null, p90_ms: null, p99_ms: null });
    for (const list of ['closes', 'refusals', 'dropped']) {
      expect(Object.keys(shown[list]).length).toBeGreaterThan(4);
      expect(Object.values(shown[list]).every((count) => count === 0)).toBe(true);
    }
    expect(shown.busiest).toMatchObject({ is_whole: true, users: [], channels: [] });
    expect(shown.redis).toEqual({ status: 'disabled' });
    const { version, uptime_seconds } = shown;
    expect(shown.nodes).toEqual([{ self: true, version, uptime_seconds, workers, connections: 0, users: 0 }]);
  });

  test('who is connected, who was refused, how they went', async ({ tidings }) => {
    const server = await tidings({ config });
    const clients = [...(await crowd(server, 'ada', 5)), ...(await crowd(server, 'bob', 2))];
    await server.call('/api/v1/submissions', { submission_id: 7 });
    const watching = await listen(`ws://${server.address}/ws/submissions/7?token=${server.token('ada')}`);
    for (let i = 0; i < 3; i++) await dial(server.wsUrl).close();
    expect((await overview(server)).connections).toMatchObject({
      total: 8,
      max: 1000,
      users: 2,
      channels: 4,
      endpoints: { huleedu: 7, submissions: 1 },
    });
    await Promise.all([...clients, watching].map((client) => client.leave()));
    await server.connections(0);
    const shown = await overview(server);
    expect(shown.connections).toMatchObject({ total: 0, users: 0, channels: 0 });
    expect(shown.refusals).toMatchObject({ unauthorized: 3, full: 0, origin: 0, too_many_attempts: 0 });
    expect(shown.refusals.ok).toBeUndefined();
    expect(shown.closes).toMatchObject({ '1008': 3, '1006': 0 });
    expect(Object.values<number>(shown.closes).reduce((sum, count) => sum + count)).toBe(11);
    const rates = await until('rates', async () => {
      const now = (await overview(server)).rates;
      return now.opened * now.seconds > 7.5 && now.refused * now.seconds > 2.5 ? now : undefined;
    });
    expect(rates.seconds).toBeLessThan(30);
    expect(Math.abs(rates.opened * rates.seconds - 8)).toBeLessThan(1);
    expect(Math.abs(rates.refused * rates.seconds - 3)).toBeLessThan(1);
  });

  test('what was sent, how fast, and to whom the most', async ({ tidings }) => {
    const server = await tidings({ config });
    const users = Array.from({ length: 25 }, (_, i) => `user "${i}" ü`);
    const clients = await Promise.all(users.map((user) => listen(urlOf(server, user))));
    clients.push(...(await crowd(server, users[24]!, 9)));
    await server.call('/api/v1/submissions', { submission_id: 7 });
    const watching = await listen(`ws://${server.address}/ws/submissions/7?token=${server.token('ada')}`);
    // Each on a connection of its own, so that all workers publish: user number n gets n messages.
    const published = users.map((user, n) =>
      Promise.all(Array.from({ length: n }, () => server.publish({ user }, n))),
    );
    await Promise.all(published);
    for (let i = 0; i < 3; i++) await server.call('/api/v1/broadcast', { data: i });
    expect(await server.publish({ channel: 'submission:7' }, 'here')).toEqual([1]);
    expect(await server.publish({ user: 'absent' }, 'nobody')).toEqual([0]);
    const { busiest } = await overview(server);
    expect(busiest.is_whole).toBe(true);
    // The last one has ten connections.
    const expected = users.map((user, n) => ({ user, messages: n === 24 ? 240 : n, error: 0 })).reverse();
    expect(busiest.users).toEqual(expected.slice(0, 20));
    expect(busiest.channels).toEqual([
      { channel: 'broadcast', messages: 3 * 34, error: 0 },
      { channel: 'submission:7', messages: 1, error: 0 },
    ]);
    const sent = 276 + 240 + 3 * 34 + 1; // 0 + 1 + … + 23 and the rest
    const shown = await until('latencies', async () => {
      const now = await overview(server);
      return now.latency.count === sent && now.rates.sent * now.rates.seconds > sent - 1 ? now : undefined;
    });
    const { seconds, ...rates } = shown.rates;
    const about = (rate: number, count: number): void =>
      expect(Math.abs(rate * seconds - count)).toBeLessThan(1);
    about(rates.published, 300 + 3 + 2);
    about(rates.queued, sent);
    about(rates.sent, sent);
    about(rates.received, 0);
    const { p50_ms, p90_ms, p99_ms } = shown.latency;
    expect(p50_ms).toBeGreaterThan(0);
    expect(p90_ms).toBeGreaterThanOrEqual(p50_ms);
    expect(p99_ms).toBeGreaterThanOrEqual(p90_ms);
    expect(p99_ms).toBeLessThanOrEqual(5000);
    await Promise.all([...clients, watching].map((client) => client.leave()));
  });

  test('many ask at once, while there is traffic', async ({ tidings }) => {
    const server = await tidings({ config });
    const clients = await crowd(server, 'zoe', 4);
    const asking = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(server.port)));
    const request = `GET ${PATH} HTTP/1.1\r\nHost: a\r\nX-API-Key: read-key\r\n\r\n`;
    for (const client of asking) client.write(request.repeat(50));
    const publishing = Promise.all(Array.from({ length: 200 }, (_, i) => server.publish({ user: 'zoe' }, i)));
    for (const client of asking) {
      for (let i = 0; i < 50; i++) {
        const answer = await client.answer();
        expect(answer.status).toBe(200);
        expect(answer.json.connections.total).toBe(4);
      }
      client.finish();
      expect(await client.end()).toBe('end');
    }
    await publishing;
    expect((await overview(server)).busiest.users).toEqual([{ user: 'zoe', messages: 800, error: 0 }]);
    for (const client of clients) await client.leave();
  });
});
