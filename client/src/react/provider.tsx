// SPDX-License-Identifier: MIT
// WebSocketProvider: one connection for all components below.
import { useEffect, useMemo, type ReactNode } from 'react';
import type { TidingsConnection, TokenSource } from '../core/types.js';
import { HaiLanGoWebSocketClient, type WebSocketClientConfig } from '../helpers/hailango.js';
import { ClientContext } from './client.js';
import { useLatest } from './latest.js';
import { watchOf } from './watch.js';

export interface WebSocketProviderProps {
  children?: ReactNode;
  /** Connects when mounted, if there is a token. Default true. */
  autoConnect?: boolean;
  /** The server, or the endpoint. Default: `/api/v1/ws` on the page's own origin. */
  url?: string;
  /** The token to connect with; another one connects anew, null disconnects. */
  token?: string | null;
  /** Asked before each attempt. Without it and `token`, `localStorage.auth_token` is. */
  getToken?: TokenSource;
  /** More for the client, as it is at first. */
  config?: Omit<WebSocketClientConfig, 'token' | 'getToken'>;
  /** A client of one's own in place of all that, such as a SharedTidingsClient. */
  client?: TidingsConnection;
}

/** Looked at again before each attempt: it may be fresh by then. */
const storedToken: TokenSource = () => globalThis.localStorage?.getItem('auth_token');

export function WebSocketProvider(props: WebSocketProviderProps): ReactNode {
  const { children, autoConnect = true, url, token, getToken } = props;
  const latest = useLatest(props);
  // Another source of tokens is another user's, maybe, of whom the client should keep nothing.
  const isGiven = typeof token === 'string';
  const own = useMemo(
    () =>
      new HaiLanGoWebSocketClient({
        ...props.config,
        ...(url === undefined ? {} : { url }),
        ...(isGiven ? {} : { getToken: () => (latest.current.getToken ?? storedToken)() }),
      }),
    // What config says counts at first; it is written in place, most of the time.
    [url, isGiven, latest],
  );
  const client = props.client ?? own;
  const mayConnect = autoConnect && token !== null;
  const needsStored = !props.client && !getToken && !isGiven;

  useEffect(() => {
    let isMounted = true;
    // Later, since StrictMode mounts twice and there should be one attempt.
    queueMicrotask(() => {
      if (isMounted && mayConnect && !(needsStored && !storedToken())) client.connect(token ?? undefined);
    });
    return () => {
      isMounted = false;
      if (mayConnect || client === own) client.disconnect();
    };
  }, [client, own, mayConnect, needsStored, token]);

  // Watched for as long as the provider is there, so that a component that comes later knows of an error too.
  useEffect(() => watchOf(client).subscribe(() => undefined), [client]);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}
