// SPDX-License-Identifier: MIT
// What happens to the page and its network, where there is a page.

export interface PageWatcher {
  /** The network went. */
  offline(): void;
  /** The network is back. */
  online(): void;
  /** The page is put aside and may never run again. */
  frozen(): void;
  /** The page runs again. */
  thawed(): void;
  /** Somebody looks at the page again. */
  seen(): void;
}

export const isOffline = (): boolean => globalThis.navigator?.onLine === false;

/** Calls `watcher` from now on. The answer ends that. */
export function watchPage(watcher: PageWatcher): () => void {
  const page = globalThis.document;
  const rows: [EventTarget | undefined, string, (event: Event) => void][] = [
    [globalThis, 'offline', () => watcher.offline()],
    [globalThis, 'online', () => watcher.online()],
    [globalThis, 'pagehide', (event) => (event as PageTransitionEvent).persisted && watcher.frozen()],
    [globalThis, 'pageshow', (event) => (event as PageTransitionEvent).persisted && watcher.thawed()],
    [page, 'freeze', () => watcher.frozen()],
    [page, 'resume', () => watcher.thawed()],
    [page, 'visibilitychange', () => page.visibilityState === 'visible' && watcher.seen()],
  ];
  for (const [target, event, handler] of rows) target?.addEventListener?.(event, handler);
  return () => {
    for (const [target, event, handler] of rows) target?.removeEventListener?.(event, handler);
  };
}
