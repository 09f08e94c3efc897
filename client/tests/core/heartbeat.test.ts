// SPDX-License-Identifier: MIT
// Dead links, slept timers, pages that come and go.
import { describe, expect, test, vi } from 'vitest';
import { FakeWebSocket, fakePage, fakeWorld, started } from '../support/fake';

fakeWorld();

const PING = '{"type":"ping"}';

describe('heartbeat', () => {
  test('a ping every thirty seconds, as long as it is answered', () => {
    const { client, of } = started();
    const socket = FakeWebSocket.last.open();
    for (let i = 1; i <= 5; i++) {
      vi.advanceTimersByTime(30_000);
      expect(socket.sent).toEqual(Array(i).fill(PING));
      socket.says(i % 2 ? 'pong' : { type: 'pong', timestamp: 'now' });
    }
    expect(client.state).toBe('connected');
    expect(of('message')).toEqual([]);
  });

  test('any message is an answer', () => {
    const { client } = started();
    const socket = FakeWebSocket.last.open();
    vi.advanceTimersByTime(30_000);
    socket.says({ type: 'complete' });
    vi.advanceTimersByTime(10_000);
    expect(client.state).toBe('connected');
  });

  test('without an answer it closes with a code of its own and is back before the close event', () => {
    const { client, of } = started();
    const dead = FakeWebSocket.last.open();
    vi.advanceTimersByTime(39_999);
    expect(dead.closedWith).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(dead.closedWith).toEqual([4999, 'Heartbeat lost']);
    expect(dead.isWatched).toBe(false);
    expect(FakeWebSocket.all).toHaveLength(2);
    expect(of('disconnected')).toMatchObject([
      { code: 4999, willReconnect: true, error: { code: 'heartbeat_timeout' } },
    ]);
    expect(of('reconnecting')).toEqual([{ attempt: 1, delay: 0 }]);
    FakeWebSocket.last.open();
    dead.ends(1006);
    expect(client.state).toBe('connected');
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('at once only the first time', () => {
    started({ heartbeatInterval: 1000, heartbeatTimeout: 1000 });
    FakeWebSocket.last.open();
    vi.advanceTimersByTime(2000);
    FakeWebSocket.last.open();
    vi.advanceTimersByTime(2000);
    expect(FakeWebSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(1000);
    expect(FakeWebSocket.all).toHaveLength(3);
  });

  test('0 turns it off', () => {
    started({ heartbeatInterval: 0 });
    const socket = FakeWebSocket.last.open();
    vi.advanceTimersByTime(600_000);
    expect(socket.sent).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('latency is the time from ping to pong', () => {
    const { client } = started();
    const socket = FakeWebSocket.last.open();
    expect(client.latency).toBeUndefined();
    vi.advanceTimersByTime(30_000);
    vi.advanceTimersByTime(80);
    socket.says('pong');
    expect(client.latency).toBe(80);
  });
});

describe('a machine that slept', () => {
  /** The clock goes on while timers do not. */
  const sleep = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

  test('between heartbeats: asks, with less patience', () => {
    started();
    const socket = FakeWebSocket.last.open();
    vi.advanceTimersByTime(10_000);
    sleep(3_600_000);
    vi.advanceTimersByTime(20_000);
    expect(socket.sent).toEqual([PING]);
    vi.advanceTimersByTime(5000);
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('after a ping: asks again before it gives up', () => {
    const { client } = started();
    const socket = FakeWebSocket.last.open();
    vi.advanceTimersByTime(30_000);
    sleep(3_600_000);
    vi.advanceTimersByTime(10_000);
    expect(socket.sent).toEqual([PING, PING]);
    socket.says('pong');
    expect(client.state).toBe('connected');
    vi.advanceTimersByTime(20_000);
    expect(FakeWebSocket.all).toHaveLength(1);
  });

  test('but only once: timers of a hidden page are always late', () => {
    started();
    FakeWebSocket.last.open();
    vi.advanceTimersByTime(30_000);
    sleep(60_000);
    vi.advanceTimersByTime(10_000);
    sleep(60_000);
    vi.advanceTimersByTime(5_000);
    expect(FakeWebSocket.all).toHaveLength(2);
  });
});

describe('the page', () => {
  test('offline: it pauses and counts nothing; online: back at once', () => {
    const page = fakePage();
    const { client, of } = started({ maxReconnectAttempts: 1 });
    const socket = FakeWebSocket.last.open();
    page.navigator.onLine = false;
    page.fire('offline');
    expect(client.state).toBe('paused');
    expect(socket.closedWith).toBeDefined();
    expect(socket.isWatched).toBe(false);
    expect(of('disconnected')).toMatchObject([{ willReconnect: true }]);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(3_600_000);
    expect(FakeWebSocket.all).toHaveLength(1);
    page.navigator.onLine = true;
    page.fire('online');
    expect(FakeWebSocket.all).toHaveLength(2);
    expect(client.state).toBe('reconnecting');
    FakeWebSocket.last.open();
    expect(of('connected')).toEqual([{ isReconnect: false }, { isReconnect: true }]);
    FakeWebSocket.last.ends();
    expect(client.state).toBe('reconnecting');
  });

  test('offline while it waits: the wait ends, and a later online goes on', () => {
    const page = fakePage();
    const { client } = started();
    FakeWebSocket.last.ends();
    page.fire('offline');
    expect(client.state).toBe('paused');
    expect(vi.getTimerCount()).toBe(0);
    page.fire('online');
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('an attempt that fails while offline does not count', () => {
    const page = fakePage();
    page.navigator.onLine = false;
    const { client, of } = started({ maxReconnectAttempts: 0 });
    expect(FakeWebSocket.all).toHaveLength(1);
    FakeWebSocket.last.ends();
    expect(client.state).toBe('paused');
    expect(of('maxReconnectAttemptsReached')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    page.navigator.onLine = true;
    page.fire('online');
    FakeWebSocket.last.open();
    expect(client.state).toBe('connected');
  });

  test('connect() while offline tries all the same: the server may be on this machine', () => {
    const page = fakePage();
    const { client } = started();
    page.fire('offline');
    client.connect();
    FakeWebSocket.last.open();
    expect(client.state).toBe('connected');
  });

  test.each([
    ['freeze', 'resume', {}],
    ['pagehide', 'pageshow', { persisted: true }],
  ])('%s pauses, %s goes on', (away, back, more) => {
    const page = fakePage();
    const { client } = started();
    const socket = FakeWebSocket.last.open();
    page.fire(away, more);
    expect(client.state).toBe('paused');
    expect(socket.closedWith?.[0]).toBe(1000);
    expect(vi.getTimerCount()).toBe(0);
    page.fire(back, more);
    FakeWebSocket.last.open();
    expect(client.state).toBe('connected');
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('a page that goes for good is left alone', () => {
    const page = fakePage();
    const { client } = started();
    FakeWebSocket.last.open();
    page.fire('pagehide', { persisted: false });
    expect(client.state).toBe('connected');
  });

  test('frozen and offline: both must be over', () => {
    const page = fakePage();
    started();
    FakeWebSocket.last.open();
    page.fire('offline');
    page.navigator.onLine = false;
    page.fire('freeze');
    page.fire('resume');
    expect(FakeWebSocket.all).toHaveLength(1);
    page.navigator.onLine = true;
    page.fire('online');
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('seen again: a connection is asked, with little patience', () => {
    const page = fakePage();
    started();
    const socket = FakeWebSocket.last.open();
    page.document.visibilityState = 'hidden';
    page.fire('visibilitychange');
    expect(socket.sent).toEqual([]);
    page.document.visibilityState = 'visible';
    page.fire('visibilitychange');
    page.fire('online');
    expect(socket.sent).toEqual([PING]);
    vi.advanceTimersByTime(5000);
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('seen again: a wait is over, but not one that the server asked for', () => {
    const page = fakePage();
    started();
    FakeWebSocket.last.ends();
    page.fire('visibilitychange');
    expect(FakeWebSocket.all).toHaveLength(2);
    FakeWebSocket.last.open().says({ error: 'e', code: 4000, retry_after_seconds: 60 }).ends(4000);
    page.fire('visibilitychange');
    expect(FakeWebSocket.all).toHaveLength(2);
    page.fire('freeze');
    page.fire('resume');
    vi.advanceTimersByTime(59_000);
    expect(FakeWebSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(4_000);
    expect(FakeWebSocket.all).toHaveLength(3);
  });

  test('while a token is under way, coming back does not ask for another', () => {
    const page = fakePage();
    const getToken = vi.fn(() => new Promise<string>(() => undefined));
    started({ token: undefined, getToken });
    page.fire('online');
    page.fire('visibilitychange');
    expect(getToken).toHaveBeenCalledTimes(1);
  });

  test('no listener is left when it is over, however it ends', () => {
    const page = fakePage();
    const { client } = started();
    expect(page.count()).toBe(7);
    client.disconnect();
    expect(page.count()).toBe(0);
    client.connect();
    FakeWebSocket.last.open().ends(1008);
    expect(page.count()).toBe(0);
    client.connect();
    client.connect();
    expect(page.count()).toBe(7);
    page.fire('freeze');
    client.disconnect();
    expect(page.count()).toBe(0);
    page.fire('resume');
    expect(client.state).toBe('disconnected');
  });
});
