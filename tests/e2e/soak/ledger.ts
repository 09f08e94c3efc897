// SPDX-License-Identifier: MIT
// What was published and what became of it, and the ears that hold the servers to it: on each channel a listener hears
// every number once and in order, but for those that were refused, that went out while we had Redis away, or where the
// server says itself that something may have been lost.
import type { ClientOptions } from 'ws';
import { dial, type Listener } from '../support/wsClient';
import { until, within } from '../support/wait';

const PASSED_MAX = 1000;

export const problems: string[] = [];

export function problem(text: string): void {
  problems.push(text);
  process.stderr.write(`${new Date().toISOString()} PROBLEM ${text}\n`);
}

interface Account {
  next: number;
  open: Set<number>; // asked for, not answered yet
  excused: Set<number>; // nobody needs to hear them
  doubtful: Set<number>; // of these, not accepted: Redis may still find them, behind what came after
}

export class Ledger {
  accepted = 0;
  refused = 0;
  heard = 0;
  isFault = false;
  private faults = 0;
  private readonly accounts = new Map<string, Account>();

  private of(channel: string): Account {
    let account = this.accounts.get(channel);
    if (!account) this.accounts.set(channel, (account = { next: 0, open: new Set(), excused: new Set(), doubtful: new Set() }));
    return account;
  }
  get channels(): string[] {
    return [...this.accounts.keys()];
  }
  /** The number that is published next. */
  next(channel: string): number {
    return this.of(channel).next;
  }

  /** Publishes the next number of each channel; `publish` says whether that was accepted. */
  async publish(channels: string[], publish: (numbers: number[]) => Promise<boolean>): Promise<void> {
    const numbers = channels.map((channel) => {
      const account = this.of(channel);
      account.open.add(account.next);
      return account.next++;
    });
    const faults = this.faults;
    let isExcused = this.isFault;
    const isAccepted = await publish(numbers).catch(() => false);
    isExcused ||= this.isFault || this.faults !== faults || !isAccepted;
    channels.forEach((channel, i) => {
      const account = this.of(channel);
      account.open.delete(numbers[i]!);
      if (isExcused) account.excused.add(numbers[i]!);
      if (!isAccepted) account.doubtful.add(numbers[i]!);
    });
    if (isAccepted) this.accepted += channels.length;
    else this.refused += channels.length;
  }

  /** Until it ends, what is published need not arrive on every node. */
  async during(fault: () => Promise<void>): Promise<void> {
    this.isFault = true;
    this.faults++;
    await fault().finally(() => (this.isFault = false));
  }

  isMissed(channel: string, n: number): boolean | undefined {
    const account = this.of(channel);
    return account.open.has(n) ? undefined : !account.excused.has(n);
  }
  isDoubtful(channel: string, n: number): boolean {
    return this.of(channel).doubtful.has(n);
  }
  /** The last that everybody must hear; -1: none. */
  last(channel: string): number {
    const account = this.of(channel);
    let n = account.next - 1;
    while (n >= 0 && account.excused.has(n)) n--;
    return n;
  }
}

/** A listener that stays, and comes again when the server ends it as one does that is about to stop. */
export class Ear {
  private first = new Map<string, number>();
  private at = new Map<string, number>();
  private passed = new Map<string, Set<number>>(); // what others came before, of late
  private notices = 0; // that the service is degraded, or is no longer
  private noticed = new Map<string, number>(); // those that had come with the last message
  private open: [string, number][] = []; // did not come; what became of them is not known yet
  private listener: Listener | undefined;
  private isLeaving = false;

  constructor(
    private readonly ledger: Ledger,
    readonly name: string,
    private readonly channels: string[],
    private readonly target: () => { url: string; options: ClientOptions },
  ) {}

  async enter(): Promise<this> {
    await until(
      `${this.name} to be let in`,
      async () => {
        const { url, options } = this.target();
        const listener = dial(url, options);
        this.first.clear();
        this.at.clear();
        this.passed.clear();
        this.noticed.clear();
        this.notices = 0;
        listener.socket.on('message', (text) => {
          this.hear((text as Buffer).toString());
          listener.messages.length = listener.binary.length = 0; // it is to run for hours
        });
        const isIn = await within(20_000, 'open', listener.opened).then(
          () => true,
          () => false,
        );
        if (!isIn) {
          listener.socket.terminate();
          return false;
        }
        for (const channel of this.channels) this.first.set(channel, this.ledger.next(channel));
        this.listener = listener;
        void listener.closed.then(({ code, reason }) => this.leftBy(code, reason));
        return true;
      },
      60_000,
    );
    return this;
  }

  private leftBy(code: number, reason: string): void {
    if (this.isLeaving) return;
    if (code !== 1012) problem(`${this.name} was closed: ${code} ${reason}`);
    this.listener = undefined;
    this.enter().catch((error) => problem(error.message));
  }

  private hear(text: string): void {
    const { c: channel, n } = JSON.parse(text) as { c?: string; n: number };
    if (channel === undefined) {
      if (/service[_.](degraded|recovered)/.test(text)) this.notices++;
      return;
    }
    this.ledger.heard++;
    if (!this.channels.includes(channel)) problem(`${this.name} hears ${channel}`);
    const at = this.at.get(channel);
    if (at !== undefined && n <= at) {
      if (!this.isLate(channel, n)) problem(`${this.name}: ${channel} ${n} behind ${at}`);
      return;
    }
    this.miss(channel, n);
    this.pass(channel, (at ?? n) + 1, n);
    this.at.set(channel, n);
    this.noticed.set(channel, this.notices);
  }

  private pass(channel: string, begin: number, end: number): void {
    const passed = this.passed.get(channel) ?? new Set();
    this.passed.set(channel, passed);
    for (let n = begin; n < end; n++) passed.add(n);
    for (const n of passed) if (passed.size > PASSED_MAX) passed.delete(n);
  }

  /** Whether nobody was promised that it comes before the others; and it comes only now. */
  private isLate(channel: string, n: number): boolean {
    return this.ledger.isDoubtful(channel, n) && this.passed.get(channel)!.delete(n);
  }

  private wasTold(channel: string): boolean {
    return (this.noticed.get(channel) ?? 0) !== this.notices;
  }

  /** All before `end` that did not come. */
  private miss(channel: string, end: number): void {
    const first = this.first.get(channel);
    if (first === undefined || this.wasTold(channel)) return; // not open yet for us: what comes is a gift
    const before = this.open.length;
    for (let n = Math.max(first, (this.at.get(channel) ?? -1) + 1); n < end; n++) this.open.push([channel, n]);
    if (this.open.length > before) this.check();
  }

  /** Judges what did not come. */
  check(): void {
    this.open = this.open.filter(([channel, n]) => {
      const isMissed = this.ledger.isMissed(channel, n);
      if (isMissed) problem(`${this.name}: ${channel} ${n} never came`);
      return isMissed === undefined;
    });
  }

  /** Has heard everything that was published by now. */
  get isThere(): boolean {
    if (!this.listener) return false;
    return this.channels.every((channel) => {
      const last = this.ledger.last(channel);
      const hasHeard = last < (this.first.get(channel) ?? 0) || (this.at.get(channel) ?? -1) >= last;
      return hasHeard || this.wasTold(channel);
    });
  }

  async leave(): Promise<void> {
    this.isLeaving = true;
    await this.listener?.leave().catch((error) => problem(`${this.name}: ${error.message}`));
  }
}
