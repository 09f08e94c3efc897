// SPDX-License-Identifier: MIT
// Where the endpoints that ship are, for helpers that know which is theirs.
import { socketUrl } from '../core/url.js';

/** Where a server is while one works on it; there is no page to ask in tests and in Node. */
const LOCAL = 'ws://localhost:8080';

/** The URL given, with the endpoint's path where it names a server only; without one the endpoint on the page's own origin. */
export function endpointUrl(path: string, url?: string): string {
  if (url === undefined) return globalThis.location ? path : LOCAL + path;
  if (url.startsWith('/')) return url;
  const whole = socketUrl(url);
  if (whole.pathname === '/') whole.pathname = path;
  return whole.href;
}
