// SPDX-License-Identifier: MIT
// What an operator does about a user: connections listed and ended over all workers, and the block that goes with it.
import { describe, expect } from 'vitest';
import { RawClient } from './support/rawClient';
import { ENDPOINTS, KEYS } from './support/operator';
import { API_KEY, SLOWNESS, sharedTidings, test, type Tidings } from './support/tidings';
import { dial, listen, type Listener } from './support/wsClient';
import { until } from './support/wait';

const path = (user: string): string => `/api/v1/users/${encodeURIComponent(user)}/connections`;
const urlOf = (server: Tidings, user: string): string => `${server.wsUrl}?token=${server.token(user)}`;
const watch = (server: Tidings, user: string, submission: number): Promise<Listener> =>
  listen(`ws://${server.address}/ws/submissions/${submission}?token=${server.token(user)}`);

const list = async (server: Tidings, user: string): Promise<any[]> => {
  const answer = await server.call(path(user), '', { method: 'GET' });
  expect(answer.status).toBe(200);
  return answer.json.connections;
};
const end = (server: Tidings, user: string, body: unknown = '') =>
  server.call(path(user), body, { method: 'DELETE' });

/** So many connections that no worker of two is left without one. */
const crowd = (server: Tidings, user: string, count = 24): Promise<Listener[]> =>
  Promise.all(Array.from({ length: count }, () => listen(urlOf(server, user))));

