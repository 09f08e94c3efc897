// SPDX-License-Identifier: MIT
// A WebSocket that a test plays the server of, and a client that writes down what it says.
import { afterEach, beforeEach, vi } from 'vitest';
import { TidingsClient, type TidingsEvents, type TidingsOptions } from '../../src/index';

export class FakeWebSocket {
  static all: FakeWebSocket[] = [];
  static get last(): FakeWebSocket {
    const last = FakeWebSocket.all.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  }
  /** Those that are neither closed nor closing. */
  static get alive(): FakeWebSocket[] {
    return FakeWebSocket.all.filter((socket) => socket.readyState < 2);
  }

  readyState = 0;
  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;
  sent: string[] = [];
  /** What the client closed it with. */
  closedWith: [number | undefined, string | undefined] | undefined;
  private listeners: [string, (event: any) => void][] = [];

  constructor(
    readonly url: string,
    readonly protocols?: string[],
  ) {
    FakeWebSocket.all.push(this);
  }

  send(data: string): void {
    if (this.readyState !== 1) throw new Error('not open');
    this.sent.push(data);
  }
  close(code?: number, reason?: string): void {
    this.closedWith = [code, reason];
    this.readyState = 2;
  }
  addEventListener(type: string, listener: (event: any) => void): void {
    this.listeners.push([type, listener]);
  }
  removeEventListener(type: string, listener: (event: any) => void): void {
    this.listeners = this.listeners.filter(([of, which]) => of !== type || which !== listener);
  }

  // The server's side.
  open(): this {
    this.readyState = 1;
    this.fire('open', { type: 'open' });
    return this;
  }
  says(data: unknown): this {
    this.fire('message', { data: typeof data === 'string' ? data : JSON.stringify(data) });
    return this;
  }
  ends(code = 1006, reason = ''): this {
    this.readyState = 3;
    if (code === 1006) this.fire('error', {});
    this.fire('close', { code, reason, wasClean: code !== 1006 });
    return this;
  }
  private fire(type: 'open' | 'message' | 'close' | 'error', event: unknown): void {
    this[`on${type}`]?.(event);
    for (const [of, listener] of [...this.listeners]) if (of === type) listener(event);
  }
  get isWatched(): boolean {
    return Boolean(this.onopen || this.onmessage || this.onclose || this.listeners.length);
  }
}

/** A fake clock, fake sockets, a network that answers no GET, and no luck: Math.random() is 1/2. */
export function fakeWorld(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    FakeWebSocket.all = [];
    vi.stubGlobal('WebSocket', FakeWebSocket);
    vi.stubGlobal(
      'fetch',
      vi.fn(() => Promise.reject(new TypeError('no network'))),
    );
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
  });
  afterEach(() => {
    vi.clearAllTimers();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}

const EVENTS = [
  'state',
  'connected',
  'disconnected',
  'reconnecting',
  'message',
  'error',
  'maxReconnectAttemptsReached',
] as const;

export interface Recorded {
  client: TidingsClient;
  /** Each event with its data, in order. */
  log: [keyof TidingsEvents, any][];
  /** The data of one event. */
  of: (event: keyof TidingsEvents) => any[];
}

/** A client that is already told to connect. */
export function started(options: Partial<TidingsOptions> = {}): Recorded {
  const client = new TidingsClient({ url: 'ws://server.test/ws', token: 'T', ...options });
  const recorded = record(client);
  client.connect();
  return recorded;
}

export function record<Client extends Pick<TidingsClient, 'on'>>(
  client: Client,
): { client: Client; log: Recorded['log']; of: Recorded['of'] } {
  const log: Recorded['log'] = [];
  for (const event of EVENTS) client.on(event, (data: any) => log.push([event, data]));
  return { client, log, of: (event) => log.filter((entry) => entry[0] === event).map((entry) => entry[1]) };
}

/** A page with its window and document events, as far as a client looks at them. */
export function fakePage(): {
  fire: (type: string, more?: object) => void;
  count: () => number;
  document: any;
  navigator: any;
} {
  const listeners: [string, (event: any) => void][] = [];
  const target = {
    addEventListener: (type: string, listener: (event: any) => void) => listeners.push([type, listener]),
    removeEventListener: (type: string, listener: (event: any) => void) => {
      const at = listeners.findIndex((one) => one[0] === type && one[1] === listener);
      if (at >= 0) listeners.splice(at, 1);
    },
  };
  const document = { ...target, visibilityState: 'visible' };
  const navigator = { onLine: true };
  vi.stubGlobal('addEventListener', target.addEventListener);
  vi.stubGlobal('removeEventListener', target.removeEventListener);
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', navigator);
  return {
    fire: (type, more = {}) => {
      for (const [of, listener] of [...listeners]) if (of === type) listener({ type, ...more });
    },
    count: () => listeners.length,
    document,
    navigator,
  };
}

/** Lets promises that are settled be heard. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};
