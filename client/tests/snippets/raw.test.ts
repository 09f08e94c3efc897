// SPDX-License-Identifier: MIT
// The documents' code that uses a bare WebSocket, against the real server: it has nothing to import, only its URL is ours.
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Server, until } from '../support/server';

const UUID = '7f1d2b1e-5c1a-4a5e-9d3c-0a1b2c3d4e5f';
let server: Server;
beforeAll(async () => {
  server = await Server.start();
});
afterAll(() => server.stop());
afterEach(() => void vi.restoreAllMocks());

const logged = () => vi.spyOn(console, 'log').mockImplementation(() => undefined);
const publish = (user: string, data: unknown) =>
  until(async () => (await server.post('/api/v1/publish', { user, data })).published[0].deliveries === 1);

test('huleedu-websocket-api.md, "Authentication Flow"', async () => {
  const token = await server.token('u1');
  const wsUrl = `${server.ws}/ws?token=${encodeURIComponent(token)}`;
  const websocket = new WebSocket(wsUrl);
  await until(() => websocket.readyState === 1);
  websocket.close();
});

test('huleedu-websocket-api.md, "Manual Testing with Browser DevTools"', async () => {
  const log = logged();
  const token = await server.token('u2');
  const ws = new WebSocket(`${server.ws}/ws?token=${encodeURIComponent(token)}`);

  ws.onopen = () => console.log('Connected');
  ws.onmessage = (event) => console.log('Message:', JSON.parse(event.data as string));
  ws.onclose = (event) => console.log('Disconnected:', event.code, event.reason);
  ws.onerror = (error) => console.error('Error:', error);

  await publish('u2', { notification_type: 'class_created' });
  await until(() => log.mock.calls.length >= 2);
  ws.close(1000, 'bye');
  await until(() => log.mock.calls.length >= 3);
  expect(log.mock.calls).toEqual([
    ['Connected'],
    ['Message:', { notification_type: 'class_created' }],
    ['Disconnected:', 1000, 'bye'],
  ]);
});

test('hailango-websocket-notifications.md, "Manual WebSocket Testing"', async () => {
  const log = logged();
  const YOUR_TOKEN = await server.token(UUID, { email: 'a@b.test' });
  const ws = new WebSocket(`${server.ws}/api/v1/ws?token=${YOUR_TOKEN}`);

  ws.onopen = () => console.log('Connected');
  ws.onmessage = (e) => console.log('Message:', JSON.parse(e.data as string));
  ws.onerror = (e) => console.error('Error:', e);
  ws.onclose = () => console.log('Disconnected');

  await until(() => log.mock.calls.length >= 2);
  ws.close();
  await until(() => log.mock.calls.length >= 3);
  expect(log.mock.calls).toEqual([
    ['Connected'],
    ['Message:', expect.objectContaining({ type: 'connection_established' })],
    ['Disconnected'],
  ]);
});

test('submissions-websocket.md, "Authentication", "Client Messages", "Debugging"', async () => {
  const { submission_id: id } = await server.post('/api/v1/submissions', {});
  const token = await server.token('u3');
  const ws = new WebSocket(
    `${server.ws}/ws/submissions/${id}?token=${token}`
  );
  const heard: string[] = [];
  ws.onmessage = (event) => void heard.push(String(event.data));
  await until(() => ws.readyState === 1);
  const log = logged();
  console.log('ReadyState:', ws.readyState);
  expect(log).toHaveBeenCalledWith('ReadyState:', 1);
  ws.send(JSON.stringify({ type: 'ping' }));
  await until(() => heard.length);
  expect(heard).toEqual(['pong']);
  ws.close();
});
