// SPDX-License-Identifier: MIT
// What a client is told to do, what it says, and what it needs of its surroundings.
import type { CatalogueKinds, Category, Priority } from '../kinds.js';
import type { TidingsError } from './errors.js';

/**
 * Where a client stands: `connecting` on the first attempt, `reconnecting` on all later ones and between them, `paused` while
 * the browser is offline or the page frozen (it goes on by itself), `disconnected` before `connect()` and after the end.
 */
export type TidingsState = 'disconnected' | 'connecting' | 'connected' | 'reconnecting' | 'paused';

/** The server lost touch with its broker and may miss notifications, or has found it again: load the state from the backend. */
export interface ServiceNotice<Kind extends string> {
  notification_type: Kind;
  category: Category;
  priority: Priority;
  action_required: boolean;
  payload: { message: string };
  timestamp: string;
  event_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** The same for watchers of one batch. */
export interface ServiceEvent<Kind extends string> {
  event_type: Kind;
  status: 'degraded' | 'recovered';
  message: string;
  timestamp: string;
  notification_type?: undefined;
  event?: undefined;
  type?: undefined;
}

/** The same for watchers of one submission. */
export interface ServiceStatus {
  type: 'service_status';
  submission_id: number | null;
  status: 'degraded' | 'recovered';
  timestamp: string;
  notification_type?: undefined;
  event_type?: undefined;
  event?: undefined;
}

/** What the server itself says of its health. */
export interface ServiceKinds {
  service_degraded: ServiceNotice<'service_degraded'>;
  service_recovered: ServiceNotice<'service_recovered'>;
  'service.degraded': ServiceEvent<'service.degraded'>;
  'service.recovered': ServiceEvent<'service.recovered'>;
  service_status: ServiceStatus;
}

/**
 * Kinds of one's own, by name, the whole message each. Empty, to be added to:
 * `declare module 'tidings-client' { interface CustomKinds { invoice_paid: { type: 'invoice_paid'; … } } }`.
 */
export interface CustomKinds {}

type Discriminator = 'notification_type' | 'event_type' | 'event' | 'type';
/** A message that says `undefined` of the discriminators it has not, so that a switch on any of them narrows. */
type Discriminated<Message> = Message & { [Missing in Exclude<Discriminator, keyof Message>]?: undefined };

/** Every kind of message that has a type. */
export type MessageKinds = CatalogueKinds &
  ServiceKinds & { [Kind in keyof CustomKinds]: Discriminated<CustomKinds[Kind]> };
export type MessageKind = keyof MessageKinds;

/** Any message: a `switch` on `notification_type`, `event_type`, `event` or `type` narrows it. */
export type TidingsMessage = MessageKinds[MessageKind];

/** What a kind carries: its `payload`, else its `data`, else the message itself. */
export type PayloadOf<Kind extends MessageKind> = MessageKinds[Kind] extends { payload: infer Payload }
  ? Payload
  : MessageKinds[Kind] extends { data: infer Data }
    ? Data
    : MessageKinds[Kind];

export interface ConnectedEvent {
  /** Not the first time since `connect()`: what was published in between is lost, so load the state from the backend. */
  isReconnect: boolean;
}

export interface DisconnectedEvent {
  /** The close code, 1006 where there was none. */
  code: number;
  reason: string;
  /** False when it is over until somebody calls `connect()`. */
  willReconnect: boolean;
  /** Why, unless it was a normal end. */
  error?: TidingsError;
}

export interface ReconnectingEvent {
  /** Which attempt this will be, from 1. */
  attempt: number;
  /** How long until then, in milliseconds. */
  delay: number;
}

export interface MaxReconnectAttemptsEvent {
  attempts: number;
}

/** What a client says besides the kinds of message. */
export interface ClientEvents {
  connected: ConnectedEvent;
  /** A connection ended, or it is over for good. */
  disconnected: DisconnectedEvent;
  /** The client stands elsewhere now; comes before the event that says why. */
  state: TidingsState;
  /** Another attempt is due. */
  reconnecting: ReconnectingEvent;
  /** Every message of whatever kind, before the handlers of its kind. */
  message: TidingsMessage;
  /** What went wrong (`instanceof TidingsError`), or a message of the kind `error`. */
  error: TidingsError | MessageKinds['error'];
  /** `maxReconnectAttempts` is used up; `disconnected` follows. */
  maxReconnectAttemptsReached: MaxReconnectAttemptsEvent;
}

/** Everything that `on()` takes, with what its handlers get. */
export type TidingsEvents = ClientEvents & Omit<MessageKinds, keyof ClientEvents>;
export type TidingsEvent = keyof TidingsEvents;
export type Handler<Event extends TidingsEvent> = (data: TidingsEvents[Event]) => void;

/** What listeners and bindings need of a client, whether it has the connection itself or shares one. */
export interface TidingsConnection {
  readonly state: TidingsState;
  /** Milliseconds from the last heartbeat to its answer; undefined before the first. */
  readonly latency: number | undefined;
  /** Opens the connection; a token given here replaces the client's. Does nothing where there is one or one is on its way. */
  connect(token?: string): void;
  /** Ends it for good: no timer, listener or socket stays. Handlers stay, for the next `connect()`. */
  disconnect(): void;
  /** Adds a handler, once however often it is given. The answer removes it. */
  on<Event extends TidingsEvent>(event: Event, handler: Handler<Event>): () => void;
  once<Event extends TidingsEvent>(event: Event, handler: Handler<Event>): () => void;
  /** Removes a handler, or all of an event. */
  off<Event extends TidingsEvent>(event: Event, handler?: Handler<Event>): void;
  /** Sends a text as it is and anything else as JSON. False when there is no connection: nothing is kept for later. */
  send(data: unknown): boolean;
}

/** The part of a browser's WebSocket that is used; Node's `ws` has it too. */
export interface WebSocketLike {
  readonly readyState: number;
  onopen: ((event: any) => void) | null;
  onmessage: ((event: any) => void) | null;
  onclose: ((event: any) => void) | null;
  onerror: ((event: any) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}
export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocketLike;

/** A token, or null for "nobody is logged in": then the client stops. */
export type TokenSource = () => string | null | undefined | Promise<string | null | undefined>;

export interface TidingsOptions {
  /** `wss://host/path`; `https:` becomes `wss:`, and a path alone is taken on the page's own origin. */
  url: string;
  /** The token to connect with. Without this and `getToken` none is sent. */
  token?: string;
  /** Asked before each attempt instead, so that every attempt has a fresh one. */
  getToken?: TokenSource;
  /** Sends the token in the URL's query (the default), or in a subprotocol, which no log keeps. */
  tokenIn?: 'query' | 'protocol';
  /** Subprotocols to offer. */
  protocols?: string | string[];
  /** Attempts in a row before it gives up; unlimited unless given. */
  maxReconnectAttempts?: number;
  /** The bound of the first random wait, in milliseconds; it doubles with each attempt. Default 1000. */
  reconnectDelay?: number;
  /** What the bound does not exceed. Default 30000. */
  maxReconnectDelay?: number;
  /** The share added at random to a wait that the server asks for. Default 0.1. */
  jitterFactor?: number;
  /** The wait before an attempt, in place of the random one; the first attempt is number 0. */
  backoff?: (attempt: number) => number;
  /** Milliseconds between heartbeats; 0 for none. Default 30000. */
  heartbeatInterval?: number;
  /** How long an answer may take before the connection is given up. Default 10000. */
  heartbeatTimeout?: number;
  /** How long opening may take, and `getToken` too. Default 20000. */
  connectTimeout?: number;
  /** After a handshake that failed without a word, a GET on the same URL learns why. Default true. */
  explain?: boolean;
  /** The class to use where there is no global one (Node before 22). */
  WebSocket?: WebSocketClass;
}
