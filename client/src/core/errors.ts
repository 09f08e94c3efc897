// SPDX-License-Identifier: MIT
// Everything that can go wrong with a connection, as one class told apart by `code`.

export type TidingsErrorCode =
  /** The server does not accept the token: log in again. Not retried. */
  | 'token_rejected'
  /** The token ran out while connected; retried at once where `getToken` can have a fresh one. */
  | 'token_expired'
  /** `getToken` failed or took too long (retried), or says that nobody is logged in (not retried). */
  | 'token_unavailable'
  /** The token is good, but not for this. Not retried. */
  | 'forbidden'
  /** There is no such submission, or no such endpoint. Not retried. */
  | 'not_found'
  /** Too many attempts, messages or connections. */
  | 'rate_limited'
  /** A fault in the server. */
  | 'server_error'
  /** The server restarts, is full or short of memory. */
  | 'unavailable'
  /** A heartbeat had no answer: the connection was dead. */
  | 'heartbeat_timeout'
  /** No connection came about. */
  | 'connection_failed'
  /** The connection broke off. */
  | 'connection_lost'
  /** The server ended it with a code that says nothing of the above. */
  | 'closed'
  /** No attempt is possible: a URL that is none, or no WebSocket here. Not retried. */
  | 'unusable';

export interface TidingsErrorDetails {
  closeCode?: number;
  retryAfterSeconds?: number;
  retryRecommended?: boolean;
  cause?: unknown;
}

export class TidingsError extends Error {
  override readonly name = 'TidingsError';
  readonly code: TidingsErrorCode;
  /** The close code, the server's own or what it said beforehand; undefined where there was no connection. */
  readonly closeCode: number | undefined;
  /** How long the server wants us to wait. */
  readonly retryAfterSeconds: number | undefined;
  /** What the server advises; undefined where it did not say. */
  readonly retryRecommended: boolean | undefined;

  constructor(code: TidingsErrorCode, message: string, details: TidingsErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.closeCode = details.closeCode;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.retryRecommended = details.retryRecommended;
  }
}
