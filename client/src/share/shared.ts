// SPDX-License-Identifier: MIT
// One connection for all tabs of a browser: the tab that holds a lock has it and tells the others what arrives.
//
// A tab that closes loses the lock (the browser sees to that), one that is frozen gives it back, and the next in line connects.
// Where a browser has no locks or no channels between tabs, every tab connects for itself.
import { TidingsClient } from '../core/client.js';
import { Emitter } from '../core/emitter.js';
import { TidingsError, type TidingsErrorDetails, type TidingsErrorCode } from '../core/errors.js';
import { watchPage } from '../core/page.js';
import type {
  ClientEvents,
  TidingsConnection,
  TidingsEvent,
  TidingsEvents,
  TidingsMessage,
  TidingsOptions,
  TidingsState,
} from '../core/types.js';

export interface SharedTidingsOptions extends TidingsOptions {
  /** Tabs with the same name share: let it tell the user, since all hear what the first one's token may hear. */
  share: string;
}

/** What tabs say to one another; `to` where it concerns one only. */
type Word =
  | { say: 'event'; event: keyof ClientEvents; data: unknown; latency: number | undefined; to?: string }
  | { say: 'hello'; from: string }
  | { say: 'connect'; token: string | undefined }
  | { say: 'send'; data: unknown };

/** The client of the tab that leads, all of whose words are heard. */
class Leader extends TidingsClient {
  constructor(
    options: TidingsOptions,
    private readonly told: (event: keyof ClientEvents, data: unknown) => void,
  ) {
    super(options);
  }

  protected override emit<Event extends TidingsEvent>(event: Event, data: TidingsEvents[Event]): void {
    // A message is told once, as such; of its kind the listeners' own tab makes it.
    if (event === 'error' && !(data instanceof TidingsError)) return;
    if (CLIENT_EVENTS.includes(event)) this.told(event as keyof ClientEvents, data);
  }

  protected override has(): boolean {
    return true;
  }
}

const CLIENT_EVENTS: readonly string[] = [
  'connected',
  'disconnected',
  'reconnecting',
  'state',
  'message',
  'error',
  'maxReconnectAttemptsReached',
] satisfies (keyof ClientEvents)[];

export class SharedTidingsClient extends Emitter implements TidingsConnection {
  private readonly id = Math.random().toString(36).slice(2);
  private readonly name: string;
  private readonly leader: Leader;
  private channel: BroadcastChannel | undefined;
  private claim: AbortController | undefined;
  private giveBack: (() => void) | undefined;
  private unwatch: () => void = () => undefined;
  private current: TidingsState = 'disconnected';
  private lastLatency: number | undefined;
  private first: string | undefined;
  private isJoined = false;
  private isLeading = false;
  private wasConnected = false;

  constructor({ share, ...options }: SharedTidingsOptions) {
    super();
    this.name = `tidings:${share}`;
    this.leader = new Leader(options, (event, data) => this.said(event, data));
  }

  get state(): TidingsState {
    return this.current;
  }

  get latency(): number | undefined {
    return this.isLeading ? this.leader.latency : this.lastLatency;
  }

  connect(token?: string): void {
    if (this.isLeading) {
      this.leader.connect(token);
    } else if (this.isJoined) {
      this.post({ say: 'connect', token });
    } else {
      this.join(token);
    }
  }

  disconnect(): void {
    if (!this.isJoined) return;
    this.isJoined = false;
    this.unwatch();
    this.stepDown();
    this.channel?.close();
    this.channel = undefined;
    this.wasConnected = false;
    this.take('state', 'disconnected');
    this.take('disconnected', { code: 1000, reason: 'Client disconnecting', willReconnect: false });
  }

  /** Goes out through the tab that leads; true says only that it was passed on. */
  send(data: unknown): boolean {
    if (this.isLeading) return this.leader.send(data);
    if (this.current !== 'connected') return false;
    this.post({ say: 'send', data });
    return true;
  }

