// SPDX-License-Identifier: MIT
// Handlers by event. One that throws harms no other, and one that was removed meanwhile is not called.
import { kindOf } from './kind.js';
import type { Handler, MessageKind, TidingsEvent, TidingsEvents, TidingsMessage } from './types.js';

/** The client's own words: a message of such a kind reaches the handlers of `message` only. */
const OWN = ['connected', 'disconnected', 'reconnecting', 'state', 'message', 'maxReconnectAttemptsReached'];

type AnyHandler = (data: any) => void;
type Entry = { isOnce: boolean };

/** Whether a person asked for it in the console: `localStorage.debug = 'socket:*'`. */
export function wantsTrace(): boolean {
  try {
    return /(^|[\s,])(\*|socket:)/.test(globalThis.document ? (localStorage.getItem('debug') ?? '') : '');
  } catch {
    return false; // a page that may have no storage
  }
}

export class Emitter {
  protected isTraced = false;
  private readonly handlers = new Map<string, Map<AnyHandler, Entry>>();

  on<Event extends TidingsEvent>(event: Event, handler: Handler<Event>): () => void {
    return this.add(event, handler, false);
  }

  once<Event extends TidingsEvent>(event: Event, handler: Handler<Event>): () => void {
    return this.add(event, handler, true);
  }

  off<Event extends TidingsEvent>(event: Event, handler?: Handler<Event>): void {
    const all = this.handlers.get(event);
    if (handler) all?.delete(handler);
    else all?.clear();
    if (!all?.size) this.handlers.delete(event);
  }

  protected has(event: TidingsEvent): boolean {
    return this.handlers.has(event);
  }

  protected emit<Event extends TidingsEvent>(event: Event, data: TidingsEvents[Event]): void {
    if (this.isTraced) console.debug('tidings:', event, data);
    const all = this.handlers.get(event);
    if (!all) return;
    for (const [handler, entry] of [...all]) {
      if (all.get(handler) !== entry) continue;
      if (entry.isOnce) this.off(event, handler);
      try {
        handler(data);
      } catch (error) {
        console.error(`tidings: a handler of ${event} failed`, error);
      }
    }
  }

  /** Hands out a message, as such and of its kind, the latter only if `isWanted` still holds. */
  protected emitMessage(message: TidingsMessage, isWanted: () => boolean): void {
    this.emit('message', message);
    const kind = kindOf(message);
    if (kind !== undefined && !OWN.includes(kind) && isWanted())
      this.emit(kind as MessageKind, message as never);
  }

  private add(event: string, handler: AnyHandler, isOnce: boolean): () => void {
    let all = this.handlers.get(event);
    if (!all) this.handlers.set(event, (all = new Map()));
    const entry = { isOnce };
    all.set(handler, entry);
    return () => {
      if (all.get(handler) === entry) this.off(event as TidingsEvent, handler);
    };
  }
}
