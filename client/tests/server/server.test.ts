// SPDX-License-Identifier: MIT
// Against the real server, with Node's ws as the WebSocket.
import { createServer, connect as connectTo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket as NodeWebSocket } from 'ws';
import {
  connectWithRetry,
  getWebSocketClient,
  HaiLanGoWebSocketClient,
  HuleEduWebSocketClient,
  SubmissionWatcher,
  TidingsClient,
  type TidingsOptions,
  type WebSocketClass,
} from '../../src/index';
import { record, type Recorded } from '../support/fake';
import { Server, until } from '../support/server';

const WebSocket = NodeWebSocket as unknown as WebSocketClass;
const UUID = '7f1d2b1e-5c1a-4a5e-9d3c-0a1b2c3d4e5f';

let server: Server;
let users = 0;
const clients: TidingsClient[] = [];
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());
beforeEach(() => vi.stubGlobal('WebSocket', WebSocket));
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
  vi.unstubAllGlobals();
});

async function open(options: Partial<TidingsOptions> = {}): Promise<Recorded & { user: string }> {
  const user = `user${++users}`;
  const given = 'token' in options || options.getToken ? {} : { token: await server.token(user) };
  const client = new TidingsClient({ url: `${server.ws}/ws`, reconnectDelay: 50, ...given, ...options });
  clients.push(client);
  const recorded = record(client);
  client.connect();
  return { ...recorded, user };
}
const state = (client: TidingsClient, wanted: string) => until(() => client.state === wanted);
const publish = (user: string, data: unknown) => server.post('/api/v1/publish', { user, data });

describe('a connection', () => {
  test.each(['query', 'protocol'] as const)('with the token in the %s receives', async (tokenIn) => {
    const { client, of, user } = await open({ tokenIn });
    await state(client, 'connected');
    const data = { notification_type: 'class_created', payload: { class_id: 'c' } };
    await until(async () => (await publish(user, data)).published[0].deliveries === 1);
    await until(() => of('message').length);
    expect(of('message')[0]).toEqual(data);
  });

  test('its heartbeat is answered, unheard', async () => {
    const { client, of } = await open({ heartbeatInterval: 20, heartbeatTimeout: 5000 });
    await until(() => client.latency !== undefined);
    expect(of('message')).toEqual([]);
  });

  test('a bad token: one typed error, no retry', async () => {
    const { client, of } = await open({ token: 'no.such.token' });
    await until(() => of('disconnected').length);
    expect(of('error')).toMatchObject([
      {
        code: 'token_rejected',
        closeCode: 1008,
        message: 'Invalid or expired JWT token',
        retryRecommended: false,
      },
    ]);
    expect(of('disconnected')).toMatchObject([{ code: 1008, willReconnect: false }]);
    expect(client.state).toBe('disconnected');
  });

  test('one too many: told so, not retried', async () => {
    const token = await server.token('crowd');
    const all = await Promise.all(Array.from({ length: 5 }, () => open({ token })));
    for (const { client } of all) await state(client, 'connected');
    const sixth = await open({ token });
    await until(() => sixth.of('disconnected').length);
    expect(sixth.of('error')).toMatchObject([
      { code: 'rate_limited', closeCode: 4000, retryRecommended: false },
    ]);
    expect(all.map(({ client }) => client.state)).toEqual(Array(5).fill('connected'));
  });

  test('a token that runs out: a fresh one at once', async () => {
    const user = `user${++users}`;
    let asked = 0;
    const getToken = () => {
      // The server allows for five seconds of difference between clocks.
      const exp = Math.floor(Date.now() / 1000) + (++asked === 1 ? -3 : 600);
      return server.token(user, { exp });
    };
    const { client, of } = await open({ getToken, token: undefined });
    await until(() => of('connected').length === 2, 15_000);
    expect(of('error')).toMatchObject([{ code: 'token_expired', closeCode: 4001 }]);
    expect(of('reconnecting')).toEqual([{ attempt: 1, delay: 0 }]);
    expect(client.state).toBe('connected');
  });

  test('ended by the operator: stays away', async () => {
    const { client, of, user } = await open();
    await state(client, 'connected');
    await server.delete(`/api/v1/users/${user}/connections`, {});
    await until(() => of('disconnected').length);
    expect(of('disconnected')).toMatchObject([
      { code: 1008, willReconnect: false, error: { code: 'forbidden' } },
    ]);
  });
});

