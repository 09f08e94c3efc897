// SPDX-License-Identifier: MIT
// One user: the connections, ending them, a test notification.
import { EndDialog, NotifyDialog } from './dialogs.js';
import { button, make, part, say } from './dom.js';
import { clock, count, duration, moment } from './format.js';
import { Rows } from './tables.js';

/** @typedef {import('./api.js').Connection} Connection */

export class UsersView {
  #api;
  #form = part('user-form', HTMLFormElement);
  #input = part('user', HTMLInputElement);
  #result = part('user-result', HTMLElement);
  #title = part('user-title', HTMLElement);
  #asOf = part('user-as-of', HTMLElement);
  #table = part('user-table', HTMLTableElement);
  #endAll = part('end-all', HTMLButtonElement);
  #said = part('user-said', HTMLElement);
  #problem = part('user-problem', HTMLElement);
  #endDialog = new EndDialog();
  #notifyDialog = new NotifyDialog();
  #rows;
  /** Who is shown. */
  #user = '';
  /** Counts questions, so that a late answer does not cover a newer one. */
  #asked = 0;

  /** @param {import('./api.js').Api} api */
  constructor(api) {
    this.#api = api;
    this.#rows = new Rows(
      /** @type {HTMLElement} */ (this.#table.tBodies[0]),
      /** @param {Connection} connection */ ({ id }) => id,
      () => this.#makeRow(),
    );
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      say(this.#said, '');
      void this.#list(this.#input.value);
    });
    this.#endAll.addEventListener('click', () => this.#askToEnd(undefined));
    part('notify', HTMLElement).addEventListener('click', () => this.#askToNotify());
  }

  /** Shows that user, and goes there. @param {string} user */
  async choose(user) {
    this.#input.value = user;
    say(this.#said, '');
    await this.#list(user);
    this.#title.focus();
    this.#title.scrollIntoView({ block: 'center' });
  }

  /** Nobody is shown any more. */
  clear() {
    this.#asked++;
    this.#user = '';
    this.#result.hidden = true;
    say(this.#problem, '');
    say(this.#said, '');
  }

  /** @param {string} user */
  async #list(user) {
    const asked = ++this.#asked;
    say(this.#problem, '');
    try {
      const connections = await this.#api.connections(user);
      if (asked === this.#asked) this.#show(user, connections);
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#result.hidden = user !== this.#user;
      say(this.#problem, error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {string} user
   * @param {Connection[]} connections
   */
  #show(user, connections) {
    this.#user = user;
    this.#result.hidden = false;
    this.#table.hidden = connections.length === 0;
    this.#endAll.hidden = connections.length === 0;
    say(this.#title, `${user}: ${connections.length > 0 ? count(connections.length, 'connection') : 'not connected'}`);
    say(this.#asOf, `As of ${clock(new Date())}.`);
    say(this.#endAll, connections.length === 1 ? 'End it…' : `End all ${connections.length}…`);
    this.#rows.show([...connections].sort((a, b) => a.connected_at.localeCompare(b.connected_at)));
  }

  /** @returns {import('./tables.js').Row<Connection>} */
  #makeRow() {
    /** @type {Connection | undefined} */
    let shown;
    const element = make('tr');
    const endpoint = make('th', 'name');
    endpoint.scope = 'row';
    const id = make('span', 'about');
    const since = make('td');
    const at = make('span', 'about');
    const address = make('td', 'address');
    const end = make('td', 'act');
    const act = button('End…', () => this.#askToEnd(shown));
    end.append(act);
    element.append(endpoint, since, address, end);
    return {
      element,
      update: (connection) => {
        shown = connection;
        const connected = new Date(connection.connected_at);
        const seconds = Math.max(0, (Date.now() - connected.getTime()) / 1000);
        say(id, connection.id);
        say(at, `since ${moment(connected)}`);
        endpoint.replaceChildren(connection.endpoint, ' ', id);
        since.replaceChildren(duration(seconds), ' ', at);
        say(address, connection.remote_address);
        act.setAttribute('aria-label', `End connection ${connection.id}`);
      },
    };
  }

  /** @param {Connection | undefined} connection undefined: all */
  #askToEnd(connection) {
    const user = this.#user;
    const what = connection ? `connection ${connection.id}` : 'all connections';
    this.#endDialog.open({
      title: `End ${what} of ${user}?`,
      act: connection ? 'End it' : 'End all',
      carryOut: () =>
        this.#api.end(user, { ...this.#endDialog.ending, ...(connection ? { id: connection.id } : {}) }),
      done: (ended) => {
        say(this.#said, ended > 0 ? `Ended ${count(ended, 'connection')} of ${user}.` : 'It had ended already.');
        void this.#list(user).then(() => this.#title.focus());
      },
    });
  }

  #askToNotify() {
    const user = this.#user;
    this.#notifyDialog.prepare();
    this.#notifyDialog.open({
      title: `Send ${user} a test notification`,
      act: 'Send',
      carryOut: () => this.#api.publish(user, this.#notifyDialog.data),
      done: ({ published }) => {
        const deliveries = published.reduce((sum, one) => sum + one.deliveries, 0);
        say(this.#said, `Sent to ${count(deliveries, 'connection')} of ${user} on this node.`);
      },
    });
  }
}
