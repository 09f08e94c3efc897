// SPDX-License-Identifier: MIT
// Hooks that call a handler with what messages carry. It is always the one of the last render, and a new one costs nothing.
import { useEffect } from 'react';
import type { MessageKind, PayloadOf } from '../core/types.js';
import { onPayload } from '../helpers/hailango.js';
import { useClient } from './client.js';
import { useLatest } from './latest.js';

export type PayloadHandler<Kind extends MessageKind> = (payload: PayloadOf<Kind>) => void;

/** A handler for each kind that is of interest. */
export type Subscriptions = { [Kind in MessageKind]?: PayloadHandler<Kind> };

export function useWebSocketSubscription<Kind extends MessageKind>(kind: Kind, handler: PayloadHandler<Kind>): void {
  const client = useClient();
  const latest = useLatest(handler);
  useEffect(() => onPayload(client, kind, (payload) => latest.current(payload)), [client, kind, latest]);
}

export function useWebSocketSubscriptions(subscriptions: Subscriptions): void {
  const client = useClient();
  const latest = useLatest(subscriptions as Record<string, ((payload: unknown) => void) | undefined>);
  const kinds = JSON.stringify(Object.keys(subscriptions).sort());
  useEffect(() => {
    const stops = (JSON.parse(kinds) as MessageKind[]).map((kind) =>
      onPayload(client, kind, (payload) => latest.current[kind]?.(payload)),
    );
    return () => stops.forEach((stop) => stop());
  }, [client, kinds, latest]);
}

export const useOCRProgress = (handler: PayloadHandler<'ocr_progress'>): void =>
  useWebSocketSubscription('ocr_progress', handler);

export const useBookReady = (handler: PayloadHandler<'book_ready'>): void =>
  useWebSocketSubscription('book_ready', handler);

export const useReviewReminder = (handler: PayloadHandler<'review_reminder'>): void =>
  useWebSocketSubscription('review_reminder', handler);

export const useLearningUpdate = (handler: PayloadHandler<'learning_update'>): void =>
  useWebSocketSubscription('learning_update', handler);

export const useNotification = (handler: PayloadHandler<'notification'>): void =>
  useWebSocketSubscription('notification', handler);

/** Messages of the kind `error`; what goes wrong with the connection is `useWebSocket().error`. */
export const useErrorNotification = (handler: PayloadHandler<'error'>): void =>
  useWebSocketSubscription('error', handler);
