// SPDX-License-Identifier: MIT
// The front-end code of hailango-websocket-notifications.md that needs no framework, as it stands there.
import { afterEach, expect, test, vi } from 'vitest';
import { getWebSocketClient } from '../../src/index';
import { FakeWebSocket, fakeWorld } from '../support/fake';

fakeWorld();
afterEach(() => getWebSocketClient().disconnect());

test('"Configuration", "Frontend"; "Error Handling", "Frontend"', () => {
  // Default WebSocket configuration
  const config = {
    url: 'ws://localhost:8080/api/v1/ws',
    reconnectInterval: 1000,
    maxReconnectAttempts: 5,
    heartbeatInterval: 30000,
  };

  const client = getWebSocketClient(config);
  const [heard, failed, lost] = [vi.fn(), vi.fn(), vi.fn()];
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  client.on('ocr_progress', () => {
    throw new Error('a handler failed');
  });
  client.on('ocr_progress', heard);
  client.on('error', failed);
  client.on('maxReconnectAttemptsReached', lost);
  client.connect('YOUR_JWT_TOKEN');
  expect(FakeWebSocket.last.url).toBe('ws://localhost:8080/api/v1/ws?token=YOUR_JWT_TOKEN');
  const message = { type: 'ocr_progress', payload: { progress: 40 }, timestamp: '2026-01-01T00:00:00Z' };
  FakeWebSocket.last.open().says('not JSON').says(message);
  expect(heard).toHaveBeenCalledWith(message);
  vi.advanceTimersByTime(30_000);
  expect(FakeWebSocket.last.sent).toEqual(['{"type":"ping"}']);
  FakeWebSocket.last.says({ type: 'pong' });
  for (let i = 0; i < 6; i++) {
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(16_000);
  }
  expect(lost).toHaveBeenCalledTimes(1);
  expect(failed).toHaveBeenCalled();
});
