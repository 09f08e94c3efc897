// SPDX-License-Identifier: MIT
// Several tabs in one process: fake locks, and channels that carry copies, as a browser's do.
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SharedTidingsClient, TidingsError, type SharedTidingsOptions } from '../src/index';
import { FakeWebSocket, fakePage, fakeWorld, record, settle } from './support/fake';

fakeWorld();

/** Web Locks, as far as one exclusive lock with a signal goes. */
class FakeLocks {
  held = new Set<string>();
  queue: { name: string; start: () => void }[] = [];
  request(name: string, { signal }: { signal: AbortSignal }, run: () => Promise<void>): Promise<void> {
    return new Promise((done, fail) => {
      const entry = {
        name,
        start: () => {
          this.held.add(name);
          void run().then(() => {
            this.held.delete(name);
            done();
            this.next();
          });
        },
      };
      signal.addEventListener('abort', () => {
        const at = this.queue.indexOf(entry);
        if (at < 0) return;
        this.queue.splice(at, 1);
        fail(signal.reason);
      });
      this.queue.push(entry);
      void Promise.resolve().then(() => this.next());
    });
  }
  private next(): void {
    const at = this.queue.findIndex((entry) => !this.held.has(entry.name));
    if (at >= 0) this.queue.splice(at, 1)[0]!.start();
  }
}

class FakeChannel {
  static all = new Set<FakeChannel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor(readonly name: string) {
    FakeChannel.all.add(this);
  }
  postMessage(data: unknown): void {
    const text = structuredClone(data);
    for (const other of FakeChannel.all) {
      if (other === this || other.name !== this.name) continue;
      void Promise.resolve().then(
        () => FakeChannel.all.has(other) && other.onmessage?.({ data: structuredClone(text) }),
      );
    }
  }
  close(): void {
    FakeChannel.all.delete(this);
  }
}

let page: ReturnType<typeof fakePage>;
let locks: FakeLocks;
beforeEach(() => {
  page = fakePage();
  locks = new FakeLocks();
  page.navigator.locks = locks;
  FakeChannel.all.clear();
  vi.stubGlobal('BroadcastChannel', FakeChannel);
});

const tab = (options: Partial<SharedTidingsOptions> = {}) =>
  record(new SharedTidingsClient({ url: 'ws://server.test/ws', token: 'T', share: 'u1', ...options }));

async function tabs(count: number) {
  const all = Array.from({ length: count }, () => tab());
  for (const one of all) one.client.connect();
  await settle();
  return all;
}

const complete = { type: 'complete', submission_id: 1 };

