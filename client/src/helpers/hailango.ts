// SPDX-License-Identifier: MIT
// HaiLanGo's client: the one of the page, over `/api/v1/ws`.
import { TidingsClient } from '../core/client.js';
import { payloadOf } from '../core/kind.js';
import { TidingsError } from '../core/errors.js';
import type {
  Handler,
  MessageKind,
  MessageKinds,
  PayloadOf,
  TidingsConnection,
  TidingsOptions,
} from '../core/types.js';
import { endpointUrl } from './endpoint.js';

const PATH = '/api/v1/ws';

export interface WebSocketClientConfig extends Partial<TidingsOptions> {
  /** The same as `reconnectDelay`. */
  reconnectInterval?: number;
}

function optionsOf({ reconnectInterval, url, ...rest }: WebSocketClientConfig): Partial<TidingsOptions> {
  return {
    ...rest,
    ...(url === undefined ? {} : { url: endpointUrl(PATH, url) }),
    ...(reconnectInterval === undefined ? {} : { reconnectDelay: reconnectInterval }),
  };
}

/** Calls `handler` with what each message of a kind carries, whoever has the connection. The answer ends that. */
export function onPayload<Kind extends MessageKind>(
  connection: TidingsConnection,
  kind: Kind,
  handler: (payload: PayloadOf<Kind>) => void,
): () => void {
  const whole = (message: MessageKinds[Kind] | TidingsError): void => {
    // `error` is also what the client says of itself.
    if (!(message instanceof TidingsError)) handler(payloadOf(message) as PayloadOf<Kind>);
  };
  return connection.on(kind, whole as Handler<Kind>);
}

export class HaiLanGoWebSocketClient extends TidingsClient {
  constructor(config: WebSocketClientConfig = {}) {
    super({ maxReconnectAttempts: 5, url: endpointUrl(PATH), ...optionsOf(config) });
  }

  /** Changes what is given, from the next attempt on. */
  configure(config: WebSocketClientConfig): void {
    Object.assign(this.options, optionsOf(config));
  }

  get isConnected(): boolean {
    return this.state === 'connected';
  }

  /** Calls `handler` with what each message of a kind carries. The answer ends that. */
  subscribe<Kind extends MessageKind>(kind: Kind, handler: (payload: PayloadOf<Kind>) => void): () => void {
    return onPayload(this, kind, handler);
  }
}

let only: HaiLanGoWebSocketClient | undefined;

/** The page's one client. A later call may still change its configuration. */
export function getWebSocketClient(config?: WebSocketClientConfig): HaiLanGoWebSocketClient {
  if (!only) only = new HaiLanGoWebSocketClient(config);
  else if (config) only.configure(config);
  return only;
}
