// SPDX-License-Identifier: MIT
// A client's state as React reads it: a snapshot that stays the same until something changes.
import { TidingsError } from '../core/errors.js';
import type { TidingsConnection, TidingsState } from '../core/types.js';

export interface Snapshot {
  state: TidingsState;
  /** What went wrong last; undefined once connected. */
  error: TidingsError | undefined;
}

export const NOTHING: Snapshot = { state: 'disconnected', error: undefined };

/** One for each client. It listens only while somebody listens to it. */
export class Watch {
  private snapshot = NOTHING;
  private readonly listeners = new Set<() => void>();
  private unwatch: (() => void)[] = [];

  constructor(private readonly client: TidingsConnection) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    if (!this.listeners.size) this.watch();
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size) return;
      for (const stop of this.unwatch) stop();
      this.unwatch = [];
    };
  };

  readonly read = (): Snapshot => {
    const { state } = this.client;
    if (state !== this.snapshot.state) {
      this.snapshot = { state, error: state === 'connected' ? undefined : this.snapshot.error };
    }
    return this.snapshot;
  };

  private watch(): void {
    const failed = (error: unknown): void => {
      if (!(error instanceof TidingsError) || error === this.snapshot.error) return;
      this.snapshot = { ...this.read(), error };
      this.tell();
    };
    this.unwatch = [
      this.client.on('state', () => this.tell()),
      this.client.on('error', failed),
      this.client.on('disconnected', ({ error }) => failed(error)),
    ];
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

const watches = new WeakMap<TidingsConnection, Watch>();

export function watchOf(client: TidingsConnection): Watch {
  let watch = watches.get(client);
  if (!watch) watches.set(client, (watch = new Watch(client)));
  return watch;
}
