// SPDX-License-Identifier: MIT
// Whose connection a component uses: its provider's, else the page's own.
import { createContext, useContext, useEffect } from 'react';
import type { TidingsConnection } from '../core/types.js';
import { getWebSocketClient } from '../helpers/hailango.js';

export const ClientContext = createContext<TidingsConnection | undefined>(undefined);

/** How many mounted components use the page's own connection, and whether one of them opened it. */
let users = 0;
let isOurs = false;

/** To be told when a hook opens a connection: the page's own then ends with the last component that uses it. */
export function openedByHook(client: TidingsConnection): void {
  if (client === getWebSocketClient()) isOurs = true;
}

function holdPage(): () => void {
  users++;
  return () => {
    users--;
    // Later, since another component may take its place in this very moment, or the same one in StrictMode.
    queueMicrotask(() => {
      if (users > 0 || !isOurs) return;
      isOurs = false;
      getWebSocketClient().disconnect();
    });
  };
}

export function useClient(): TidingsConnection {
  const provided = useContext(ClientContext);
  useEffect(() => (provided ? undefined : holdPage()), [provided]);
  return provided ?? getWebSocketClient();
}
