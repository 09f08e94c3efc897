// SPDX-License-Identifier: MIT
// The helpers under documented names: their addresses, formulas and methods.
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  connectWithRetry,
  getWebSocketClient,
  HaiLanGoWebSocketClient,
  HuleEduWebSocketClient,
  PipelineCompletionHandler,
  ReconnectionManager,
  SubmissionWatcher,
} from '../../src/index';
import { FakeWebSocket, fakeWorld, record, settle } from '../support/fake';

fakeWorld();

const page = (href: string): void => void vi.stubGlobal('location', { href });

describe('where they connect to', () => {
  const urls: [string, (url?: string) => void, string][] = [
    ['HuleEduWebSocketClient', (url) => new HuleEduWebSocketClient('T', { url }).connect(), '/ws?token=T'],
    [
      'HaiLanGoWebSocketClient',
      (url) => new HaiLanGoWebSocketClient({ url }).connect('T'),
      '/api/v1/ws?token=T',
    ],
    ['SubmissionWatcher', (url) => new SubmissionWatcher(7, 'T', { url }), '/ws/submissions/7?token=T'],
    ['connectWithRetry', (url) => connectWithRetry({ url, token: 'T' }), '/ws?token=T'],
  ];
  test.each(urls)('%s', (_, connect, path) => {
    connect();
    expect(FakeWebSocket.last.url).toBe(`ws://localhost:8080${path}`);
    page('https://app.test/course/3');
    connect();
    expect(FakeWebSocket.last.url).toBe(`wss://app.test${path}`);
    page('http://app.test:81/');
    connect();
    expect(FakeWebSocket.last.url).toBe(`ws://app.test:81${path}`);
    connect('https://other.test');
    expect(FakeWebSocket.last.url).toBe(`wss://other.test${path}`);
    connect('wss://other.test/prefix/own');
    expect(FakeWebSocket.last.url).toBe('wss://other.test/prefix/own?token=T');
    connect('/proxied');
    expect(FakeWebSocket.last.url).toBe('ws://app.test:81/proxied?token=T');
  });
});

describe('ReconnectionManager', () => {
  test('doubles, is capped, adds a share, and ends', () => {
    const manager = new ReconnectionManager({ maxAttempts: 7 });
    const delays = Array.from({ length: 8 }, () => manager.getNextDelay());
    expect(delays).toEqual([1050, 2100, 4200, 8400, 16_800, 31_500, 31_500, null]);
    manager.reset();
    expect(manager.getNextDelay()).toBe(1050);
    expect(manager).toMatchObject({
      maxAttempts: 7,
      baseDelay: 1000,
      maxDelay: 30_000,
      jitterFactor: 0.1,
      attempts: 1,
    });
  });
});

describe('HuleEduWebSocketClient', () => {
  test('waits by the formula, five times', () => {
    const { client, of } = record(
      new HuleEduWebSocketClient('T', { reconnectDelay: 100, maxReconnectDelay: 500, jitterFactor: 0.2 }),
    );
    client.connect();
    for (let i = 0; i < 6; i++) {
      FakeWebSocket.last.ends();
      vi.advanceTimersByTime(1000);
    }
    expect(of('reconnecting').map((event) => event.delay)).toEqual(
      [110, 220, 440, 550, 550].map((n) => expect.closeTo(n)),
    );
    expect(of('maxReconnectAttemptsReached')).toEqual([{ attempts: 5 }]);
  });

  test('begins the formula anew after 30 s connected', () => {
    const { client, of } = record(new HuleEduWebSocketClient('T'));
    client.connect();
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(1050);
    FakeWebSocket.last.open();
    vi.advanceTimersByTime(30_000);
    FakeWebSocket.last.ends();
    expect(of('reconnecting').map((event) => event.delay)).toEqual([1050, 1050]);
  });

  test('takes a function for the token', async () => {
    new HuleEduWebSocketClient(async () => 'fresh').connect();
    await settle();
    expect(FakeWebSocket.last.url).toContain('token=fresh');
  });

  test('a message as a string is the text that came, and looks like any other', () => {
    const client = new HuleEduWebSocketClient('T');
    const heard = vi.fn();
    client.on('message', heard);
    client.connect();
    FakeWebSocket.last.open().says('{"event":"essay_slot_assigned",  "data":{}}').says('7');
    const message = heard.mock.calls[0]![0];
    expect(String(message)).toBe('{"event":"essay_slot_assigned",  "data":{}}');
    expect(Object.keys(message)).toEqual(['event', 'data']);
    expect(message).toStrictEqual({ event: 'essay_slot_assigned', data: {} });
    expect(heard.mock.calls[1]![0]).toBe(7);
  });
});

