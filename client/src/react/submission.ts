// SPDX-License-Identifier: MIT
// useSubmissionUpdates: everything that happens to one submission, from its beginning.
import { useEffect, useState } from 'react';
import type { TidingsError } from '../core/errors.js';
import type { ServiceStatus, TidingsState, TokenSource } from '../core/types.js';
import { SubmissionWatcher, type SubmissionOptions } from '../helpers/submission.js';
import type { SubmissionsMessage } from '../kinds.js';
import { useLatest } from './latest.js';

/** `disconnected` also while the next attempt is waited for; `error` when none will follow. */
export type SubmissionStatus = 'connecting' | 'connected' | 'disconnected' | 'error';

/** What the endpoint says. */
export type SubmissionUpdate = SubmissionsMessage | ServiceStatus;

export interface SubmissionState {
  /** Every message so far, in order. */
  updates: SubmissionUpdate[];
  status: SubmissionStatus;
  /** What went wrong last; undefined once connected. */
  error: TidingsError | undefined;
}

const STATUS: Record<TidingsState, SubmissionStatus> = {
  connecting: 'connecting',
  connected: 'connected',
  reconnecting: 'disconnected',
  paused: 'disconnected',
  disconnected: 'disconnected',
};

const begin = (of: string): SubmissionState & { of: string } => ({
  of,
  updates: [],
  status: 'connecting',
  error: undefined,
});

/**
 * Watches a submission until it is complete. The token may be a function that gets one, and missing in demo mode; without a
 * `url` the submission is watched on the page's own origin.
 */
export function useSubmissionUpdates(
  submissionId: number | string,
  token?: string | TokenSource,
  options: SubmissionOptions = {},
): SubmissionState {
  const plainToken = typeof token === 'function' ? undefined : token;
  const latest = useLatest({ token, options });
  const of = JSON.stringify([submissionId, plainToken, options.url]);
  const [seen, setSeen] = useState(() => begin(of));

  useEffect(() => {
    let watcher: SubmissionWatcher | undefined;
    let isMounted = true;
    const add = (more: Partial<SubmissionState>): void => setSeen((before) => ({ ...before, ...more }));
    const watch = (): void => {
      if (!isMounted) return;
      setSeen(begin(of));
      const getToken: TokenSource = () => {
        const now = latest.current.token;
        return typeof now === 'function' ? now() : now;
      };
      watcher = new SubmissionWatcher(submissionId, plainToken ?? (latest.current.token && getToken), latest.current.options);
      const { client } = watcher;
      watcher.onError = (error) => add({ error });
      watcher.onClose = ({ willReconnect, error }) => add(!willReconnect && error ? { status: 'error', error } : {});
      client.on('message', (message) =>
        setSeen((before) => ({ ...before, updates: [...before.updates, message as SubmissionUpdate] })),
      );
      client.on('state', (state) => add({ status: STATUS[state], ...(state === 'connected' && { error: undefined }) }));
      // No attempt was possible.
      if (client.state === 'disconnected') add({ status: 'error' });
    };
    // Later, since StrictMode mounts twice and there should be one attempt.
    queueMicrotask(watch);
    return () => {
      isMounted = false;
      watcher?.close();
    };
  }, [of, submissionId, plainToken, latest]);

  const { updates, status, error } = seen.of === of ? seen : begin(of);
  return { updates, status, error };
}
