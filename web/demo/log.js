// SPDX-License-Identifier: MIT
// The raw log: every text that came, with the time and how long it was under way, and every end of a connection.
import { sincePublished } from './api.js';
import { clock, make, part, prepend } from './dom.js';
import { kindOf } from './tidings-client.js';

const MOST = 300;
const REPLAY_MS = 5000; // what comes so late was kept for a late watcher

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function latencyOf(text) {
  const ms = sincePublished(text);
  if (ms === undefined) return 'from the server';
  return ms > REPLAY_MS ? 'replayed' : `${ms.toFixed(1)} ms`;
}

const line = (system, kind, note) => [
  make('span', 'time', clock()),
  make('span', 'endpoint', system.name),
  make('span', 'kind', kind),
  make('span', 'latency', note),
];

export class Log {
  list = part('log');

  constructor() {
    const area = part('log-area');
    const filter = part('log-filter');
    filter.addEventListener('change', () => (this.list.dataset.only = filter.value));
    const heartbeats = part('log-heartbeats');
    heartbeats.addEventListener('change', () => area.classList.toggle('has-heartbeats', heartbeats.checked));
    part('clear').addEventListener('click', () => this.list.replaceChildren());
  }

  message(system, text, isHeartbeat) {
    const latency = latencyOf(text);
    const message = parsed(text);
    const kind = kindOf(message) ?? (message?.error ? String(message.error) : text);
    const summary = make('summary', '', ...line(system, kind, latency));
    const body = make('pre', '', message === undefined ? text : JSON.stringify(message, null, 2));
    this.add(system, kind, make('details', '', summary, body), isHeartbeat ? 'is-heartbeat' : '');
  }

  /** What happened to a connection, rather than on it. */
  event(system, kind, note) {
    this.add(system, kind, make('div', 'event', ...line(system, kind, note)), 'is-event');
  }

  add(system, kind, content, className) {
    const item = make('li', className, content);
    item.dataset.endpoint = system.name;
    item.dataset.kind = kind;
    prepend(this.list, item, MOST);
  }
}
