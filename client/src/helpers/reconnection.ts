// SPDX-License-Identifier: MIT
// HuleEdu's reconnection: exponential, capped, with a little jitter on top, and only so often.

export interface ReconnectionOptions {
  /** Default 5. */
  maxAttempts?: number;
  /** The first delay in milliseconds. Default 1000. */
  baseDelay?: number;
  /** What a delay does not exceed, apart from its jitter. Default 30000. */
  maxDelay?: number;
  /** The share of a delay that is added at random. Default 0.1. */
  jitterFactor?: number;
}

export class ReconnectionManager {
  maxAttempts: number;
  baseDelay: number;
  maxDelay: number;
  jitterFactor: number;
  attempts = 0;

  constructor(options: ReconnectionOptions = {}) {
    this.maxAttempts = options.maxAttempts ?? 5;
    this.baseDelay = options.baseDelay ?? 1000;
    this.maxDelay = options.maxDelay ?? 30_000;
    this.jitterFactor = options.jitterFactor ?? 0.1;
  }

  /** Milliseconds until the next attempt, null when there is none left. */
  getNextDelay(): number | null {
    if (this.attempts >= this.maxAttempts) return null;
    const delay = Math.min(this.baseDelay * 2 ** this.attempts, this.maxDelay);
    this.attempts++;
    return delay + delay * this.jitterFactor * Math.random();
  }

  reset(): void {
    this.attempts = 0;
  }
}
