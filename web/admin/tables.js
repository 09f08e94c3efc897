// SPDX-License-Identifier: MIT
// Lists that change every second without getting in the way of who reads or uses them.
import { make, say } from './dom.js';
import { number } from './format.js';

/**
 * @template T
 * @typedef {object} Row
 * @property {HTMLElement} element
 * @property {(item: T) => void} update
 */

/**
 * Rows that stay the same elements as long as their key is in the list. While the list is pointed at or has the
 * focus, the rows keep their places, so that nothing slips away from under a finger.
 * @template T
 */
export class Rows {
  /** @type {Map<string, Row<T>>} in the order of the page */
  #rows = new Map();
  #body;
  #keyOf;
  #makeRow;

  /**
   * @param {HTMLElement} body
   * @param {(item: T) => string} keyOf
   * @param {(item: T) => Row<T>} makeRow
   */
  constructor(body, keyOf, makeRow) {
    this.#body = body;
    this.#keyOf = keyOf;
    this.#makeRow = makeRow;
  }

  /** @param {T[]} items */
  show(items) {
    const wanted = new Map(this.#inPlace(items).map((item) => [this.#keyOf(item), item]));
    for (const [key, row] of this.#rows) {
      if (!wanted.has(key)) row.element.remove();
    }
    /** @type {Map<string, Row<T>>} */
    const rows = new Map();
    /** @type {Element | null} */
    let place = this.#body.firstElementChild;
    for (const [key, item] of wanted) {
      const row = this.#rows.get(key) ?? this.#makeRow(item);
      row.update(item);
      rows.set(key, row);
      if (row.element === place) place = place.nextElementSibling;
      else this.#body.insertBefore(row.element, place);
    }
    this.#rows = rows;
  }

  /**
   * In the order that they are shown in now, new ones last, if they are not to move.
   * @param {T[]} items
   */
  #inPlace(items) {
    if (!this.#body.matches(':hover, :focus-within')) return items;
    const places = new Map([...this.#rows.keys()].map((key, i) => [key, i]));
    /** @param {T} item */
    const place = (item) => places.get(this.#keyOf(item)) ?? Infinity;
    return items
      .map((item) => ({ item, at: place(item) }))
      .sort((a, b) => (a.at === b.at ? 0 : a.at - b.at))
      .map(({ item }) => item);
  }
}

/** How much of the most, as a bar. */
export class Bar {
  element = make('span', 'bar');

  /** @param {number} part 0 to 1 */
  set part(part) {
    this.element.style.setProperty('--part', `${(100 * Math.min(1, part)).toFixed(1)}%`);
  }
}

/** @typedef {{ name: string, about: string, recent: number | null, total: number }} Tally */

/**
 * Counters by name: what each has come to, and lately. Those that never counted are left out.
 */
export class Tallies {
  #rows;
  #empty;
  #table;

  /**
   * @param {HTMLElement} section with a table and what to say instead of an empty one
   */
  constructor(section) {
    this.#table = /** @type {HTMLTableElement} */ (section.querySelector('table'));
    this.#empty = /** @type {HTMLElement} */ (section.querySelector('.empty'));
    this.#rows = new Rows(
      /** @type {HTMLElement} */ (this.#table.tBodies[0]),
      /** @param {Tally} tally */ (tally) => tally.name,
      (tally) => makeTally(tally),
    );
  }

  /** @param {Tally[]} tallies */
  show(tallies) {
    const counted = tallies.filter((tally) => tally.total > 0).sort((a, b) => b.total - a.total);
    this.#table.hidden = counted.length === 0;
    this.#empty.hidden = counted.length > 0;
    this.#rows.show(counted);
  }
}

/**
 * @param {Tally} tally
 * @returns {Row<Tally>}
 */
function makeTally(tally) {
  const element = make('tr');
  const name = make('th', 'name', tally.name);
  name.scope = 'row';
  if (tally.about) name.append(' ', make('span', 'about', tally.about));
  const recent = make('td', 'figure');
  const total = make('td', 'figure');
  element.append(name, recent, total);
  return {
    element,
    update: (now) => {
      say(recent, now.recent === null ? '' : `+${number(now.recent)}`);
      recent.classList.toggle('is-still', !now.recent);
      say(total, number(now.total));
    },
  };
}