  private join(token: string | undefined): void {
    this.isJoined = true;
    this.first = token;
    if (!globalThis.navigator?.locks || !globalThis.BroadcastChannel) {
      this.lead();
      return;
    }
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = (event) => this.heard(event.data as Word);
    this.unwatch = watchPage({
      frozen: () => {
        this.stepDown();
        this.take('state', 'paused');
      },
      thawed: () => this.stand(),
      offline: () => undefined,
      online: () => undefined,
      seen: () => undefined,
    });
    this.take('state', 'connecting');
    // A handler of it may have left again.
    if (this.isJoined) this.stand();
  }

  /** Gets in line for the lock, and asks who has it how things are. */
  private stand(): void {
    if (this.claim) return;
    const claim = (this.claim = new AbortController());
    const until = (): Promise<void> => {
      if (claim.signal.aborted) return Promise.resolve();
      this.lead();
      return new Promise((done) => (this.giveBack = done));
    };
    navigator.locks.request(this.name, { signal: claim.signal }, until).catch(() => {
      // Given up, or a page that may have no locks: that one connects for itself.
      if (!claim.signal.aborted) this.lead();
    });
    this.post({ say: 'hello', from: this.id });
  }

  private lead(): void {
    this.isLeading = true;
    this.leader.connect(this.first);
  }

  /** The next tab in line takes over. */
  private stepDown(): void {
    this.claim?.abort();
    this.claim = undefined;
    this.isLeading = false;
    this.leader.disconnect();
    this.giveBack?.();
    this.giveBack = undefined;
  }

  /** What our own connection says, while it is ours. */
  private said(event: keyof ClientEvents, data: unknown): void {
    if (!this.isLeading) return;
    this.post({ say: 'event', event, data: packed(data), latency: this.leader.latency });
    this.take(event, data);
  }

  private heard(word: Word): void {
    if (word.say === 'event') {
      if (this.isLeading || (word.to !== undefined && word.to !== this.id)) return;
      this.lastLatency = word.latency;
      this.take(word.event, word.event === 'message' ? word.data : unpacked(word.data));
    } else if (!this.isLeading) {
      return;
    } else if (word.say === 'connect') {
      this.leader.connect(word.token);
    } else if (word.say === 'send') {
      this.leader.send(word.data);
    } else {
      const { latency, state } = this.leader;
      this.post({ say: 'event', event: 'state', data: state, latency, to: word.from });
      if (state === 'connected') {
        this.post({ say: 'event', event: 'connected', data: { isReconnect: false }, latency, to: word.from });
      }
    }
  }

  private take(event: keyof ClientEvents, data: any): void {
    if (event === 'message') {
      this.emitMessage(data as TidingsMessage, () => this.isJoined);
      return;
    }
    if (event === 'state') {
      if (data === this.current) return;
      this.current = data;
    }
    if (event === 'connected') {
      // Whoever was connected through another tab may have missed something.
      data = { isReconnect: this.wasConnected || data.isReconnect };
      this.wasConnected = true;
    }
    this.emit(event, data);
  }

  private post(word: Word): void {
    this.channel?.postMessage(word);
  }
}

interface Packed {
  packed: [code: TidingsErrorCode, message: string, details: TidingsErrorDetails];
}

/** An error as plain data: copies between tabs lose a class. Events carry theirs as `error`. */
function packed(data: any): unknown {
  if (data instanceof TidingsError) {
    const { code, message, closeCode, retryAfterSeconds, retryRecommended } = data;
    return { packed: [code, message, { closeCode, retryAfterSeconds, retryRecommended }] } satisfies Packed;
  }
  return data?.error instanceof TidingsError ? { ...data, error: packed(data.error) } : data;
}

function unpacked(data: any): unknown {
  if (data?.packed) return new TidingsError(...(data as Packed).packed);
  return data?.error?.packed ? { ...data, error: unpacked(data.error) } : data;
}
