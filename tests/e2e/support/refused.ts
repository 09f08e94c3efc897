// SPDX-License-Identifier: MIT
// How huleedu refuses: it accepts, says why as JSON, closes with the same code and the short text as reason.
import { expect } from 'vitest';
import { dial, type Closed } from './wsClient';

export interface Words {
  error: string;
  code: number;
  message: string;
  retry_recommended?: boolean;
  retry_after_seconds?: unknown;
}

export const UNAUTHORIZED: Words = {
  error: 'Authentication failed',
  code: 1008,
  message: 'Invalid or expired JWT token',
  retry_recommended: false,
};
export const TOO_MANY_CONNECTIONS: Words = {
  error: 'Rate limit exceeded',
  code: 4000,
  message: 'Too many concurrent connections',
  retry_recommended: false,
};
export const TOO_MANY_ATTEMPTS: Words = {
  error: 'Rate limit exceeded',
  code: 4000,
  message: 'Too many connection attempts',
  retry_after_seconds: expect.any(Number),
};

/** Judges an explanation: what it says, in this order, and nothing else. */
export function expectWords(text: string, words: Words): any {
  const said = JSON.parse(text);
  expect(said).toEqual(words);
  expect(Object.keys(said)).toEqual(Object.keys(words));
  return said;
}

/** Connects and is refused in these words. Gives what was said. */
export async function expectRefused(
  url: string,
  words: Words,
  options: Parameters<typeof dial>[1] = {},
): Promise<any> {
  const client = dial(url, options);
  const closed: Closed = await client.close();
  expect(client.messages, `the explanation before the close ${closed.code}`).toHaveLength(1);
  expect(client.binary).toEqual([false]);
  expect(closed).toEqual({ code: words.code, reason: words.error });
  return expectWords(client.messages[0]!, words);
}
