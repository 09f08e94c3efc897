// SPDX-License-Identifier: MIT
// What a close code, a status of HTTP and the server's own words mean: which error, and whether to come back.
import { TidingsError, type TidingsErrorCode } from './errors.js';
import { errorOf, type Refusal } from './kind.js';

/** Our own code for a connection whose heartbeat had no answer. */
export const HEARTBEAT_LOST = 4999;

/** After these a client stays away. */
const FINAL_CODES = [1000, 1008, 4003, 4004];
const FINAL_ERRORS: TidingsErrorCode[] = ['token_rejected', 'forbidden', 'not_found'];

const CODES: Record<number, TidingsErrorCode> = {
  1006: 'connection_lost',
  1008: 'forbidden',
  1011: 'server_error',
  1012: 'unavailable',
  1013: 'unavailable',
  4000: 'rate_limited',
  4001: 'token_expired',
  4003: 'forbidden',
  4004: 'not_found',
  4029: 'rate_limited',
  [HEARTBEAT_LOST]: 'heartbeat_timeout',
};

const STATUSES: Record<number, TidingsErrorCode> = {
  400: 'token_rejected',
  401: 'token_rejected',
  403: 'forbidden',
  404: 'not_found',
  429: 'rate_limited',
  500: 'server_error',
  503: 'unavailable',
};

/** A refusal for the token's sake has the same code as one for the user's, and its words tell. */
const meaning = (code: number, words: string): TidingsErrorCode =>
  (code === 1008 || code === 4003) && /auth|token/i.test(words)
    ? 'token_rejected'
    : (CODES[code] ?? 'closed');

/** The error behind a close; undefined for a normal end. */
export function closeError(code: number, reason: string, wasOpen: boolean): TidingsError | undefined {
  if (code === 1000) return undefined;
  const kind = code === 1006 && !wasOpen ? 'connection_failed' : meaning(code, reason);
  return new TidingsError(kind, reason || kind.replaceAll('_', ' '), { closeCode: code });
}

/** The error that the server explained before a close. */
export const refusalError = (refusal: Refusal): TidingsError =>
  errorOf(refusal, meaning(refusal.code, refusal.error), refusal.code);

/** The error that the answer to a GET stands for; undefined where it is not the server's own, or explains nothing. */
export function statusError(status: number, body: Record<string, unknown>): TidingsError | undefined {
  const code = body['error'] === undefined ? undefined : STATUSES[status];
  return code && errorOf(body, code);
}

/** Whether to stay away after this end. */
export const isFinal = (code: number, error: TidingsError | undefined, canRenew: boolean): boolean =>
  FINAL_CODES.includes(code) ||
  (code === 4001 && !canRenew) ||
  (error !== undefined && (FINAL_ERRORS.includes(error.code) || error.retryRecommended === false));
