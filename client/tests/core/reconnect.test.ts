// SPDX-License-Identifier: MIT
// Coming back: after which ends, how soon, how often.
import { describe, expect, test, vi } from 'vitest';
import { FakeWebSocket, fakeWorld, settle, started } from '../support/fake';

fakeWorld();

const sockets = (): number => FakeWebSocket.all.length;

describe('close codes', () => {
  test.each([
    [1000, false, undefined],
    [1001, true, 'closed'],
    [1002, true, 'closed'],
    [1005, true, 'closed'],
    [1006, true, 'connection_lost'],
    [1007, true, 'closed'],
    [1008, false, 'forbidden'],
    [1009, true, 'closed'],
    [1011, true, 'server_error'],
    [1012, true, 'unavailable'],
    [1013, true, 'unavailable'],
    [3000, true, 'closed'],
    [4000, true, 'rate_limited'],
    [4001, false, 'token_expired'],
    [4003, false, 'forbidden'],
    [4004, false, 'not_found'],
    [4008, true, 'closed'],
    [4013, true, 'closed'],
    [4029, true, 'rate_limited'],
  ])('%i: reconnects %s, error %s', (code, willReconnect, error) => {
    const { client, of } = started({ connectTimeout: 600_000 });
    FakeWebSocket.last.open().ends(code, 'why');
    expect(of('disconnected')).toMatchObject([{ code, reason: 'why', willReconnect }]);
    expect(of('error')).toMatchObject(error ? [{ code: error, closeCode: code }] : []);
    expect(of('disconnected')[0].error).toBe(of('error')[0]);
    expect(client.state).toBe(willReconnect ? 'reconnecting' : 'disconnected');
    vi.advanceTimersByTime(60_000);
    expect(sockets()).toBe(willReconnect ? 2 : 1);
    if (!willReconnect) expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    [1008, 'Authentication failed'],
    [4003, 'Unauthorized'],
  ])('%i "%s" is a rejected token', (code, reason) => {
    const { of } = started();
    FakeWebSocket.last.open().ends(code, reason);
    expect(of('error')).toMatchObject([{ code: 'token_rejected', message: reason }]);
  });

  test('an error that ends it and that nobody listens for goes to the console', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { client } = started();
    client.off('error');
    FakeWebSocket.last.open().ends(1008);
    expect(error).toHaveBeenCalledTimes(1);
  });
});

describe('what the server explains before a close', () => {
  const refused = (body: object, code: number) => {
    const { client, of } = started({ getToken: () => 'T' });
    FakeWebSocket.last.open().says(body).ends(code, 'x');
    return { client, of };
  };

  test('a rejected token: told once, typed, not retried', () => {
    const { client, of } = refused(
      {
        error: 'Authentication failed',
        code: 1008,
        message: 'Invalid or expired JWT token',
        retry_recommended: false,
      },
      1008,
    );
    expect(of('error')).toHaveLength(1);
    expect(of('error')[0]).toMatchObject({
      code: 'token_rejected',
      closeCode: 1008,
      message: 'Invalid or expired JWT token',
      retryRecommended: false,
    });
    expect(of('message')).toEqual([]);
    expect(of('disconnected')).toMatchObject([{ willReconnect: false, error: { code: 'token_rejected' } }]);
    expect(client.state).toBe('disconnected');
  });

  test('retry_recommended: false stops, whatever the code', () => {
    const { client } = refused(
      { error: 'Rate limit exceeded', code: 4000, message: 'Too many', retry_recommended: false },
      4000,
    );
    vi.advanceTimersByTime(600_000);
    expect(client.state).toBe('disconnected');
    expect(sockets()).toBe(1);
  });

  test('retry_after_seconds is waited for, with a little jitter', () => {
    const { of } = refused(
      { error: 'Rate limit exceeded', code: 4000, message: 'Too many', retry_after_seconds: 42 },
      4000,
    );
    expect(of('error')).toMatchObject([{ code: 'rate_limited', retryAfterSeconds: 42 }]);
    expect(of('reconnecting')).toEqual([{ attempt: 1, delay: 42_000 * 1.05 }]);
    vi.advanceTimersByTime(42_000);
    expect(sockets()).toBe(1);
    vi.advanceTimersByTime(2100);
    expect(sockets()).toBe(2);
  });

  test('connect() and a look at the page do not cut that short', () => {
    const { client } = refused(
      { error: 'Rate limit exceeded', code: 4000, message: '', retry_after_seconds: 42 },
      4000,
    );
    client.connect();
    vi.advanceTimersByTime(42_000);
    expect(sockets()).toBe(1);
  });

  test('a time beyond what timers hold does not fire at once', () => {
    refused({ error: 'Rate limit exceeded', code: 4000, message: '', retry_after_seconds: 1e300 }, 4000);
    vi.advanceTimersByTime(3_600_000);
    expect(sockets()).toBe(1);
  });

  test('a limit without advice is given time', () => {
    const { of } = started();
    FakeWebSocket.last.open().ends(4029, 'Rate limited');
    expect(of('reconnecting')[0].delay).toBe(22_500);
  });

  test('what was explained on one connection says nothing of the next', () => {
    const { client, of } = refused(
      { error: 'Internal server error', code: 1011, message: 'm', retry_recommended: true },
      1011,
    );
    vi.advanceTimersByTime(1000);
    FakeWebSocket.last.open().ends(1012);
    expect(of('error').map((error) => error.code)).toEqual(['server_error', 'unavailable']);
    expect(client.state).toBe('reconnecting');
  });
});

