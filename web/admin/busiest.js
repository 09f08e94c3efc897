// SPDX-License-Identifier: MIT
// The users and channels to which the most messages go.
import { button, make, part, say } from './dom.js';
import { duration, number } from './format.js';
import { Bar, Rows } from './tables.js';

/** @typedef {import('./api.js').Overview} Overview */
/** @typedef {{ name: string, messages: number, error: number, most: number }} Busy */

/**
 * @param {Busy} busy
 * @param {((name: string) => void) | undefined} choose what a click on the name does
 * @returns {import('./tables.js').Row<Busy>}
 */
function makeBusy({ name }, choose) {
  const element = make('tr');
  const title = make('th', 'name');
  title.scope = 'row';
  title.append(choose ? button(name, () => choose(name), 'link') : name);
  const bar = new Bar();
  const count = make('span');
  const messages = make('td', 'figure');
  const measure = make('span', 'measure');
  measure.append(bar.element, count);
  messages.append(measure);
  element.append(title, messages);
  return {
    element,
    update: (busy) => {
      say(count, `${number(busy.messages)}${busy.error > 0 ? ` \u2212${number(busy.error)}` : ''}`);
      count.title = busy.error > 0 ? `at most ${number(busy.error)} too many` : '';
      bar.part = busy.messages / busy.most;
    },
  };
}

class BusyList {
  #rows;
  #table;
  #empty;

  /**
   * @param {string} id
   * @param {(name: string) => void} [choose]
   */
  constructor(id, choose) {
    const section = part(id, HTMLElement);
    this.#table = /** @type {HTMLTableElement} */ (section.querySelector('table'));
    this.#empty = /** @type {HTMLElement} */ (section.querySelector('.empty'));
    this.#rows = new Rows(
      /** @type {HTMLElement} */ (this.#table.tBodies[0]),
      /** @param {Busy} busy */ (busy) => busy.name,
      (busy) => makeBusy(busy, choose),
    );
  }

  /** @param {{ name: string, messages: number, error: number }[]} list */
  show(list) {
    const busy = list.filter(({ messages }) => messages > 0);
    const most = Math.max(1, ...busy.map(({ messages }) => messages));
    this.#table.hidden = busy.length === 0;
    this.#empty.hidden = busy.length > 0;
    this.#rows.show(busy.map((one) => ({ ...one, most })));
  }
}

export class BusiestView {
  #users;
  #channels = new BusyList('busy-channels');

  /** @param {(user: string) => void} chooseUser */
  constructor(chooseUser) {
    this.#users = new BusyList('busy-users', chooseUser);
  }

  /** @param {Overview} overview */
  show({ busiest }) {
    const { seconds, is_whole, users, channels } = busiest;
    const span = `Messages over the last ${duration(seconds)}, each listener counted`;
    say(part('busy-span', HTMLElement), `${span}${is_whole ? '.' : '; not every worker could be asked.'}`);
    this.#users.show(users.map((one) => ({ ...one, name: one.user ?? '' })));
    this.#channels.show(channels.map((one) => ({ ...one, name: one.channel ?? '' })));
  }
}