describe('hailango, whose refusals are without words', () => {
  const url = () => `${server.ws}/api/v1/ws`;

  test('a refused token is asked about and told', async () => {
    const { client, of } = await open({ url: url(), token: 'bad' });
    await until(() => of('disconnected').length);
    expect(of('error').at(-1)).toMatchObject({ code: 'token_rejected', message: 'Invalid or expired token' });
    expect(client.state).toBe('disconnected');
  });

  test('getWebSocketClient gets its welcome, and payloads', async () => {
    const client = getWebSocketClient({ url: url() });
    clients.push(client);
    const [welcome, progress] = [vi.fn(), vi.fn()];
    client.subscribe('connection_established', welcome);
    client.subscribe('ocr_progress', progress);
    client.connect(await server.token(UUID, { email: 'a@b.test' }));
    await until(() => welcome.mock.calls.length);
    expect(welcome.mock.calls[0]![0]).toMatchObject({ userId: UUID });
    await publish(UUID, {
      type: 'ocr_progress',
      payload: { progress: 40 },
      timestamp: '2026-01-01T00:00:00Z',
    });
    await until(() => progress.mock.calls.length);
    expect(progress).toHaveBeenCalledWith({ progress: 40 });
  });

  test('a path that is none', async () => {
    const client = new HaiLanGoWebSocketClient({ url: `${server.ws}/nowhere` });
    clients.push(client);
    const { of } = record(client);
    client.connect('T');
    await until(() => of('disconnected').length);
    expect(of('disconnected')).toMatchObject([{ willReconnect: false, error: { code: 'not_found' } }]);
  });
});

describe('submissions', () => {
  const test_result = (n: number) => ({
    type: 'test_result',
    submission_id: n,
    test_name: 'a',
    status: 'passed',
    duration_ms: 1,
    timestamp: '2026-01-01T00:00:00Z',
  });

  test('a watcher gets all of it once, and closes', async () => {
    const { submission_id: id } = await server.post('/api/v1/submissions', {});
    const say = (data: object) => server.post('/api/v1/publish', { channel: `submission:${id}`, data });
    await say({
      type: 'status_update',
      submission_id: id,
      status: 'testing',
      timestamp: '2026-01-01T00:00:00Z',
    });
    const watcher = new SubmissionWatcher(id, undefined, { url: server.ws, reconnectDelay: 50 });
    clients.push(watcher.client);
    const { of } = record(watcher.client);
    const heard: string[] = [];
    watcher.onError = () => undefined;
    watcher.onStatusUpdate = (message) => void heard.push(message.status);
    watcher.onTestResult = (message) => void heard.push(message.test_name);
    watcher.onComplete = (message) => void heard.push(message.final_status);
    await until(() => heard.length === 1);
    (watcher.ws as unknown as NodeWebSocket).terminate();
    await until(() => of('connected').length === 2);
    await say(test_result(id));
    await say({
      type: 'complete',
      submission_id: id,
      final_status: 'passed',
      summary: {},
      timestamp: '2026-01-01T00:00:00Z',
    });
    await until(() => heard.includes('passed'));
    expect(heard).toEqual(['testing', 'a', 'passed']);
    expect(watcher.client.state).toBe('disconnected');
  });

  test('one that nobody declared', async () => {
    const watcher = new SubmissionWatcher(987654, undefined, { url: server.ws });
    const closed = vi.fn();
    watcher.onClose = closed;
    watcher.onError = () => undefined;
    await until(() => closed.mock.calls.length);
    expect(closed.mock.calls).toMatchObject([[{ code: 4004, willReconnect: false }]]);
  });
});

describe('when the server goes', () => {
  test.each(['kill', 'stop'] as const)('by %s: all come back when it does', async (how) => {
    const own = await Server.start();
    try {
      const getToken = () => own.token('u');
      const client = new HuleEduWebSocketClient(getToken, {
        url: own.ws,
        maxReconnectAttempts: Infinity,
        reconnectDelay: 50,
        maxReconnectDelay: 100,
      });
      clients.push(client);
      const { of } = record(client);
      client.connect();
      await state(client, 'connected');
      const ws = connectWithRetry({ url: `${own.ws}/ws`, token: await own.token('v') });
      await until(() => ws.readyState === 1);
      const retried = vi.fn();
      ws.onclose = retried;
      await own[how]();
      await until(() => retried.mock.calls.length);
      await until(() => of('reconnecting').length > 2);
      expect(of('disconnected')).toMatchObject([{ code: how === 'kill' ? 1006 : 1012, willReconnect: true }]);
      await own.startAgain();
      await state(client, 'connected');
      expect(of('connected')).toEqual([{ isReconnect: false }, { isReconnect: true }]);
      client.disconnect();
      ws.close();
    } finally {
      await own.stop();
    }
  });

  test('its network goes silent: the heartbeat notices', async () => {
    const near = new Set<Socket>();
    const cut = new Set<Socket>();
    const proxy = createServer((socket) => {
      near.add(socket);
      const far = connectTo(Number(server.address.split(':')[1]), '127.0.0.1');
      socket.on('data', (part) => cut.has(socket) || far.write(part));
      far.on('data', (part) => cut.has(socket) || socket.write(part));
      socket.on('error', () => undefined).on('close', () => far.destroy());
      far.on('error', () => undefined);
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const { port } = proxy.address() as { port: number };
    const { client, of } = await open({
      url: `ws://127.0.0.1:${port}/ws`,
      heartbeatInterval: 100,
      heartbeatTimeout: 500,
    });
    await until(() => client.latency !== undefined);
    for (const socket of near) cut.add(socket);
    await until(() => of('disconnected').length);
    expect(of('error')).toMatchObject([{ code: 'heartbeat_timeout', closeCode: 4999 }]);
    await until(() => of('connected').length === 2);
    client.disconnect();
    for (const socket of near) socket.destroy();
    proxy.close();
  });
});