describe.each([1, 2])('with %i workers', (workers) => {
  const shared = sharedTidings({ config: { workers, endpoints: ENDPOINTS, api: { keys: KEYS } } });

  test('every connection of a user is listed, and nobody else', async () => {
    const server = shared();
    const before = Date.now();
    const clients = await crowd(server, 'ada');
    const other = await listen(urlOf(server, 'adam'));
    await server.call('/api/v1/submissions', { submission_id: 7 });
    const watcher = await watch(server, 'ada', 7);
    const connections = await list(server, 'ada');
    expect(connections).toHaveLength(25);
    expect(new Set(connections.map((one) => one.id)).size).toBe(25);
    expect(connections.filter((one) => one.endpoint === 'submissions')).toHaveLength(1);
    expect(new Set(connections.map((one) => one.id.split('-')[1])).size).toBe(workers);
    for (const one of connections) {
      expect(Object.keys(one)).toEqual(['id', 'endpoint', 'connected_at', 'remote_address']);
      expect(one.remote_address).toBe('127.0.0.1');
      expect(one.connected_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Date.parse(one.connected_at)).toBeGreaterThan(before - 2_000);
      expect(Date.parse(one.connected_at)).toBeLessThanOrEqual(Date.now());
    }
    const again = await list(server, 'ada');
    expect(again).toEqual(connections);
    await Promise.all([...clients, other, watcher].map((client) => client.leave()));
    await until('an empty list', async () => (await list(server, 'ada')).length === 0);
  });

  test('one who comes back has another id', async () => {
    const server = shared();
    const ids = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const client = await listen(urlOf(server, 'eve'));
      for (const one of await list(server, 'eve')) ids.add(one.id);
      await client.leave();
      await until('an empty list', async () => (await list(server, 'eve')).length === 0);
    }
    expect(ids.size).toBe(20);
  });

  test('they are ended, everywhere, after what was published before', async () => {
    const server = shared();
    const clients = await crowd(server, 'bob');
    const other = await listen(urlOf(server, 'bobby'));
    expect(await server.publish({ user: 'bob' }, 'last')).toEqual([24]);
    const answer = await end(server, 'bob');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ disconnected: 24 });
    for (const client of clients) {
      expect(await client.close()).toEqual({ code: 1008, reason: 'Disconnected by the operator' });
      expect(client.messages).toEqual(['"last"']);
    }
    expect(await list(server, 'bob')).toEqual([]);
    expect((await end(server, 'bob')).json).toEqual({ disconnected: 0 });
    // Without a block they may come back at once.
    const back = await listen(urlOf(server, 'bob'));
    await back.leave();
    await other.leave();
    await expect.poll(() => server.log()).toMatch(/ended by the operator/);
  });

  test('with the code and reason that the operator gives', async () => {
    const server = shared();
    const client = await listen(urlOf(server, 'ann'));
    expect((await end(server, 'ann', { code: 4321, reason: 'Bis später' })).json).toEqual({ disconnected: 1 });
    expect(await client.close()).toEqual({ code: 4321, reason: 'Bis später' });
  });

  test('one alone, by its id', async () => {
    const server = shared();
    const clients = await crowd(server, 'ida', 12);
    const { id } = (await list(server, 'ida'))[7];
    expect((await end(server, 'ida', { id, code: 4322 })).json).toEqual({ disconnected: 1 });
    expect((await Promise.race(clients.map((client) => client.closed))).code).toBe(4322);
    const left = await list(server, 'ida');
    expect(left).toHaveLength(11);
    expect(left.map((one) => one.id)).not.toContain(id);
    // It is gone, was never there, or is another's: nobody is ended.
    const other = await listen(urlOf(server, 'idas'));
    for (const none of [id, '00000000-0-0-0', (await list(server, 'idas'))[0].id]) {
      expect((await end(server, 'ida', { id: none })).json).toEqual({ disconnected: 0 });
    }
    expect(await list(server, 'ida')).toHaveLength(11);
    expect(await list(server, 'idas')).toHaveLength(1);
    await expect.poll(() => server.log()).toContain(`user=ida connection=${id}`);
    expect((await end(server, 'ida')).json).toEqual({ disconnected: 11 });
    await other.leave();
  });

  test('a blocked user stays out of every endpoint for that time, others do not', async () => {
    const server = shared();
    await server.call('/api/v1/submissions', { submission_id: 8 });
    const clients = [await listen(urlOf(server, 'mallory')), await watch(server, 'mallory', 8)];
    const begun = Date.now();
    expect((await end(server, 'mallory', { block_seconds: 3 * SLOWNESS })).json).toEqual({ disconnected: 2 });
    for (const client of clients) expect((await client.close()).code).toBe(1008);
    for (let i = 0; i < 6; i++) expect((await dial(urlOf(server, 'mallory')).close()).code).toBe(4000);
    const refused = dial(`ws://${server.address}/ws/submissions/8?token=${server.token('mallory')}`);
    expect((await refused.close()).code).toBe(4029);
    await (await listen(urlOf(server, 'alice'))).leave();
    expect(Date.now() - begun).toBeLessThan(3_000 * SLOWNESS);
    await until(
      'the end of the block',
      async () => {
        const client = dial(urlOf(server, 'mallory'));
        client.socket.once('open', () => client.socket.send('ping'));
        const first = JSON.parse(await client.next());
        if (first.type === 'pong') await client.leave();
        return first.type === 'pong';
      },
      6_000,
    );
    expect(Date.now() - begun).toBeGreaterThanOrEqual(3_000 * SLOWNESS - 100);
  });

  test('later answers keep their place among pipelined requests', async () => {
    const server = shared();
    const client = await RawClient.connect(server.port);
    const listener = await listen(urlOf(server, 'pia'));
    const request = (line: string): string => `${line} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\n\r\n`;
    const round = [
      request(`GET ${path('pia')}`),
      request('GET /healthz'),
      request(`HEAD ${path('pia')}`),
      request(`DELETE ${path('nobody')}`),
      request('GET /nothing'),
    ].join('');
    const rounds = 40;
    client.write(round.repeat(rounds));
    for (let i = 0; i < rounds; i++) {
      expect((await client.answer()).json.connections).toHaveLength(1);
      expect((await client.answer()).json.service).toBeDefined();
      const head = await client.head();
      expect(head.status).toBe(200);
      expect(Number(head.headers['content-length'])).toBeGreaterThan(80);
      expect((await client.answer()).json).toEqual({ disconnected: 0 });
      expect((await client.answer()).status).toBe(404);
    }
    await client.chopped(round, 7);
    for (let i = 0; i < 2; i++) expect((await client.answer()).status).toBe(200);
    expect((await client.head()).status).toBe(200);
    expect((await client.answer()).json).toEqual({ disconnected: 0 });
    expect((await client.answer()).status).toBe(404);
    client.finish();
    expect(await client.end()).toBe('end');
    await listener.leave();
    const counted = { route: '/api/v1/users/{id}/connections', status: '200' };
    expect(await server.metric('http_requests_total', counted)).toBeGreaterThanOrEqual(3 * rounds + 3);
  });

  test('who ends its own side, or asks for the end, still gets the answer', async () => {
    const server = shared();
    const half = await RawClient.connect(server.port, { halfOpen: true });
    half.write(`GET ${path('x')} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\n\r\n`);
    half.finish();
    expect((await half.answer()).json).toEqual({ connections: [] });
    expect(await half.end()).toBe('end');

    const last = await RawClient.connect(server.port);
    last.write(`GET ${path('x')} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\nConnection: close\r\n\r\nGET /`);
    const answer = await last.answer();
    expect(answer.headers.connection).toBe('close');
    expect(await last.end()).toBe('end');

    const old = await RawClient.connect(server.port);
    old.write(`GET ${path('x')} HTTP/1.0\r\nX-API-Key: ${API_KEY}\r\n\r\n`);
    expect((await old.answer()).json).toEqual({ connections: [] });
    expect(await old.end()).toBe('end');
  });

  test('clients that go before their answer leave nothing behind', async () => {
    const server = shared();
    const request = `GET ${path('x')} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\n\r\n`;
    for (let i = 0; i < 60; i++) {
      const client = await RawClient.connect(server.port);
      await client.written(request.repeat(1 + (i % 4)));
      if (i % 2) client.reset();
      else client.destroy();
    }
    await until(
      'the end of all connections but that of the question',
      async () => (await server.metric('http_connections')) === 1,
    );
    expect(await list(server, 'x')).toEqual([]);
  });

  test('many ask at once', async () => {
    const server = shared();
    const clients = await crowd(server, 'zoe');
    const answers = await Promise.all(Array.from({ length: 50 }, () => list(server, 'zoe')));
    for (const answer of answers) expect(answer).toHaveLength(24);
    const ends = await Promise.all(Array.from({ length: 20 }, () => end(server, 'zoe')));
    expect(ends.reduce((sum, one) => sum + one.json.disconnected, 0)).toBe(24);
    for (const client of clients) await client.close();
  });
});

