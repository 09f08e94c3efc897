// SPDX-License-Identifier: MIT
// Why a handshake was refused. A browser does not tell, but the server answers a plain GET on the same URL alike.
import { statusError } from './close.js';
import type { TidingsError } from './errors.js';
import { isObject } from './kind.js';

/** The error behind a refused handshake; undefined where there is none to be found. Never rejects. */
export async function explain(url: string, signal: AbortSignal): Promise<TidingsError | undefined> {
  try {
    const answer = await fetch(url, { signal, cache: 'no-store', credentials: 'omit' });
    const body: unknown = await answer.json();
    const fields = isObject(body) ? body : {};
    const wait = Number(answer.headers.get('Retry-After'));
    return statusError(answer.status, wait > 0 ? { retry_after_seconds: wait, ...fields } : fields);
  } catch {
    return undefined;
  }
}
