// SPDX-License-Identifier: MIT
// One connection that stays: opens it, hands out what arrives, and comes back when it is lost.
//
// An epoch begins with each attempt and each end. Whatever was started in an earlier one (a token under way, news that a handler
// answered with disconnect()) finds its epoch gone and stops. One timer serves them all: only one thing is waited for at a time.
import { closeError, HEARTBEAT_LOST, isFinal, refusalError } from './close.js';
import { Emitter, wantsTrace } from './emitter.js';
import { TidingsError } from './errors.js';
import { explain } from './explain.js';
import { Heartbeat } from './heartbeat.js';
import { isRefusal, kindOf } from './kind.js';
import { isOffline, watchPage } from './page.js';
import type {
  ClientEvents,
  TidingsConnection,
  TidingsMessage,
  TidingsOptions,
  TidingsState,
  WebSocketClass,
  WebSocketLike,
} from './types.js';
import { plainUrl, target } from './url.js';

const CONNECT_MS = 20_000;
/** After so long connected, attempts are counted from the beginning. */
const STEADY_MS = 30_000;
/** What a timer can hold; more would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

const ignore = (): void => undefined;

export class TidingsClient extends Emitter implements TidingsConnection {
  protected readonly options: TidingsOptions;
  private current: TidingsState = 'disconnected';
  private open: WebSocketLike | undefined;
  private token: string | null | undefined;
  private readonly heartbeat: Heartbeat;
  private epoch = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | undefined;
  private unwatch: () => void = ignore;
  private attempts = 0;
  private openedAt = 0;
  private notBefore = 0;
  private refusal: TidingsError | undefined;
  private wasConnected = false;
  private isWaiting = false;

  constructor(options: TidingsOptions) {
    super();
    this.options = { ...options };
    this.token = options.token;
    this.heartbeat = new Heartbeat(
      this.options,
      () => this.send({ type: 'ping' }),
      () => this.lost(HEARTBEAT_LOST, 'Heartbeat lost', HEARTBEAT_LOST),
    );
  }

  get state(): TidingsState {
    return this.current;
  }

  get latency(): number | undefined {
    return this.heartbeat.latency;
  }

  /** The socket of the moment, for a look at it. */
  get socket(): WebSocketLike | undefined {
    return this.open;
  }

  connect(token?: string): void {
    if (token !== undefined) this.token = token;
    if (this.current !== 'disconnected') {
      this.hurry();
      return;
    }
    this.isTraced = wantsTrace();
    this.attempts = this.notBefore = 0;
    this.wasConnected = false;
    this.unwatch = watchPage({
      offline: () => this.pause(),
      online: () => this.wake(),
      frozen: () => this.pause(),
      thawed: () => this.wake(),
      seen: () => this.wake(),
    });
    this.attempt();
  }

  disconnect(): void {
    if (this.current !== 'disconnected') this.end(1000, 'Client disconnecting');
  }

  send(data: unknown): boolean {
    const socket = this.open;
    if (this.current !== 'connected' || !socket || socket.readyState > 1) return false;
    socket.send(typeof data === 'string' ? data : JSON.stringify(data));
    return true;
  }

  /** What a text message says. Throws where it is not JSON. */
  protected parse(text: string): unknown {
    return JSON.parse(text);
  }

  private attempt(): void {
    const epoch = this.release();
    this.refusal = undefined;
    this.enter(this.wasConnected || this.attempts ? 'reconnecting' : 'connecting');
    if (epoch !== this.epoch) return;

    const { getToken } = this.options;
    const token = this.token;
    if (!getToken || token !== undefined) {
      // One that was given goes before getToken, once.
      if (getToken) this.token = undefined;
      this.dial(token);
      return;
    }
    const got = (fresh: string | null | undefined): void => {
      if (epoch !== this.epoch) return;
      if (fresh) this.dial(fresh);
      else this.end(1006, '', new TidingsError('token_unavailable', 'Nobody is logged in'));
    };
    const failed = (cause: unknown): void => {
      if (epoch !== this.epoch) return;
      const message = cause instanceof Error ? cause.message : String(cause);
      this.lost(1006, '', undefined, new TidingsError('token_unavailable', message, { cause }));
    };
    this.after(this.options.connectTimeout ?? CONNECT_MS, () => failed(new Error('getToken took too long')));
    try {
      const answer = getToken();
      // Not `instanceof Promise`: one of another library will do.
      if (typeof answer === 'object' && answer) answer.then(got, failed);
      else got(answer);
    } catch (error) {
      failed(error);
    }
  }

  private dial(token: string | null | undefined): void {
    let socket: WebSocketLike;
    try {
      const Socket = this.options.WebSocket ?? (globalThis.WebSocket as WebSocketClass);
      socket = new Socket(...target(this.options, token));
    } catch (cause) {
      this.end(1006, '', new TidingsError('unusable', String(cause), { cause }));
      return;
    }
    this.open = socket;
    this.after(this.options.connectTimeout ?? CONNECT_MS, () => this.lost(1006, 'No answer in time', 1000));
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.heard(event.data);
    socket.onerror = ignore;
    socket.onclose = (event) => {
      const isSilent = this.current !== 'connected';
      this.lost(event?.code ?? 1006, event?.reason ?? '');
      if (isSilent) this.ask(token);
    };
  }

  private opened(): void {
    clearTimeout(this.timer);
    const isReconnect = this.wasConnected;
    this.wasConnected = true;
    this.openedAt = Date.now();
    this.notBefore = 0;
    this.heartbeat.start();
    this.enter('connected', { connected: { isReconnect } });
  }

  private heard(data: unknown): void {
    let message: unknown;
    try {
      message = data === 'pong' ? { type: data } : this.parse(data as string);
    } catch {
      console.warn('tidings: skipped a message that is not JSON');
    }
    const kind = kindOf(message);
    this.heartbeat.heard(kind === 'pong');
    if (message === undefined || kind === 'pong') return;
    if (isRefusal(message)) {
      this.refusal = refusalError(message);
      this.emit('error', this.refusal);
      return;
    }
    const epoch = this.epoch;
    this.emitMessage(message as TidingsMessage, () => epoch === this.epoch);
  }

  /** An attempt or a connection is over; what is still open is closed with `closeWith`, and nobody waits for its close event. */
  private lost(code: number, reason: string, closeWith?: number, cause?: TidingsError): void {
    const wasOpen = this.current === 'connected';
    if (wasOpen && Date.now() - this.openedAt >= STEADY_MS) this.attempts = 0;
    const error = this.refusal ?? cause ?? closeError(code, reason, wasOpen);
    if (isFinal(code, error, this.options.getToken !== undefined)) {
      this.end(code, reason, error);
      return;
    }
    this.release(closeWith, reason);
    // What the server explained was told when it came.
    const news: News = this.refusal ? {} : { error };

    const { maxReconnectAttempts = Infinity } = this.options;
    if (!isOffline() && this.attempts >= maxReconnectAttempts) {
      this.end(code, reason, error, { ...news, maxReconnectAttemptsReached: { attempts: this.attempts } });
      return;
    }
    this.refusal = undefined;
    if (wasOpen) news.disconnected = { code, reason, willReconnect: true, error };
    if (isOffline()) {
      this.isWaiting = true;
      this.enter('paused', news);
      return;
    }
    const isQuick = !this.attempts && (code === HEARTBEAT_LOST || code === 4001);
    const delay = isQuick ? 0 : this.delay(error);
    this.attempts++;
    const epoch = this.epoch;
    this.wait(delay, news);
    if (isQuick && epoch === this.epoch) this.attempt();
  }

  /** How long until the next attempt: random up to a bound that doubles, so that not all come at once, or what the server asks for. */
  private delay(error: TidingsError | undefined): number {
    const { reconnectDelay = 1000, maxReconnectDelay = 30_000, jitterFactor = 0.1, backoff } = this.options;
    let delay = backoff
      ? backoff(this.attempts)
      : Math.random() * Math.min(maxReconnectDelay, reconnectDelay * 2 ** this.attempts);
    if (error?.retryAfterSeconds !== undefined) {
      delay = error.retryAfterSeconds * 1000 * (1 + jitterFactor * Math.random());
      this.notBefore = Date.now() + delay;
    } else if (error?.code === 'rate_limited') {
      delay = Math.max(delay, maxReconnectDelay * (1 - Math.random() / 2));
      this.notBefore = Date.now() + delay;
    }
    return Math.min(delay, LONGEST_MS);
  }

  private wait(delay: number, news: News = {}): void {
    this.isWaiting = true;
    this.after(delay, () => this.attempt());
    this.enter('reconnecting', { ...news, reconnecting: { attempt: Math.max(1, this.attempts), delay } });
  }

  /** The handshake failed without a word: while the wait for the next attempt runs, asks why. */
  private ask(token: string | null | undefined): void {
    if (!this.isWaiting || this.options.explain === false || !globalThis.fetch) return;
    const epoch = this.epoch;
    this.asking = new AbortController();
    void explain(plainUrl(this.options, token), this.asking.signal).then((error) => {
      if (!error || epoch !== this.epoch || this.current !== 'reconnecting') return;
      if (isFinal(0, error, false)) {
        this.end(1006, error.message, error, { error });
      } else if (error.retryAfterSeconds !== undefined) {
        this.wait(this.delay(error), { error });
      } else {
        this.emit('error', error);
      }
    });
  }

  /** The browser is offline or the page put aside. */
  private pause(): void {
    if (this.current === 'paused' || this.current === 'disconnected') return;
    const wasOpen = this.current === 'connected';
    if (wasOpen && Date.now() - this.openedAt >= STEADY_MS) this.attempts = 0;
    this.release(1000, 'Paused');
    this.isWaiting = true;
    this.enter(
      'paused',
      wasOpen ? { disconnected: { code: 1006, reason: 'Paused', willReconnect: true } } : {},
    );
  }

  /** The network or the page is back, or somebody looks at it: what seemed to live is asked, and a wait cut short. */
  private wake(): void {
    if (this.current === 'connected') this.heartbeat.probe();
    else if (!isOffline()) this.hurry();
  }

  private hurry(): void {
    if (!this.isWaiting) return;
    const left = this.notBefore - Date.now();
    if (left <= 0) this.attempt();
    else if (this.current === 'paused') this.wait(left);
  }

  /** The end, until somebody calls connect(). */
  private end(code: number, reason: string, error?: TidingsError, news?: News): void {
    this.release(1000, reason);
    this.unwatch();
    const toTell = news ?? (error && error !== this.refusal ? { error } : {});
    if (error && !this.has('error')) console.error('tidings:', error);
    this.refusal = undefined;
    this.enter('disconnected', { ...toTell, disconnected: { code, reason, willReconnect: false, error } });
  }

  /** Drops whatever is under way, and with it the epoch. */
  private release(code = 1000, reason = ''): number {
    clearTimeout(this.timer);
    this.heartbeat.stop();
    this.asking?.abort();
    this.isWaiting = false;
    const socket = this.open;
    if (socket) {
      this.open = undefined;
      // onerror stays: Node's ws throws what nobody hears.
      socket.onopen = socket.onmessage = socket.onclose = null;
      try {
        if (socket.readyState !== 3) socket.close(code, reason);
      } catch {
        // A code or reason that may not be sent; the socket goes without.
      }
    }
    return ++this.epoch;
  }

  private after(delay: number, then: () => void): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(then, delay);
  }

  /** Takes a state and tells all news, as long as no handler changes it all again. */
  private enter(state: TidingsState, news: News = {}): void {
    const epoch = this.epoch;
    const isNew = state !== this.current;
    this.current = state;
    if (isNew) this.emit('state', state);
    for (const event of Object.keys(news) as (keyof ClientEvents)[]) {
      if (epoch !== this.epoch) return;
      if (news[event] !== undefined) this.emit(event, news[event] as never);
    }
  }
}

/** What is to be told, in this order. */
type News = { -readonly [Event in keyof ClientEvents]?: ClientEvents[Event] };
