// SPDX-License-Identifier: MIT
// The front-end code of submissions-websocket.md that needs no framework, as it stands there.
import { expect, test, vi } from 'vitest';
import { connectWithRetry, SubmissionWatcher } from '../../src/index';
import { FakeWebSocket, fakeWorld } from '../support/fake';

fakeWorld();

const messages = [
  { type: 'status_update', submission_id: 123, status: 'testing', timestamp: '2024-01-15T10:38:00Z' },
  { type: 'test_result', submission_id: 123, test_name: 'Leader Election', status: 'passed', duration_ms: 1250, timestamp: '2024-01-15T10:40:00Z' },
  { type: 'error_analysis', submission_id: 123, error: 'e', analysis: 'a', suggestions: [], timestamp: '2024-01-15T10:41:00Z' },
  { type: 'complete', submission_id: 123, final_status: 'passed', summary: { total_tests: 10 }, timestamp: '2024-01-15T10:45:00Z' },
] as const;

test('"JavaScript Example", "Usage"', () => {
  const [authToken, updateUI, addTestResult, showResults] = ['token', vi.fn(), vi.fn(), vi.fn()];

  // Usage
  const watcher = new SubmissionWatcher(123, authToken);
  watcher.onStatusUpdate = (msg) => updateUI(msg.status);
  watcher.onTestResult = (msg) => addTestResult(msg);
  watcher.onComplete = (msg) => showResults(msg.summary);

  const socket = FakeWebSocket.last;
  expect(socket.url).toBe('ws://localhost:8080/ws/submissions/123?token=token');
  expect(watcher.ws).toBe(socket);
  socket.open();
  vi.advanceTimersByTime(30_000);
  expect(socket.sent).toHaveLength(1);
  socket.says('pong');
  for (const message of messages) socket.says(message);
  expect(updateUI).toHaveBeenCalledWith('testing');
  expect(addTestResult).toHaveBeenCalledWith(messages[1]);
  expect(showResults).toHaveBeenCalledWith(messages[3].summary);
  expect(socket.closedWith?.[0]).toBe(1000);
  expect(vi.getTimerCount()).toBe(0);
  watcher.close();
});

test('"JavaScript Example": a class that overrides handleMessage', () => {
  const all: unknown[] = [];
  class Mine extends SubmissionWatcher {
    override handleMessage(message: any) {
      all.push(message.type);
      super.handleMessage(message);
    }
  }
  new Mine(123);
  for (const message of messages) FakeWebSocket.last.open().says(message);
  expect(all).toEqual(['status_update', 'test_result', 'error_analysis', 'complete']);
});

test('"Reconnection Strategy": connectWithRetry(url)', () => {
  const ws = connectWithRetry('ws://localhost:8080/ws/submissions/123?token=token');
  const heard = vi.fn();
  ws.onmessage = (event) => heard(JSON.parse(event.data));
  expect(FakeWebSocket.last.url).toBe('ws://localhost:8080/ws/submissions/123?token=token');
  FakeWebSocket.last.open().says(messages[0]).ends(1011);
  vi.advanceTimersByTime(1999);
  expect(FakeWebSocket.all).toHaveLength(1);
  vi.advanceTimersByTime(1);
  FakeWebSocket.last.open().says(messages[1]);
  expect(heard.mock.calls).toEqual([[messages[0]], [messages[1]]]);
});

test('"Debugging"', () => {
  const storage = new Map<string, string>();
  vi.stubGlobal('document', {});
  vi.stubGlobal('localStorage', { getItem: (key: string) => storage.get(key) ?? null });
  const debug = vi.spyOn(console, 'debug').mockImplementation(() => undefined);
  const watched = (): void => {
    const watcher = new SubmissionWatcher(123);
    FakeWebSocket.last.open().says(messages[0]);
    const ws = watcher.ws!;
    expect(ws.readyState).toBe(1);
    watcher.close();
  };
  watched();
  expect(debug).not.toHaveBeenCalled();
  storage.set('debug', 'socket:*');
  watched();
  expect(debug).toHaveBeenCalledWith('tidings:', 'message', messages[0]);
});
