// SPDX-License-Identifier: MIT
// Says ping at intervals and notices when nothing comes back.
//
// Timers sleep when the machine does and are late in hidden pages. A ping that was sent before such a pause proves nothing, so
// what is late asks once more before it gives up.

const LATE_MS = 2_000;
const PROBE_MS = 5_000;

export interface HeartbeatOptions {
  heartbeatInterval?: number;
  heartbeatTimeout?: number;
}

export class Heartbeat {
  /** Milliseconds from the last ping to its answer. */
  latency: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private due = 0;
  private sentAt = 0;
  private isWaiting = false;
  private wasLate = false;

  constructor(
    private readonly options: HeartbeatOptions,
    private readonly ping: () => void,
    private readonly giveUp: () => void,
  ) {}

  start(): void {
    this.isWaiting = this.wasLate = false;
    const { heartbeatInterval = 30_000, heartbeatTimeout = 10_000 } = this.options;
    if (heartbeatInterval > 0) {
      this.wait(heartbeatInterval, () => this.ask(this.isLate() ? PROBE_MS : heartbeatTimeout));
    }
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Anything that was heard shows that the connection lives; a pong also how fast it is. */
  heard(isPong: boolean): void {
    if (!this.isWaiting) return;
    if (isPong) this.latency = Date.now() - this.sentAt;
    this.start();
  }

  /** Asks now, in doubt: the network or the page was away. */
  probe(): void {
    if (!this.isWaiting && this.options.heartbeatInterval !== 0) this.ask(PROBE_MS);
  }

  private ask(timeout: number): void {
    this.isWaiting = true;
    this.sentAt = Date.now();
    this.wait(timeout, () => {
      if (!this.wasLate && this.isLate()) {
        this.wasLate = true;
        this.ask(PROBE_MS);
      } else {
        this.giveUp();
      }
    });
    this.ping();
  }

  private isLate(): boolean {
    return Date.now() - this.due > LATE_MS;
  }

  private wait(delay: number, then: () => void): void {
    clearTimeout(this.timer);
    this.due = Date.now() + delay;
    this.timer = setTimeout(then, delay);
  }
}
