// SPDX-License-Identifier: MIT
// useWebSocket: the connection's state, and what one can do with it.
import { useMemo, useSyncExternalStore } from 'react';
import type { TidingsError } from '../core/errors.js';
import type { MessageKind, PayloadOf, TidingsConnection, TidingsState } from '../core/types.js';
import { onPayload } from '../helpers/hailango.js';
import { openedByHook, useClient } from './client.js';
import { NOTHING, watchOf, type Snapshot } from './watch.js';

export interface WebSocketControl {
  connected: boolean;
  state: TidingsState;
  /** What went wrong last; undefined once connected. */
  error: TidingsError | undefined;
  /** Opens the connection, with this token if one is given. Does nothing where there is one or one is on its way. */
  connect(token?: string): void;
  /** Ends it until somebody connects again. */
  disconnect(): void;
  /** Calls `handler` with what each message of a kind carries. The answer ends that, as an effect wants it. */
  subscribe<Kind extends MessageKind>(kind: Kind, handler: (payload: PayloadOf<Kind>) => void): () => void;
  /** Sends a text as it is and anything else as JSON. False when there is no connection. */
  send(data: unknown): boolean;
  /** The client itself, for its other events. */
  client: TidingsConnection;
}

export function useSnapshot(client: TidingsConnection): Snapshot {
  const watch = watchOf(client);
  return useSyncExternalStore(watch.subscribe, watch.read, () => NOTHING);
}

/** The functions stay the same as long as the client does. */
export function useWebSocket(): WebSocketControl {
  const client = useClient();
  const { state, error } = useSnapshot(client);
  const actions = useMemo(
    () => ({
      connect(token?: string) {
        openedByHook(client);
        client.connect(token);
      },
      disconnect: () => client.disconnect(),
      subscribe: <Kind extends MessageKind>(kind: Kind, handler: (payload: PayloadOf<Kind>) => void) =>
        onPayload(client, kind, handler),
      send: (data: unknown) => client.send(data),
      client,
    }),
    [client],
  );
  return { connected: state === 'connected', state, error, ...actions };
}
