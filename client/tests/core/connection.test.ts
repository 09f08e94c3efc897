// SPDX-License-Identifier: MIT
// Opening, handing out, closing.
import { describe, expect, test, vi } from 'vitest';
import { TidingsClient, TidingsError } from '../../src/index';
import { FakeWebSocket, fakeWorld, record, settle, started } from '../support/fake';

fakeWorld();

describe('opening', () => {
  test('a plain token opens in connect() itself', () => {
    const { client, log } = started();
    expect(FakeWebSocket.all).toHaveLength(1);
    expect(FakeWebSocket.last.url).toBe('ws://server.test/ws?token=T');
    expect(FakeWebSocket.last.protocols).toBeUndefined();
    expect(client.state).toBe('connecting');
    FakeWebSocket.last.open();
    expect(client.state).toBe('connected');
    expect(log).toEqual([
      ['state', 'connecting'],
      ['state', 'connected'],
      ['connected', { isReconnect: false }],
    ]);
  });

  test.each([
    [{ url: 'https://server.test/ws' }, 'wss://server.test/ws?token=T', undefined],
    [{ url: 'ws://server.test/ws?a=b&token=old' }, 'ws://server.test/ws?a=b&token=T', undefined],
    [{ token: 'a b&c' }, 'ws://server.test/ws?token=a+b%26c', undefined],
    [{ token: undefined }, 'ws://server.test/ws', undefined],
    [{ protocols: 'chat' }, 'ws://server.test/ws?token=T', ['chat']],
    [{ tokenIn: 'protocol' as const }, 'ws://server.test/ws', ['notifications', 'bearer.T']],
    [{ tokenIn: 'protocol' as const, protocols: ['chat'] }, 'ws://server.test/ws', ['chat', 'bearer.T']],
  ])('%o', (options, url, protocols) => {
    started(options);
    expect(FakeWebSocket.last.url).toBe(url);
    expect(FakeWebSocket.last.protocols).toEqual(protocols);
  });

  test('a path is taken on the page', () => {
    vi.stubGlobal('location', { href: 'https://app.test/deep/page?x=1' });
    started({ url: '/ws' });
    expect(FakeWebSocket.last.url).toBe('wss://app.test/ws?token=T');
  });

  test('connect() again opens nothing more', () => {
    const { client } = started();
    client.connect();
    FakeWebSocket.last.open();
    client.connect();
    expect(FakeWebSocket.all).toHaveLength(1);
    expect(FakeWebSocket.last.sent).toEqual([]);
  });

  test('a token given to connect() replaces the one before', () => {
    const { client } = started();
    client.disconnect();
    client.connect('U');
    expect(FakeWebSocket.last.url).toBe('ws://server.test/ws?token=U');
  });

  test('construction touches nothing: no window, no WebSocket', () => {
    vi.stubGlobal('WebSocket', undefined);
    const client = new TidingsClient({ url: '/ws' });
    expect(client.state).toBe('disconnected');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('where there is no WebSocket it says so and stops', () => {
    vi.stubGlobal('WebSocket', undefined);
    const { client, of } = started();
    expect(of('error')).toMatchObject([{ code: 'unusable' }]);
    expect(client.state).toBe('disconnected');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a class that is given is used', () => {
    vi.stubGlobal('WebSocket', undefined);
    started({ WebSocket: FakeWebSocket });
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  test('a URL that is none ends it with a typed error', () => {
    const { client, of } = started({ url: 'nonsense' });
    expect(of('error')).toMatchObject([{ code: 'unusable' }]);
    expect(of('disconnected')).toMatchObject([{ willReconnect: false }]);
    expect(client.state).toBe('disconnected');
  });

  test('an answer that never comes is not waited for', () => {
    const { of } = started({ connectTimeout: 5000 });
    vi.advanceTimersByTime(5000);
    expect(FakeWebSocket.last.closedWith?.[0]).toBe(1000);
    expect(of('error')).toMatchObject([{ code: 'connection_failed' }]);
    vi.advanceTimersByTime(500);
    expect(FakeWebSocket.all).toHaveLength(2);
  });
});

describe('handing out', () => {
  const uploaded = { notification_type: 'batch_files_uploaded', payload: { batch_id: 'b' } };

  test.each([
    [uploaded, 'batch_files_uploaded'],
    [{ event: 'essay_slot_assigned', data: {} }, 'essay_slot_assigned'],
    [{ event_type: 'batch.status.updated', status: 'x' }, 'batch.status.updated'],
    [{ type: 'ocr_progress', payload: {} }, 'ocr_progress'],
    [{ type: 'other', notification_type: 'phase_skipped' }, 'phase_skipped'],
  ] as const)('%o is of its kind, whole', (message, kind) => {
    const { client, of } = started();
    const heard = vi.fn();
    client.on(kind, heard);
    FakeWebSocket.last.open().says(message);
    expect(heard.mock.calls).toEqual([[message]]);
    expect(of('message')).toEqual([message]);
  });

  test('what is not JSON is logged and skipped', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const { of } = started();
    FakeWebSocket.last.open().says('{').says(uploaded);
    FakeWebSocket.last.onmessage!({ data: new Uint8Array(2) });
    expect(of('message')).toEqual([uploaded]);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  test.each([['7'], ['null'], ['[1]'], ['"pong "'], ['{}']])('%s is a message of no kind', (text) => {
    const { of } = started();
    FakeWebSocket.last.open().says(text);
    expect(of('message')).toEqual([JSON.parse(text)]);
    expect(of('error')).toEqual([]);
  });

  test.each(['pong', '{"type":"pong"}', '{"timestamp":"2026-01-01T00:00:00Z","type":"pong"}'])(
    "%s is nobody's",
    (text) => {
      const { client, of } = started();
      const heard = vi.fn();
      client.on('pong' as never, heard);
      FakeWebSocket.last.open().says(text);
      expect(of('message')).toEqual([]);
      expect(heard).not.toHaveBeenCalled();
    },
  );

  test('a message cannot speak for the client', () => {
    const { of } = started();
    FakeWebSocket.last.open();
    for (const type of ['connected', 'disconnected', 'state', 'message', 'reconnecting']) {
      FakeWebSocket.last.says({ type });
    }
    expect(of('message')).toHaveLength(5);
    expect([of('connected'), of('disconnected'), of('reconnecting')].map((all) => all.length)).toEqual([
      1, 0, 0,
    ]);
  });

  test('a message of the kind error reaches the handlers of error', () => {
    const { of } = started();
    const message = { type: 'error', payload: { code: 'ocr_failed', message: 'No.' } };
    FakeWebSocket.last.open().says(message);
    expect(of('error')).toEqual([message]);
  });

  test('a handler that throws harms no other', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { client } = started();
    const heard = vi.fn();
    client.on('phase_skipped', () => {
      throw new Error('mine');
    });
    client.on('phase_skipped', heard);
    FakeWebSocket.last.open().says({ notification_type: 'phase_skipped' });
    expect(heard).toHaveBeenCalledTimes(1);
    expect(error).toHaveBeenCalledTimes(1);
    expect(client.state).toBe('connected');
  });

  test('on, once, off', () => {
    const { client } = started();
    const socket = FakeWebSocket.last.open();
    const say = () => socket.says({ type: 'complete' });
    const [always, once, never, stopped] = [vi.fn(), vi.fn(), vi.fn(), vi.fn()];
    client.on('complete', always);
    client.on('complete', always);
    client.once('complete', once);
    client.once('complete', never);
    client.off('complete', never);
    const stop = client.on('complete', stopped);
    say();
    stop();
    stop();
    say();
    expect([always, once, never, stopped].map((handler) => handler.mock.calls.length)).toEqual([2, 1, 0, 1]);
    client.off('complete');
    say();
    expect(always).toHaveBeenCalledTimes(2);
  });

  test('stopping what was added again meanwhile leaves it', () => {
    const { client } = started();
    const handler = vi.fn();
    const stop = client.on('complete', handler);
    client.off('complete', handler);
    client.on('complete', handler);
    stop();
    FakeWebSocket.last.open().says({ type: 'complete' });
    expect(handler).toHaveBeenCalledTimes(1);
  });

  test('a handler removed by an earlier one is not called', () => {
    const { client } = started();
    const second = vi.fn();
    client.on('complete', () => client.off('complete', second));
    client.on('complete', second);
    FakeWebSocket.last.open().says({ type: 'complete' });
    expect(second).not.toHaveBeenCalled();
  });

  test('after disconnect() in a handler of message the kind is not told', () => {
    const { client } = started();
    const heard = vi.fn();
    client.on('complete', heard);
    client.on('message', () => client.disconnect());
    FakeWebSocket.last.open().says({ type: 'complete' });
    expect(heard).not.toHaveBeenCalled();
  });
});

describe('sending', () => {
  test('texts as they are, the rest as JSON, nothing without a connection', () => {
    const { client } = started();
    expect(client.send('early')).toBe(false);
    const socket = FakeWebSocket.last.open();
    expect(client.send('ping')).toBe(true);
    expect(client.send({ a: 1 })).toBe(true);
    expect(socket.sent).toEqual(['ping', '{"a":1}']);
    socket.readyState = 2;
    expect(client.send('late')).toBe(false);
    client.disconnect();
    expect(client.send('late')).toBe(false);
  });
});

describe('disconnect()', () => {
  test.each(['connecting', 'connected', 'waiting', 'getting a token'])(
    'while %s leaves nothing',
    async (when) => {
      const options =
        when === 'getting a token'
          ? { token: undefined, getToken: () => new Promise<string>(() => undefined) }
          : {};
      const { client, of } = started(options);
      if (when === 'connected' || when === 'waiting') FakeWebSocket.last.open();
      if (when === 'waiting') FakeWebSocket.last.ends();
      client.disconnect();
      await settle();
      expect(client.state).toBe('disconnected');
      expect(vi.getTimerCount()).toBe(0);
      expect(FakeWebSocket.alive).toEqual([]);
      expect(FakeWebSocket.all.some((socket) => socket.isWatched)).toBe(false);
      expect(client.socket).toBeUndefined();
      expect(of('disconnected').at(-1)).toEqual({
        code: 1000,
        reason: 'Client disconnecting',
        willReconnect: false,
        error: undefined,
      });
      const told = of('disconnected').length;
      client.disconnect();
      expect(of('disconnected')).toHaveLength(told);
    },
  );

  test('closes with 1000', () => {
    const { client } = started();
    FakeWebSocket.last.open();
    client.disconnect();
    expect(FakeWebSocket.last.closedWith).toEqual([1000, 'Client disconnecting']);
  });

  test('handlers stay for the next connect()', () => {
    const { client, of } = started();
    client.disconnect();
    client.connect();
    FakeWebSocket.last.open();
    expect(of('connected')).toEqual([{ isReconnect: false }]);
  });

  test.each(['state', 'disconnected', 'error', 'reconnecting'] as const)(
    'in a handler of %s is the last word',
    (event) => {
      const client = new TidingsClient({ url: 'ws://server.test/ws' });
      client.connect();
      FakeWebSocket.last.open();
      const { log } = record(client);
      client.on(event, () => client.disconnect());
      FakeWebSocket.last.ends();
      expect(client.state).toBe('disconnected');
      expect(log.at(-1)).toMatchObject(['disconnected', { willReconnect: false }]);
      vi.runAllTimers();
      expect(FakeWebSocket.all).toHaveLength(1);
    },
  );

  test('in a handler of state before the first attempt opens nothing', () => {
    const client = new TidingsClient({ url: 'ws://server.test/ws' });
    client.on('state', () => client.disconnect());
    client.connect();
    expect(FakeWebSocket.all).toHaveLength(0);
    expect(client.state).toBe('disconnected');
  });
});

test('a TidingsError is an Error with its details', () => {
  const cause = new Error('x');
  const error = new TidingsError('rate_limited', 'Slow down', {
    closeCode: 4000,
    retryAfterSeconds: 3,
    cause,
  });
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'TidingsError',
    code: 'rate_limited',
    message: 'Slow down',
    closeCode: 4000,
    cause,
  });
});
