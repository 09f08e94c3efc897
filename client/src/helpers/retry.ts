// SPDX-License-Identifier: MIT
// connectWithRetry: a WebSocket that is opened again, with the same face.
import type { WebSocketClass, WebSocketLike } from '../core/types.js';
import { target } from '../core/url.js';
import { endpointUrl } from './endpoint.js';

/** After these there is nothing to retry. */
const FINAL = [1000, 1008, 4003, 4004];

export interface RetryOptions {
  /** Default: `/ws` on the page's own origin. */
  url?: string;
  token?: string;
  /** Default 5. */
  maxAttempts?: number;
  WebSocket?: WebSocketClass;
}

type Listener = Parameters<EventTarget['addEventListener']>;

/** What stands for one WebSocket after another: handlers and listeners are of whichever there is. */
export class RetryingWebSocket implements WebSocketLike {
  onopen: ((event: any) => void) | null = null;
  onmessage: ((event: any) => void) | null = null;
  onerror: ((event: any) => void) | null = null;
  onclose: ((event: any) => void) | null = null;
  private socket!: WebSocketLike;
  private listeners: Listener[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempts = 0;
  private isOver = false;

  constructor(
    private readonly options: RetryOptions & { url: string },
    private readonly maxAttempts: number,
  ) {
    this.dial();
  }

  get readyState(): number {
    return this.socket.readyState;
  }
  get url(): string {
    return this.real.url;
  }
  get protocol(): string {
    return this.real.protocol;
  }
  get bufferedAmount(): number {
    return this.real.bufferedAmount;
  }

  send(data: string): void {
    this.socket.send(data);
  }

  /** Ends it, retries included. */
  close(code?: number, reason?: string): void {
    this.isOver = true;
    clearTimeout(this.timer);
    this.socket.close(code, reason);
  }

  addEventListener(...listener: Listener): void {
    this.listeners.push(listener);
    this.real.addEventListener(...(listener as Parameters<WebSocket['addEventListener']>));
  }

  removeEventListener(...[type, handler]: Listener): void {
    this.listeners = this.listeners.filter((one) => one[0] !== type || one[1] !== handler);
    this.real.removeEventListener(type, handler as EventListener);
  }

  private get real(): WebSocket {
    return this.socket as unknown as WebSocket;
  }

  private dial(): void {
    const Socket = this.options.WebSocket ?? (globalThis.WebSocket as WebSocketClass);
    const socket = new Socket(...target(this.options, this.options.token));
    this.socket = socket;
    for (const listener of this.listeners) this.addAgain(listener);
    socket.onopen = (event) => this.onopen?.(event);
    socket.onmessage = (event) => this.onmessage?.(event);
    socket.onerror = (event) => this.onerror?.(event);
    socket.onclose = (event) => {
      if (!this.isOver && !FINAL.includes(event.code) && this.attempts < this.maxAttempts) {
        this.attempts++;
        this.timer = setTimeout(() => this.dial(), Math.min(1000 * 2 ** this.attempts, 30_000));
      }
      this.onclose?.(event);
    };
  }

  private addAgain(listener: Listener): void {
    this.real.addEventListener(...(listener as Parameters<WebSocket['addEventListener']>));
  }
}

/**
 * Opens a WebSocket, and again when it closes with anything but a normal end or a refusal: after 2, 4, 8, 16 and 30 seconds at
 * most. What it answers stands for all of them.
 */
export function connectWithRetry(url: string | RetryOptions = {}, maxAttempts?: number): RetryingWebSocket {
  const options = typeof url === 'string' ? { url } : url;
  return new RetryingWebSocket(
    { ...options, url: endpointUrl('/ws', options.url) },
    maxAttempts ?? options.maxAttempts ?? 5,
  );
}
