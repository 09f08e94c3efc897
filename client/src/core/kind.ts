// SPDX-License-Identifier: MIT
// What a message is: its kind, or one that the server says for the connection's own sake.
import { TidingsError, type TidingsErrorCode } from './errors.js';

type Fields = Record<string, unknown>;

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The kind of a message: its `notification_type`, else its `event_type`, `event` or `type`; undefined where it has none. */
export function kindOf(message: unknown): string | undefined {
  if (!isObject(message)) return undefined;
  for (const member of ['notification_type', 'event_type', 'event', 'type']) {
    const kind = message[member];
    if (typeof kind === 'string') return kind;
  }
  return undefined;
}

/** What a message carries: its `payload`, else its `data`, else the message itself. */
export const payloadOf = (message: unknown): unknown =>
  isObject(message) ? (message['payload'] ?? message['data'] ?? message) : message;

const optional = <T>(value: unknown, type: string): T | undefined =>
  typeof value === type ? (value as T) : undefined;

/** The error that a server's explanation stands for, in a message before a close or in the answer to a GET. */
export function errorOf(body: Fields, code: TidingsErrorCode, closeCode?: number): TidingsError {
  const { error, message } = body;
  const text = message ?? (isObject(error) ? error['message'] : error);
  return new TidingsError(code, optional(text, 'string') ?? code, {
    closeCode,
    retryAfterSeconds: optional(body['retry_after_seconds'], 'number'),
    retryRecommended: optional(body['retry_recommended'], 'boolean'),
  });
}

/** What the server says before it closes. */
export interface Refusal extends Fields {
  error: string;
  code: number;
}

export const isRefusal = (message: unknown): message is Refusal =>
  isObject(message) &&
  typeof message['error'] === 'string' &&
  typeof message['code'] === 'number' &&
  kindOf(message) === undefined;
