// SPDX-License-Identifier: MIT
// HuleEdu's client: notifications to teachers, over `/ws`.
import { TidingsClient } from '../core/client.js';
import { isObject } from '../core/kind.js';
import type { TidingsOptions, TokenSource } from '../core/types.js';
import { endpointUrl } from './endpoint.js';
import { ReconnectionManager } from './reconnection.js';

export type HuleEduOptions = Partial<Omit<TidingsOptions, 'token' | 'getToken'>>;

export class HuleEduWebSocketClient extends TidingsClient {
  /** `token` is one, or a function that gets one for each attempt. `url` is `/ws` on the page's own origin unless given. */
  constructor(token: string | TokenSource, options: HuleEduOptions = {}) {
    const delays = new ReconnectionManager({
      maxAttempts: Infinity,
      baseDelay: options.reconnectDelay,
      maxDelay: options.maxReconnectDelay,
      jitterFactor: options.jitterFactor,
    });
    super({
      maxReconnectAttempts: 5,
      backoff: (attempt) => {
        delays.attempts = attempt;
        return delays.getNextDelay()!;
      },
      ...options,
      url: endpointUrl('/ws', options.url),
      ...(typeof token === 'function' ? { getToken: token } : { token }),
    });
  }

  /** A message turned into a string is the text that came, so that `JSON.parse(message)` of older code works. */
  protected override parse(text: string): unknown {
    const message = super.parse(text);
    if (isObject(message))
      Object.defineProperty(message, 'toString', { value: () => text, configurable: true });
    return message;
  }
}
