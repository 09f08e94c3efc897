// SPDX-License-Identifier: MIT
// Where to connect to, with what.
import type { TidingsOptions } from './types.js';

/** An address of WebSocket: as given, from http(s), or relative to the page. */
export function socketUrl(url: string): URL {
  const whole = new URL(url, globalThis.location?.href);
  whole.protocol = whole.protocol.replace(/^http/, 'ws');
  return whole;
}

/** What the constructor of WebSocket takes. */
export function target(
  options: TidingsOptions,
  token: string | null | undefined,
): [url: string, protocols?: string[]] {
  const url = socketUrl(options.url);
  const protocols = [options.protocols ?? []].flat();
  if (token && options.tokenIn === 'protocol') {
    // The server answers with the first that is no token; a browser wants an answer to its offer.
    if (!protocols.length) protocols.push('notifications');
    protocols.push(`bearer.${token}`);
  } else if (token) {
    url.searchParams.set('token', token);
  }
  return protocols.length ? [url.href, protocols] : [url.href];
}

/** The same for a plain GET, the token in the query: a header would make a browser ask for permission first. */
export function plainUrl(options: TidingsOptions, token: string | null | undefined): string {
  const url = socketUrl(options.url);
  url.protocol = url.protocol.replace(/^ws/, 'http');
  if (token) url.searchParams.set('token', token);
  return url.href;
}