describe('a call', () => {
  const shared = sharedTidings({ config: { endpoints: ENDPOINTS, api: { keys: KEYS } } });
  const error = (code: string) => ({ error: { code, message: expect.any(String) } });

  test.each([
    ['GET', undefined, 401],
    ['GET', 'wrong', 401],
    ['GET', 'publish-key', 403],
    ['GET', 'read-key', 200],
    ['GET', 'admin-key', 200],
    ['DELETE', undefined, 401],
    ['DELETE', 'publish-key', 403],
    ['DELETE', 'read-key', 403],
    ['DELETE', 'admin-key', 200],
  ])('%s with the key %s: %i', async (method, key, status) => {
    const headers: Record<string, string> = key === undefined ? {} : { 'X-API-Key': key };
    const answer = await shared().ask(path('x'), { method, headers });
    expect(answer.status).toBe(status);
    if (status !== 200) expect(answer.json).toEqual(error(status === 401 ? 'unauthorized' : 'forbidden'));
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  });

  test.each(
    [999, 1001, 1002, 1005, 1006, 1009, 1010, 1014, 1015, 2999, 5000, -1, 1000.5, '1000', null].map((code) => [
      code,
    ]),
  )('with the code %s is refused, and ends nobody', async (code) => {
    const server = shared();
    const client = await listen(urlOf(server, 'kim'));
    const answer = await end(server, 'kim', { code });
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(error('invalid_code'));
    expect(await list(server, 'kim')).toHaveLength(1);
    await client.leave();
  });

  test.each([
    ['{', 'malformed_json'],
    ['[]', 'invalid_request'],
    ['{"cod":1000}', 'invalid_request'],
    ['{"code":1000,"code":1000}', 'invalid_request'],
    ['{"id":1}', 'invalid_id'],
    ['{"id":""}', 'invalid_id'],
    ['{"reason":1}', 'invalid_reason'],
    [JSON.stringify({ reason: 'ä'.repeat(62) }), 'invalid_reason'],
    ['{"block_seconds":-1}', 'invalid_block_seconds'],
    ['{"block_seconds":1e3}', 'invalid_block_seconds'],
    ['{"block_seconds":99999999999}', 'invalid_block_seconds'],
  ])('with %s: 400', async (body, code) => {
    const answer = await end(shared(), 'kim', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(error(code));
  });

  test('for a name that no user can have: 400; another method: 405', async () => {
    const server = shared();
    expect((await server.call('/api/v1/users/%0A/connections', '', { method: 'GET' })).status).toBe(400);
    expect((await server.call(path('u'.repeat(129)), '', { method: 'GET' })).status).toBe(400);
    expect((await server.call(path('u'.repeat(128)), '', { method: 'GET' })).status).toBe(200);
    const answer = await server.call(path('u'), '{}');
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD, DELETE');
  });

  test('finds a user whose name needs escapes, behind a slash at the end too', async () => {
    const server = shared();
    const client = await listen(urlOf(server, 'a/b ä"'));
    expect(await list(server, 'a/b ä"')).toHaveLength(1);
    const slashed = await server.call(`${path('a/b ä"')}/`, '', { method: 'GET' });
    expect(slashed.json.connections).toHaveLength(1);
    await client.leave();
  });
});

test('no two processes give one id to their connections', async ({ tidings }) => {
  const servers = [await tidings({ config: { workers: 1 } }), await tidings({ config: { workers: 1 } })];
  const ids = [];
  for (const server of servers) {
    const client = await listen(urlOf(server, 'una'));
    ids.push((await list(server, 'una'))[0].id);
    await client.leave();
  }
  expect(ids[0]).not.toBe(ids[1]);
  expect(ids.map((id) => id.split('-').length)).toEqual([4, 4]);
  expect(ids[0].split('-')[0]).not.toBe(ids[1].split('-')[0]);
});

test('a server that ends with questions open ends well', async ({ tidings }) => {
  const server = await tidings({ config: { workers: 2, endpoints: ENDPOINTS } });
  const request = `GET ${path('x')} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\n\r\n`;
  const clients = await Promise.all(Array.from({ length: 8 }, () => RawClient.connect(server.port)));
  for (const client of clients) client.write(request.repeat(300));
  await clients[0]!.answer();
  await server.stop();
  for (const client of clients) client.destroy();
});
