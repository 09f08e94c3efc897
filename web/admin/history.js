// SPDX-License-Identifier: MIT
// What the last five minutes looked like: a sample for each answer.

/** @typedef {import('./api.js').Overview} Overview */
/** @typedef {{ at_ms: number, at: Date, overview: Overview }} Sample */

export const WINDOW_MS = 300_000;

/**
 * One that is gone, or another one behind the same address: what was counted before says nothing of it.
 * @param {Overview} before
 * @param {Overview} now
 */
function isOther(before, now) {
  /** @param {Overview} overview */
  const name = (overview) => overview.nodes?.find((node) => node.self)?.node;
  return now.uptime_seconds < before.uptime_seconds || name(now) !== name(before);
}

export class History {
  /** @type {Sample[]} oldest first */
  samples = [];

  /**
   * False: it is not of the server that the samples before were of, and these are forgotten.
   * @param {Overview} overview
   */
  add(overview) {
    const now_ms = performance.now();
    const last = this.samples.at(-1);
    const isSame = !last || !isOther(last.overview, overview);
    if (!isSame) this.samples = [];
    this.samples.push({ at_ms: now_ms, at: new Date(), overview });
    while (/** @type {Sample} */ (this.samples[0]).at_ms < now_ms - WINDOW_MS) this.samples.shift();
    return isSame;
  }

  clear() {
    this.samples = [];
  }

  /**
   * How much counters have grown since the oldest sample.
   * @param {'closes' | 'refusals' | 'dropped'} list
   * @param {string} name
   */
  growth(list, name) {
    const first = this.samples[0]?.overview[list][name] ?? 0;
    const last = this.samples.at(-1)?.overview[list][name] ?? 0;
    return last - first;
  }
}