describe('how soon and how often', () => {
  test('random up to a bound that doubles to thirty seconds', () => {
    const { of } = started();
    for (let i = 0; i < 7; i++) {
      FakeWebSocket.last.ends();
      vi.advanceTimersByTime(15_000);
    }
    expect(of('reconnecting').map((event) => event.delay)).toEqual([
      500, 1000, 2000, 4000, 8000, 15_000, 15_000,
    ]);
    expect(of('reconnecting').map((event) => event.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test.each([
    [0, 0],
    [0.999, 999],
  ])('Math.random() %d waits %d ms', (random, delay) => {
    vi.spyOn(Math, 'random').mockReturnValue(random);
    const { of } = started();
    FakeWebSocket.last.open().ends();
    expect(of('reconnecting')[0].delay).toBe(delay);
  });

  test('own delays and an own formula', () => {
    const one = started({ reconnectDelay: 10, maxReconnectDelay: 15 });
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(5);
    FakeWebSocket.last.ends();
    expect(one.of('reconnecting').map((event) => event.delay)).toEqual([5, 7.5]);
    const two = started({ backoff: (attempt) => 100 + attempt });
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(100);
    FakeWebSocket.last.ends();
    expect(two.of('reconnecting').map((event) => event.delay)).toEqual([100, 101]);
  });

  test('maxReconnectAttempts: then it says so and stops', () => {
    const { client, log, of } = started({ maxReconnectAttempts: 2 });
    for (let i = 0; i < 3; i++) {
      FakeWebSocket.last.ends();
      vi.advanceTimersByTime(30_000);
    }
    expect(sockets()).toBe(3);
    expect(client.state).toBe('disconnected');
    expect(of('maxReconnectAttemptsReached')).toEqual([{ attempts: 2 }]);
    expect(log.slice(-4).map((entry) => entry[0])).toEqual([
      'state',
      'error',
      'maxReconnectAttemptsReached',
      'disconnected',
    ]);
    expect(vi.getTimerCount()).toBe(0);
    client.connect();
    expect(client.state).toBe('connecting');
    FakeWebSocket.last.ends();
    expect(client.state).toBe('reconnecting');
  });

  test('0 attempts: the first end is the last', () => {
    const { client } = started({ maxReconnectAttempts: 0 });
    FakeWebSocket.last.open().ends();
    expect(client.state).toBe('disconnected');
  });

  test('without a maximum it goes on', () => {
    const { client } = started({ connectTimeout: 600_000 });
    for (let i = 0; i < 100; i++) {
      FakeWebSocket.last.ends();
      vi.advanceTimersByTime(30_000);
    }
    expect(sockets()).toBe(101);
    expect(client.state).toBe('reconnecting');
  });

  test('after 30 s connected attempts start anew, before that they do not', () => {
    const { of } = started();
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(500);
    FakeWebSocket.last.open();
    vi.advanceTimersByTime(29_000);
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(1000);
    FakeWebSocket.last.open();
    vi.advanceTimersByTime(30_000);
    FakeWebSocket.last.ends();
    expect(of('reconnecting').map((event) => event.attempt)).toEqual([1, 2, 1]);
    expect(of('connected')).toEqual([{ isReconnect: false }, { isReconnect: true }]);
  });

  test('connect() while it waits tries at once, and only once', () => {
    const { client } = started();
    FakeWebSocket.last.ends();
    client.connect();
    client.connect();
    expect(sockets()).toBe(2);
    vi.advanceTimersByTime(15_000);
    expect(sockets()).toBe(2);
  });

  test('a state is told when it changes, and only then', () => {
    const { of } = started();
    for (let i = 0; i < 3; i++) {
      FakeWebSocket.last.ends();
      vi.advanceTimersByTime(4000);
    }
    expect(of('state')).toEqual(['connecting', 'reconnecting']);
  });

  test('an attempt that failed is no disconnect', () => {
    const { of } = started();
    FakeWebSocket.last.ends();
    expect(of('disconnected')).toEqual([]);
    expect(of('error')).toMatchObject([{ code: 'connection_failed' }]);
  });
});

describe('getToken', () => {
  test('is asked before each attempt', async () => {
    const getToken = vi.fn(async () => `T${getToken.mock.calls.length}`);
    started({ token: undefined, getToken });
    await settle();
    FakeWebSocket.last.open().ends();
    vi.advanceTimersByTime(500);
    await settle();
    expect(FakeWebSocket.all.map((socket) => socket.url)).toEqual([
      'ws://server.test/ws?token=T1',
      'ws://server.test/ws?token=T2',
    ]);
  });

  test('one that answers at once opens at once', () => {
    started({ token: undefined, getToken: () => 'S' });
    expect(FakeWebSocket.last.url).toContain('token=S');
  });

  test('a promise need not be the language\'s own', () => {
    const getToken = () => ({ then: (got: (token: string) => void) => got('S') }) as unknown as Promise<string>;
    started({ token: undefined, getToken });
    expect(FakeWebSocket.last.url).toContain('token=S');
  });

  test('a token that was given goes first, once', () => {
    started({ token: 'given', getToken: () => 'asked' });
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(500);
    expect(FakeWebSocket.all.map((socket) => socket.url.split('=')[1])).toEqual(['given', 'asked']);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('backend is down')), 'backend is down'],
    ['rejects oddly', () => Promise.reject('no'), 'no'],
    [
      'throws',
      () => {
        throw new Error('backend is down');
      },
      'backend is down',
    ],
  ])('that %s is told and tried again', async (_, getToken, message) => {
    const { client, of } = started({ token: undefined, getToken });
    await settle();
    expect(of('error')).toMatchObject([{ code: 'token_unavailable', message }]);
    expect(client.state).toBe('reconnecting');
    await vi.advanceTimersByTimeAsync(500);
    expect(of('error')).toHaveLength(2);
    expect(sockets()).toBe(0);
    expect(fetch).not.toHaveBeenCalled();
  });

  test('that takes too long is tried again, and its late answer opens nothing', async () => {
    const answers: ((token: string) => void)[] = [];
    const { of } = started({
      token: undefined,
      connectTimeout: 1000,
      getToken: () => new Promise((done) => answers.push(done)),
    });
    vi.advanceTimersByTime(1000);
    expect(of('error')).toMatchObject([{ code: 'token_unavailable' }]);
    answers[0]!('late');
    await settle();
    expect(sockets()).toBe(0);
    vi.advanceTimersByTime(500);
    answers[1]!('fresh');
    await settle();
    expect(FakeWebSocket.all.map((socket) => socket.url)).toEqual(['ws://server.test/ws?token=fresh']);
  });

  test.each(['resolves', 'rejects'])('a result after disconnect() that %s does nothing', async (how) => {
    let settleIt = (): void => undefined;
    const getToken = () =>
      new Promise<string>(
        (done, fail) => (settleIt = how === 'resolves' ? () => done('T') : () => fail(new Error('x'))),
      );
    const { client, log } = started({ token: undefined, getToken });
    client.disconnect();
    const told = log.length;
    settleIt();
    await settle();
    expect(sockets()).toBe(0);
    expect(log).toHaveLength(told);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a result of before a new connect() does nothing either', async () => {
    const answers: ((token: string) => void)[] = [];
    const { client } = started({
      token: undefined,
      getToken: () => new Promise((done) => answers.push(done)),
    });
    client.disconnect();
    client.connect();
    answers[0]!('old');
    answers[1]!('new');
    await settle();
    expect(FakeWebSocket.all.map((socket) => socket.url)).toEqual(['ws://server.test/ws?token=new']);
  });

  test.each([null, undefined, ''])('%o means that nobody is logged in: it stops', async (nobody) => {
    const { client, of } = started({ token: undefined, getToken: async () => nobody });
    await settle();
    expect(of('error')).toMatchObject([{ code: 'token_unavailable' }]);
    expect(client.state).toBe('disconnected');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('4001: at once with a fresh token', () => {
    let n = 0;
    const { of } = started({ token: undefined, getToken: () => `T${++n}` });
    FakeWebSocket.last.open().ends(4001, 'Token expired');
    expect(FakeWebSocket.all.map((socket) => socket.url.split('=')[1])).toEqual(['T1', 'T2']);
    expect(of('error')).toMatchObject([{ code: 'token_expired' }]);
    // The same again right away is no way to go on.
    FakeWebSocket.last.open().ends(4001, 'Token expired');
    expect(sockets()).toBe(2);
    vi.advanceTimersByTime(1000);
    expect(sockets()).toBe(3);
  });

  test('1008 is not retried even so', () => {
    const { client } = started({ token: undefined, getToken: () => 'T' });
    FakeWebSocket.last.open().ends(1008, 'Authentication failed');
    vi.advanceTimersByTime(600_000);
    expect(client.state).toBe('disconnected');
    expect(sockets()).toBe(1);
  });
});

describe('asking why a handshake failed', () => {
  const answers = (status: number, body: unknown, headers: Record<string, string> = {}) =>
    vi.stubGlobal(
      'fetch',
      vi.fn(async () => new Response(JSON.stringify(body), { status, headers })),
    );

  test.each([
    [401, { error: 'Invalid or expired token' }, 'token_rejected', 'Invalid or expired token'],
    [400, { error: 'Invalid user ID' }, 'token_rejected', 'Invalid user ID'],
    [
      403,
      { error: { code: 'origin_not_allowed', message: 'Not from there' } },
      'forbidden',
      'Not from there',
    ],
    [404, { error: { code: 'not_found', message: 'Nothing here' } }, 'not_found', 'Nothing here'],
  ])('%i ends it', async (status, body, code, message) => {
    answers(status, body);
    const { client, of } = started();
    FakeWebSocket.last.ends();
    await settle();
    expect(fetch).toHaveBeenCalledWith('http://server.test/ws?token=T', expect.anything());
    expect(of('error')).toMatchObject([{ code: 'connection_failed' }, { code, message }]);
    expect(of('disconnected')).toMatchObject([{ willReconnect: false, error: { code } }]);
    expect(client.state).toBe('disconnected');
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    [429, { error: 'Too many connections', retry_after_seconds: 7 }, {}, 7350],
    [503, { error: { code: 'draining', message: 'Stopping' } }, { 'Retry-After': '5' }, 5250],
  ])('%i makes it wait', async (status, body, headers, delay) => {
    answers(status, body, headers as Record<string, string>);
    const { of } = started();
    FakeWebSocket.last.ends();
    await settle();
    expect(of('reconnecting').at(-1)).toEqual({ attempt: 1, delay });
    vi.advanceTimersByTime(delay - 1);
    expect(sockets()).toBe(1);
    vi.advanceTimersByTime(1);
    expect(sockets()).toBe(2);
  });

  test.each([
    [426, { error: { code: 'upgrade_required', message: 'm' } }],
    [404, '<html>some proxy says no'],
    [401, {}],
    [500, { error: 'Internal server error' }],
  ])('%i %o changes nothing', async (status, body) => {
    answers(status, body);
    const { client } = started();
    FakeWebSocket.last.ends();
    await settle();
    expect(client.state).toBe('reconnecting');
    vi.advanceTimersByTime(500);
    expect(sockets()).toBe(2);
  });

  test('an answer that comes after the next attempt began is not heard', async () => {
    let answer = (_: Response): void => undefined;
    vi.stubGlobal('fetch', () => new Promise<Response>((done) => (answer = done)));
    const { client, of } = started();
    FakeWebSocket.last.ends();
    vi.advanceTimersByTime(500);
    FakeWebSocket.last.open();
    answer(new Response('{"error":"no"}', { status: 401 }));
    await settle();
    expect(client.state).toBe('connected');
    expect(of('error')).toHaveLength(1);
  });

  test('disconnect() gives the question up', () => {
    let signal: AbortSignal | undefined;
    vi.stubGlobal('fetch', (_: string, options: RequestInit) => {
      signal = options.signal!;
      return new Promise(() => undefined);
    });
    const { client } = started();
    FakeWebSocket.last.ends();
    client.disconnect();
    expect(signal?.aborted).toBe(true);
  });

  test('is not done for a connection that was open, nor where it is not wanted', () => {
    started();
    FakeWebSocket.last.open().ends();
    started({ explain: false });
    FakeWebSocket.last.ends();
    expect(fetch).not.toHaveBeenCalled();
  });
});
