// SPDX-License-Identifier: MIT
// One connection and its card: where it stands, how often it came back, how long a ping takes.
import { button, make, say } from './dom.js';
import { tapped } from './tapped.js';
import { kindOf, TidingsError } from './tidings-client.js';

const LOOKS = { connecting: 'opening', connected: 'open', reconnecting: 'lost', paused: 'paused', disconnected: 'closed' };

export class Connection {
  at = {};
  client;
  isOpening = false;
  wasAsked = false;
  reconnects = 0;
  listeners = [];

  constructor(system, log) {
    this.system = system;
    this.log = log;
    this.state = make('span', 'state', 'not connected');
    this.latency = make('span', 'latency', '–');
    this.count = make('span', 'reconnects', '0');
    this.toggler = button('Connect', () => this.toggle(), 'connect');
    this.pinger = button('Ping', () => this.ping(), 'ping');
    this.pinger.disabled = true;
    for (const one of [this.toggler, this.pinger]) one.setAttribute('aria-label', `${one.textContent} ${system.title}`);
    const title = make('h2', '', system.title);
    const path = make('code', 'path', system.path);
    const figures = make(
      'dl',
      'figures',
      make('div', '', make('dt', '', 'Ping'), make('dd', '', this.latency)),
      make('div', '', make('dt', '', 'Reconnects'), make('dd', '', this.count)),
    );
    this.card = make(
      'article',
      'is-closed',
      make('div', 'row', make('span', 'dot'), title, this.pinger, this.toggler),
      this.state,
      path,
      figures,
    );
    this.card.id = system.name;
    this.card.title = system.about;
    this.state.setAttribute('role', 'status');
  }

  /** Calls `listener` with each message, over this connection and all later ones. */
  listen(listener) {
    this.listeners.push(listener);
  }

  get isConnected() {
    return this.client?.state === 'connected';
  }

  async connect(user) {
    if (this.client || this.isOpening) return;
    this.user = user;
    this.isOpening = true;
    this.show('connecting', 'connecting');
    try {
      this.client = await this.system.open(this.at, user, this.socketClass());
      this.follow(this.client);
    } catch (error) {
      this.show('disconnected', error.message);
    } finally {
      this.isOpening = false;
    }
  }

  disconnect() {
    this.client?.disconnect();
  }

  toggle() {
    if (this.client) this.disconnect();
    else void this.connect(this.whoAmI());
  }

  /** Waits until it is connected, for a time. */
  async ready(user) {
    await this.connect(user);
    for (let waited = 0; !this.isConnected; waited += 50) {
      if (waited > 10_000) throw new Error(`${this.system.title} is not connected`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  ping() {
    this.wasAsked = true;
    this.client?.send({ type: 'ping' });
  }

  socketClass() {
    return tapped({
      heard: (text, isPong) => {
        this.log.message(this.system, text, isPong && !this.wasAsked);
        if (isPong) this.wasAsked = false;
      },
      closed: ({ code, reason }) => this.log.event(this.system, 'closed', `${code} ${reason}`.trim()),
      answered: (ms) => say(this.latency, `${ms.toFixed(1)} ms`),
    });
  }

  follow(client) {
    const { system, at } = this;
    client.on('connected', ({ isReconnect }) => {
      if (isReconnect) say(this.count, String(++this.reconnects));
      this.show('connected', system.where?.(at) ?? `connected as ${this.user}`);
      this.log.event(system, isReconnect ? 'reconnected' : 'connected', '');
      client.send({ type: 'ping' });
    });
    client.on('reconnecting', ({ attempt, delay }) => {
      this.show('reconnecting', `reconnecting: attempt ${attempt} in ${(delay / 1000).toFixed(1)} s`);
    });
    client.on('state', (state) => {
      if (state === 'paused') this.show(state, 'paused: the browser is offline');
    });
    client.on('error', (error) => {
      if (error instanceof TidingsError) this.log.event(system, error.code, error.message);
    });
    client.on('message', (message) => this.hear(message));
    client.on('disconnected', ({ code, willReconnect, error }) => {
      if (willReconnect) return;
      this.client = undefined;
      this.show('disconnected', error ? error.message : at.isOver ? 'complete: closed by the server' : `closed: ${code}`);
    });
    if (client.state === 'disconnected') this.client = undefined;
  }

  hear(message) {
    // It may be anything that somebody published.
    if (kindOf(message) === undefined) return;
    for (const listener of this.listeners) listener(message);
  }

  show(state, words) {
    this.card.className = `is-${LOOKS[state]}`;
    say(this.state, words);
    say(this.toggler, state === 'disconnected' ? 'Connect' : 'Disconnect');
    this.toggler.setAttribute('aria-label', `${this.toggler.textContent} ${this.system.title}`);
    this.pinger.disabled = state !== 'connected';
  }
}
