// SPDX-License-Identifier: MIT
// Asks again and again: one question at a time, none while the page is hidden or paused, and more slowly while there
// is no answer.

const PERIOD_MS = 1000;
const ANSWER_MS = 5000;
const SLOWEST_MS = 10_000;

export class Poll {
  #isOn = false;
  #isPaused = false;
  #failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {AbortController | undefined} the question under way */
  #asking;
  #ask;
  #failed;

  /**
   * @param {(signal: AbortSignal) => Promise<void>} ask
   * @param {(error: unknown) => void} failed is told of each failure
   */
  constructor(ask, failed) {
    this.#ask = ask;
    this.#failed = failed;
    document.addEventListener('visibilitychange', () => this.#turn());
  }

  start() {
    this.#isOn = true;
    this.#failures = 0;
    this.#turn();
  }

  stop() {
    this.#isOn = false;
    this.#turn();
  }

  get isPaused() {
    return this.#isPaused;
  }
  set isPaused(isPaused) {
    this.#isPaused = isPaused;
    this.#turn();
  }

  /** Goes on at once, or stops at once. */
  #turn() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = undefined;
    if (this.#isOn && !this.#isPaused && !document.hidden) void this.#round();
  }

  async #round() {
    const asking = new AbortController();
    const late = setTimeout(() => asking.abort(), ANSWER_MS);
    this.#asking = asking;
    /** @type {unknown} */
    let problem;
    try {
      await this.#ask(asking.signal);
    } catch (error) {
      problem = error;
    }
    clearTimeout(late);
    if (this.#asking !== asking) return; // it was told to turn meanwhile
    this.#asking = undefined;
    this.#failures = problem === undefined ? 0 : this.#failures + 1;
    if (problem !== undefined) this.#failed(problem);
    if (!this.#isOn) return;
    const wait_ms = Math.min(PERIOD_MS * 2 ** Math.max(0, this.#failures - 1), SLOWEST_MS);
    this.#timer = setTimeout(() => void this.#round(), wait_ms);
  }
}