describe('tabs that share', () => {
  test('one connects, all hear and see', async () => {
    const [first, second, third] = await tabs(3);
    expect(FakeWebSocket.all).toHaveLength(1);
    const heard = vi.fn();
    third!.client.on('complete', heard);
    FakeWebSocket.last.open().says(complete);
    await settle();
    for (const one of [first!, second!, third!]) {
      expect(one.client.state).toBe('connected');
      expect(one.of('state')).toEqual(['connecting', 'connected']);
      expect(one.of('connected')).toEqual([{ isReconnect: false }]);
      expect(one.of('message')).toEqual([complete]);
    }
    expect(heard.mock.calls).toEqual([[complete]]);
  });

  test('one that comes later learns how things are', async () => {
    await tabs(1);
    FakeWebSocket.last.open();
    const late = tab();
    late.client.connect();
    expect(late.client.state).toBe('connecting');
    await settle();
    expect(late.client.state).toBe('connected');
    expect(late.of('connected')).toEqual([{ isReconnect: false }]);
  });

  test('others do not share with them', async () => {
    await tabs(1);
    const other = tab({ share: 'u2' });
    other.client.connect();
    await settle();
    expect(FakeWebSocket.all).toHaveLength(2);
  });

  test('the one that connects leaves: the next takes over, and says that something may be missing', async () => {
    const [first, second] = await tabs(2);
    FakeWebSocket.last.open();
    await settle();
    first!.client.disconnect();
    expect(first!.of('disconnected')).toMatchObject([{ code: 1000, willReconnect: false }]);
    await settle();
    expect(FakeWebSocket.all).toHaveLength(2);
    expect(FakeWebSocket.alive).toHaveLength(1);
    FakeWebSocket.last.open().says(complete);
    expect(second!.of('connected')).toEqual([{ isReconnect: false }, { isReconnect: true }]);
    expect(second!.of('message')).toEqual([complete]);
    expect(first!.of('message')).toEqual([]);
  });

  test('one that only listens leaves: nothing happens to the others', async () => {
    const [first, second] = await tabs(2);
    FakeWebSocket.last.open();
    await settle();
    second!.client.disconnect();
    await settle();
    expect(first!.client.state).toBe('connected');
    expect(locks.queue).toEqual([]);
    expect(FakeChannel.all.size).toBe(1);
  });

  test('errors keep their class and details', async () => {
    const [, second] = await tabs(2);
    FakeWebSocket.last
      .open()
      .says({ error: 'Authentication failed', code: 1008, message: 'No', retry_recommended: false })
      .ends(1008);
    await settle();
    const [error] = second!.of('error');
    expect(error).toBeInstanceOf(TidingsError);
    expect(error).toMatchObject({
      code: 'token_rejected',
      message: 'No',
      closeCode: 1008,
      retryRecommended: false,
    });
    expect(second!.of('disconnected')[0].error).toBeInstanceOf(TidingsError);
    expect(second!.client.state).toBe('disconnected');
  });

  test('after the end connect() in any tab begins again', async () => {
    const [first, second] = await tabs(2);
    FakeWebSocket.last.open().ends(1000);
    await settle();
    second!.client.connect('U');
    await settle();
    expect(FakeWebSocket.last.url).toContain('token=U');
    FakeWebSocket.last.open();
    await settle();
    expect([first!.client.state, second!.client.state]).toEqual(['connected', 'connected']);
  });

  test('send() of any tab goes out', async () => {
    const [first, second] = await tabs(2);
    expect(second!.client.send('early')).toBe(false);
    FakeWebSocket.last.open();
    await settle();
    expect([first!.client.send('one'), second!.client.send({ two: 2 })]).toEqual([true, true]);
    await settle();
    expect(FakeWebSocket.last.sent).toEqual(['one', '{"two":2}']);
  });

  test('a message of the kind error is told once', async () => {
    const [first, second] = await tabs(2);
    const message = { type: 'error', payload: { code: 'c', message: 'm' } };
    FakeWebSocket.last.open().says(message);
    await settle();
    expect([first!.of('error'), second!.of('error')]).toEqual([[message], [message]]);
  });

  test('a frozen page gives the lock back and gets in line again', async () => {
    const [first] = await tabs(1);
    FakeWebSocket.last.open();
    page.fire('freeze');
    await settle();
    expect(first!.client.state).toBe('paused');
    expect(locks.held.size).toBe(0);
    expect(FakeWebSocket.alive).toEqual([]);
    page.fire('resume');
    await settle();
    expect(FakeWebSocket.alive).toHaveLength(1);
    FakeWebSocket.last.open();
    expect(first!.of('connected')).toEqual([{ isReconnect: false }, { isReconnect: true }]);
  });

  test('nothing is left when all have gone', async () => {
    const all = await tabs(3);
    FakeWebSocket.last.open();
    await settle();
    for (const one of all) one.client.disconnect();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    expect(page.count()).toBe(0);
    expect(FakeWebSocket.alive).toEqual([]);
    expect(FakeChannel.all.size + locks.held.size + locks.queue.length).toBe(0);
  });
});

describe('where a browser cannot share', () => {
  test.each(['locks', 'channels'])('no %s: every tab connects itself', async (missing) => {
    if (missing === 'locks') page.navigator.locks = undefined;
    else vi.stubGlobal('BroadcastChannel', undefined);
    const [first, second] = await tabs(2);
    for (const socket of FakeWebSocket.all) socket.open().says(complete);
    expect(FakeWebSocket.all).toHaveLength(2);
    expect([first!.of('message'), second!.of('message')]).toEqual([[complete], [complete]]);
    first!.client.disconnect();
    second!.client.disconnect();
    expect(FakeWebSocket.alive).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a page that may have no locks connects itself', async () => {
    page.navigator.locks = { request: () => Promise.reject(new DOMException('no', 'SecurityError')) };
    await tabs(1);
    expect(FakeWebSocket.all).toHaveLength(1);
  });
});
