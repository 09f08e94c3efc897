/// <reference types="svelte" />
// SPDX-License-Identifier: MIT
// tidings-client/svelte: the connection and what came over it as runes, for Svelte 5. Shipped with its runes: the application's
// own compiler turns them into code.
import { untrack } from 'svelte';
import { TidingsError } from '../core/errors.js';
import { isObject } from '../core/kind.js';
import type { Handler, TidingsEvent, TidingsMessage, TidingsState, TokenSource } from '../core/types.js';
import { HuleEduWebSocketClient, type HuleEduOptions } from '../helpers/huleedu.js';
import { withMessage, type BatchState, type BatchStates } from './batches.js';

export type { BatchState, BatchStates };

/** A message with what the page adds to it. */
export type WsNotification = TidingsMessage & {
  /** Its own `notification_id` where it has one, else one that this page gave it. */
  id: string;
  read: boolean;
};

export interface WsConnectOptions extends HuleEduOptions {
  token?: string;
  /** Asked before each attempt instead. */
  getToken?: TokenSource;
}

/** As many notifications are kept. */
const KEPT = 100;

export class WebSocketManager {
  #client: HuleEduWebSocketClient | undefined;
  #state = $state<TidingsState>('disconnected');
  #isConnected = $derived(this.#state === 'connected');
  #error = $state.raw<TidingsError>();
  #notifications = $state.raw<readonly WsNotification[]>([]);
  #batchStates = $state.raw<BatchStates>({});
  #unreadCount = $derived(this.#notifications.filter(({ read }) => !read).length);
  #given = 0;
  /** Handlers of the application, for whichever client there is. */
  #handlers: [TidingsEvent, Handler<any>][] = [];

  get state(): TidingsState {
    return this.#state;
  }
  get isConnected(): boolean {
    return this.#isConnected;
  }
  /** What went wrong last, in words; null once connected. */
  get connectionError(): string | null {
    return this.#error?.message ?? null;
  }
  /** The same, to tell by its `code` what to do. */
  get error(): TidingsError | undefined {
    return this.#error;
  }
  /** The last 100, the newest first. */
  get notifications(): readonly WsNotification[] {
    return this.#notifications;
  }
  get unreadCount(): number {
    return this.#unreadCount;
  }
  /** By their ids, the last 200 of which something was heard. */
  get batchStates(): BatchStates {
    return this.#batchStates;
  }

  /** Connects; where there is a connection already, this one takes its place. `url` is `/ws` on the page's own origin unless given. */
  connect({ token, getToken, ...options }: WsConnectOptions = {}): void {
    untrack(() => {
      this.disconnect();
      this.#error = undefined;
      const client = new HuleEduWebSocketClient(getToken ?? token ?? '', options);
      this.#client = client;
      client.on('state', (state) => {
        this.#state = state;
        if (state === 'connected') this.#error = undefined;
      });
      client.on('error', (error) => this.#failed(error));
      client.on('disconnected', ({ error }) => this.#failed(error));
      client.on('message', (message) => this.#add(message));
      for (const [event, handler] of this.#handlers) client.on(event, handler);
      client.connect();
    });
  }

  /** Ends the connection; what came over it stays. */
  disconnect(): void {
    untrack(() => {
      const client = this.#client;
      this.#client = undefined;
      client?.disconnect();
    });
  }

  /** Calls `handler` for each event, now and after the next connect(). The answer ends that, as `$effect` wants it. */
  on<Event extends TidingsEvent>(event: Event, handler: Handler<Event>): () => void {
    const entry: [TidingsEvent, Handler<any>] = [event, handler];
    this.#handlers.push(entry);
    this.#client?.on(event, handler);
    return () => {
      this.#handlers = this.#handlers.filter((one) => one !== entry);
      this.#client?.off(event, handler);
    };
  }

  markAsRead(id: string): void {
    this.#notifications = this.#notifications.map((one) => (one.id === id ? { ...one, read: true } : one));
  }

  /** Forgets what came, for the next user. */
  clear(): void {
    this.#notifications = [];
    this.#batchStates = {};
  }

  #failed(error: unknown): void {
    if (error instanceof TidingsError) this.#error = error;
  }

  #add(message: TidingsMessage): void {
    if (!isObject(message)) return;
    const own = (message as Record<string, unknown>)['notification_id'];
    const id = typeof own === 'string' || typeof own === 'number' ? String(own) : `local-${++this.#given}`;
    // What is delivered again is no news, and two of one id would break a keyed {#each}.
    if (this.#notifications.some((one) => one.id === id)) return;
    this.#notifications = [{ ...message, id, read: false }, ...this.#notifications.slice(0, KEPT - 1)];
    this.#batchStates = withMessage(this.#batchStates, message);
  }
}

/** The application's one. */
export const wsManager = new WebSocketManager();