describe('getWebSocketClient', () => {
  afterEach(() => getWebSocketClient().disconnect());

  test('is one for the page, and takes its configuration any time', () => {
    const client = getWebSocketClient();
    expect(
      getWebSocketClient({
        url: 'ws://one.test/a',
        reconnectInterval: 50,
        heartbeatInterval: 70,
        maxReconnectAttempts: 1,
      }),
    ).toBe(client);
    client.connect('T');
    expect(FakeWebSocket.last.url).toBe('ws://one.test/a?token=T');
    const { of } = record(client);
    const socket = FakeWebSocket.last.open();
    expect(client.isConnected).toBe(true);
    vi.advanceTimersByTime(70);
    expect(socket.sent).toEqual(['{"type":"ping"}']);
    socket.ends();
    expect(client.isConnected).toBe(false);
    expect(of('reconnecting')).toEqual([{ attempt: 1, delay: 25 }]);
    vi.advanceTimersByTime(25);
    FakeWebSocket.last.ends();
    expect(of('maxReconnectAttemptsReached')).toHaveLength(1);
  });

  test('subscribe hands over the payload, on the whole message', () => {
    const client = new HaiLanGoWebSocketClient();
    const [payload, whole, errors] = [vi.fn(), vi.fn(), vi.fn()];
    const stop = client.subscribe('ocr_progress', payload);
    client.on('ocr_progress', whole);
    client.subscribe('error', errors);
    client.connect('T');
    const message = { type: 'ocr_progress', payload: { bookId: 'b', progress: 50 }, timestamp: 'now' };
    FakeWebSocket.last
      .open()
      .says(message)
      .says({ type: 'error', payload: { code: 'c', message: 'm' } });
    expect(payload.mock.calls).toEqual([[message.payload]]);
    expect(whole.mock.calls).toEqual([[message]]);
    stop();
    FakeWebSocket.last.says(message).ends();
    expect(payload).toHaveBeenCalledTimes(1);
    // The client's own errors have no payload.
    expect(errors.mock.calls).toEqual([[{ code: 'c', message: 'm' }]]);
  });
});

