// SPDX-License-Identifier: MIT
// Waiting, always with an end. How long it may take at most is said for an idle machine, and stretched here.
import { SLOWNESS } from './binary';

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The promise, or an error that says what did not come in time. */
export async function within<T>(ms: number, what: string | (() => string), promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`${typeof what === 'string' ? what : what()}: nothing within ${ms * SLOWNESS} ms`));
    }, ms * SLOWNESS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is neither undefined nor false, and gives it. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  ms = 5_000,
): Promise<Exclude<T, false | undefined>> {
  const end = Date.now() + ms * SLOWNESS;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found as Exclude<T, false | undefined>;
    if (Date.now() > end) throw new Error(`${what}: not within ${ms * SLOWNESS} ms`);
    await sleep(20);
  }
}