describe('SubmissionWatcher', () => {
  const status = { type: 'status_update', submission_id: 7, status: 'testing', timestamp: '1' };
  const result = {
    type: 'test_result',
    submission_id: 7,
    test_name: 'a',
    status: 'passed',
    duration_ms: 1,
    timestamp: '2',
  };
  const complete = {
    type: 'complete',
    submission_id: 7,
    final_status: 'passed',
    summary: {},
    timestamp: '3',
  };

  test('what is replayed after a reconnect is not told again', () => {
    const watcher = new SubmissionWatcher(7);
    const all: unknown[] = [];
    watcher.onStatusUpdate =
      watcher.onTestResult =
      watcher.onComplete =
        (message: unknown) => void all.push(message);
    watcher.onError = () => undefined;
    FakeWebSocket.last.open().says(status).says(result).says(result).ends();
    vi.advanceTimersByTime(1000);
    FakeWebSocket.last.open().says(status).says(result).says(result).says(result).says(complete);
    expect(all).toEqual([status, result, result, result, complete]);
    expect(FakeWebSocket.all[0]!.url).toBe('ws://localhost:8080/ws/submissions/7');
  });

  test('closes after complete, even if its handler throws', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const watcher = new SubmissionWatcher(7);
    watcher.onComplete = () => {
      throw new Error('mine');
    };
    FakeWebSocket.last.open().says(complete);
    expect(FakeWebSocket.last.closedWith?.[0]).toBe(1000);
    expect(watcher.ws).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('tells errors and ends, and stays away when it is refused', () => {
    const watcher = new SubmissionWatcher(7);
    const [onError, onClose] = [vi.fn(), vi.fn()];
    Object.assign(watcher, { onError, onClose });
    FakeWebSocket.last.open().ends(4004, 'Submission not found');
    expect(onError.mock.calls).toMatchObject([[{ code: 'not_found', closeCode: 4004 }]]);
    expect(onClose.mock.calls).toMatchObject([[{ code: 4004, willReconnect: false }]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('errors go to the console otherwise', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    new SubmissionWatcher(7);
    FakeWebSocket.last.open().ends(1011);
    expect(error).toHaveBeenCalledTimes(1);
  });
});

describe('PipelineCompletionHandler', () => {
  const completed = { payload: { batch_id: 'b 1', final_status: 'COMPLETED_SUCCESSFULLY' } } as any;
  const answers = (status: number, body: unknown) =>
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => new Response(JSON.stringify(body), { status })),
    );

  test('calls the three methods, and no timer stays', () => {
    const handler = new PipelineCompletionHandler();
    const calls: unknown[] = [];
    handler.updateBatchResults = (data) => void calls.push(data);
    handler.notifyUser = (data) => void calls.push(data);
    handler.enableDownloads = (id) => void calls.push(id);
    handler.handlePipelineStarted('b 1');
    handler.handlePipelineStarted('b 1');
    expect(vi.getTimerCount()).toBe(1);
    handler.handlePipelineCompleted(completed);
    expect(calls).toEqual([completed, completed, 'b 1']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('one that throws is handled', () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const handler = new PipelineCompletionHandler();
    const error = new Error('x');
    handler.notifyUser = () => {
      throw error;
    };
    handler.handleCompletionError = vi.fn();
    handler.handlePipelineCompleted(completed);
    expect(handler.handleCompletionError).toHaveBeenCalledWith('b 1', error);
  });

  test.each([
    [{ token: 'T' }, '/api/v1/batches/b%201/status', 'Bearer T'],
    [{ getToken: async () => 'G' }, '/api/v1/batches/b%201/status', 'Bearer G'],
    [{ token: 'T', url: 'wss://api.test/ws' }, 'https://api.test/api/v1/batches/b%201/status', 'Bearer T'],
    [{}, '/api/v1/batches/b%201/status', 'Bearer stored'],
  ])('asks after thirty minutes, with the token: %o', async (options, address, authorization) => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    vi.stubGlobal('localStorage', { getItem: (key: string) => (key === 'auth_token' ? 'stored' : null) });
    const status = { batch_id: 'b 1', details: { status: 'completed' }, essays: [] };
    answers(200, status);
    const handler = new PipelineCompletionHandler(options);
    handler.handleMissedCompletion = vi.fn();
    handler.handlePipelineStarted('b 1');
    await vi.advanceTimersByTimeAsync(30 * 60_000 - 1);
    expect(fetch).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(fetch).toHaveBeenCalledWith(address, { headers: { Authorization: authorization } });
    await settle();
    expect(handler.handleMissedCompletion).toHaveBeenCalledWith('b 1', status);
  });

  test.each([
    [200, { details: { status: 'processing' } }, 0],
    [200, { details: { status: 'failed' } }, 0],
    [404, { details: { status: 'completed' } }, 1],
    [200, 'nonsense', 1],
  ])('%i %o completes nothing', async (status, body, errors) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    answers(status, body);
    const handler = new PipelineCompletionHandler({ token: 'T' });
    handler.handleMissedCompletion = vi.fn();
    await handler.pollBatchStatus('b');
    expect(handler.handleMissedCompletion).not.toHaveBeenCalled();
    expect(error).toHaveBeenCalledTimes(errors);
  });

  test('dispose() forgets all', () => {
    const handler = new PipelineCompletionHandler();
    handler.handlePipelineStarted('a');
    handler.handlePipelineStarted('b');
    handler.dispose();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('connectWithRetry', () => {
  test('2, 4, 8, 16, 30 seconds, then no more', () => {
    connectWithRetry('ws://server.test/ws');
    const waits: number[] = [];
    for (;;) {
      const before = Date.now();
      FakeWebSocket.last.ends();
      if (!vi.getTimerCount()) break;
      vi.advanceTimersToNextTimer();
      waits.push(Date.now() - before);
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 30_000]);
    connectWithRetry('ws://server.test/ws', 1);
    FakeWebSocket.last.ends();
    vi.runAllTimers();
    FakeWebSocket.last.ends();
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([1000, 1008, 4003, 4004])('not after %i', (code) => {
    connectWithRetry('ws://server.test/ws');
    FakeWebSocket.last.open().ends(code);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('what it answers stands for each socket in turn', () => {
    const ws = connectWithRetry('ws://server.test/ws');
    const [opened, heard, closed, listener, gone] = [vi.fn(), vi.fn(), vi.fn(), vi.fn(), vi.fn()];
    Object.assign(ws, { onopen: opened, onmessage: heard, onclose: closed });
    ws.addEventListener('message', listener);
    ws.addEventListener('message', gone);
    ws.removeEventListener('message', gone);
    FakeWebSocket.last.open().says('1').ends();
    expect(ws.readyState).toBe(3);
    vi.advanceTimersByTime(2000);
    FakeWebSocket.last.open().says('2');
    ws.send('hello');
    expect(FakeWebSocket.last.sent).toEqual(['hello']);
    expect(heard.mock.calls.map(([event]) => event.data)).toEqual(['1', '2']);
    expect([opened, closed, listener, gone].map((handler) => handler.mock.calls.length)).toEqual([
      2, 1, 2, 0,
    ]);
    expect(ws.url).toBe('ws://server.test/ws');
  });

  test('close() ends it, also while it waits', () => {
    const ws = connectWithRetry('ws://server.test/ws');
    FakeWebSocket.last.ends();
    ws.close(1000, 'bye');
    expect(vi.getTimerCount()).toBe(0);
    const other = connectWithRetry('ws://server.test/ws');
    const last = FakeWebSocket.last.open();
    other.close(4999);
    last.ends(4999);
    expect(vi.getTimerCount()).toBe(0);
  });
});
