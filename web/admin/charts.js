// SPDX-License-Identifier: MIT
// Line charts in SVG. No library: the page loads nothing from elsewhere and is built into the server, and one that
// draws lines over time is many times as large as all of this page.
import { make, say } from './dom.js';
import { clock, duration, scale } from './format.js';
import { WINDOW_MS } from './history.js';

/** @typedef {import('./history.js').Sample} Sample */
/**
 * @typedef {object} Line
 * @property {string} name
 * @property {(sample: Sample) => number | null} value
 */
/**
 * @typedef {object} ChartOptions
 * @property {Line[]} lines at most three: so many have a colour and a pattern in the style sheet
 * @property {(value: number | null) => string} format
 * @property {string} unit behind the figures of the scale
 * @property {number} least the scale goes at least so far
 */

const HEIGHT = 150;
const MARGIN = { top: 10, right: 2, bottom: 20, left: 56 };
const BOTTOM = HEIGHT - MARGIN.bottom;
/** How far back a chart goes: the shortest that holds all samples, so that there is something to see from the start. */
const SPANS = [
  { span_ms: 60_000, step_ms: 15_000 },
  { span_ms: 120_000, step_ms: 30_000 },
  { span_ms: WINDOW_MS, step_ms: 60_000 },
];
const GAP_MS = 15_000; // where samples are missing for so long, so is the line
const TABLE_STEP_MS = 30_000;

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {string} [text]
 * @returns {SVGElementTagNameMap[T]}
 */
function draw(tag, attributes = {}, text) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * The next of …, 1, 2, 4, 10, 20, 40, …: the half of it is a round number too.
 * @param {number} value above 0
 */
function roundUp(value) {
  const unit = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 10].find((one) => one * unit >= value * 0.9999) ?? 10;
  return step * unit;
}

/** @param {number} age_ms */
function ageInWords(age_ms) {
  if (age_ms === 0) return 'now';
  return age_ms % 60_000 === 0 ? `\u2212${age_ms / 60_000} min` : `\u2212${age_ms / 1000} s`;
}

export class LineChart {
  #svg = draw('svg', { height: HEIGHT, role: 'img' });
  #grid = draw('g', { class: 'grid', 'aria-hidden': 'true' });
  #guide = draw('line', { class: 'guide', y1: MARGIN.top, y2: BOTTOM });
  /** @type {SVGPathElement[]} */
  #paths;
  /** @type {HTMLElement[]} */
  #values = [];
  #when = make('span', 'when');
  #details = make('details', 'figures');
  #rows = make('tbody');
  #width = 0;
  /** @type {number | undefined} where the pointer is, in pixels from the left */
  #pointed;
  /** @type {Sample[]} */
  #samples = [];
  #span = /** @type {(typeof SPANS)[number]} */ (SPANS[0]);
  #title;
  #options;

  /**
   * @param {HTMLElement} figure whose first child is its title
   * @param {ChartOptions} options
   */
  constructor(figure, options) {
    this.#options = options;
    this.#title = figure.firstElementChild?.textContent ?? '';
    this.#paths = options.lines.map((_, i) => draw('path', { class: `line line-${i + 1}` }));
    this.#svg.append(this.#grid, this.#guide, ...this.#paths);
    figure.append(this.#makeLegend(), this.#svg, this.#makeTable());
    this.#svg.addEventListener('pointermove', (event) => this.#point(event.offsetX));
    this.#svg.addEventListener('pointerleave', () => this.#point(undefined));
    new ResizeObserver(() => this.#fit(figure)).observe(figure);
  }

  /** @param {Sample[]} samples oldest first */
  show(samples) {
    this.#samples = samples;
    this.#redraw();
  }

  #makeLegend() {
    const legend = make('p', 'legend');
    this.#options.lines.forEach((line, i) => {
      const value = make('span', 'value', this.#options.format(null));
      const item = make('span', 'item');
      item.append(make('span', `swatch swatch-${i + 1}`), make('span', '', line.name), value);
      this.#values.push(value);
      legend.append(item);
    });
    legend.append(this.#when);
    return legend;
  }

  #makeTable() {
    const head = make('tr');
    for (const text of ['Time', ...this.#options.lines.map((line) => line.name)]) {
      const cell = make('th', text === 'Time' ? '' : 'figure', text);
      cell.scope = 'col';
      head.append(cell);
    }
    const top = make('thead');
    top.append(head);
    const table = make('table');
    table.append(make('caption', 'unseen', `${this.#title}, every half minute`), top, this.#rows);
    this.#details.append(make('summary', '', 'As a table'), table);
    this.#details.addEventListener('toggle', () => this.#fillTable());
    return this.#details;
  }

  /** @param {HTMLElement} figure */
  #fit(figure) {
    const style = getComputedStyle(figure);
    this.#width = Math.floor(figure.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight));
    this.#svg.setAttribute('width', String(Math.max(0, this.#width)));
    this.#redraw();
  }

  #redraw() {
    const last = this.#samples.at(-1);
    if (!last || this.#width <= MARGIN.left) return;
    const { lines, least } = this.#options;
    const values = this.#samples.flatMap((sample) => lines.map((line) => line.value(sample) ?? 0));
    const top = roundUp(Math.max(least, ...values));
    const back_ms = last.at_ms - (this.#samples[0]?.at_ms ?? 0);
    this.#span = SPANS.find(({ span_ms }) => span_ms >= back_ms) ?? this.#span;
    this.#drawGrid(top);
    lines.forEach((line, i) => this.#paths[i]?.setAttribute('d', this.#path(line, last, top)));
    this.#showValues(last);
    this.#svg.setAttribute('aria-label', this.#inWords(last));
    this.#fillTable();
  }

  /** @param {number} age_ms */
  #x(age_ms) {
    return MARGIN.left + (this.#width - MARGIN.left - MARGIN.right) * (1 - age_ms / this.#span.span_ms);
  }

  /** @param {number} top what the scale goes to */
  #drawGrid(top) {
    const right = this.#width - MARGIN.right;
    /** @type {SVGElement[]} */
    const drawn = [];
    for (const part of [0, 0.5, 1]) {
      const y = BOTTOM - part * (BOTTOM - MARGIN.top);
      drawn.push(draw('line', { x1: MARGIN.left, x2: right, y1: y, y2: y }));
      drawn.push(draw('text', { x: MARGIN.left - 8, y: y + 4, class: 'scale' }, `${scale(top * part)}${this.#options.unit}`));
    }
    const { span_ms, step_ms } = this.#span;
    for (let age_ms = span_ms; age_ms >= 0; age_ms -= step_ms) {
      const className = age_ms === 0 ? 'now' : 'age';
      drawn.push(draw('text', { x: this.#x(age_ms), y: HEIGHT - 4, class: className }, ageInWords(age_ms)));
    }
    this.#grid.replaceChildren(...drawn);
  }

  /**
   * @param {Line} line
   * @param {Sample} last
   * @param {number} top
   */
  #path(line, last, top) {
    let path = '';
    /** @type {number | undefined} when the line was last drawn to */
    let drawn_ms;
    for (const sample of this.#samples) {
      const value = line.value(sample);
      if (value === null) continue;
      const isBroken = drawn_ms === undefined || sample.at_ms - drawn_ms > GAP_MS;
      const y = BOTTOM - (value / top) * (BOTTOM - MARGIN.top);
      path += `${isBroken ? 'M' : 'L'}${this.#x(last.at_ms - sample.at_ms).toFixed(1)} ${y.toFixed(1)}`;
      drawn_ms = sample.at_ms;
    }
    return path;
  }

  /** @param {number | undefined} x */
  #point(x) {
    this.#pointed = x;
    const last = this.#samples.at(-1);
    if (last) this.#showValues(last);
  }

  /**
   * The sample that is nearest to the pointer, else the last.
   * @param {Sample} last
   */
  #shown(last) {
    const x = this.#pointed;
    if (x === undefined || x < MARGIN.left) return last;
    /** @param {Sample} sample */
    const distance = (sample) => Math.abs(this.#x(last.at_ms - sample.at_ms) - x);
    return this.#samples.reduce((best, sample) => (distance(sample) < distance(best) ? sample : best), last);
  }

  /** @param {Sample} last */
  #showValues(last) {
    const shown = this.#shown(last);
    const isNow = shown === last;
    const { lines, format } = this.#options;
    lines.forEach((line, i) => say(/** @type {HTMLElement} */ (this.#values[i]), format(line.value(shown))));
    say(this.#when, isNow ? '' : `at ${clock(shown.at)}`);
    const x = String(this.#x(last.at_ms - shown.at_ms));
    this.#guide.setAttribute('x1', x);
    this.#guide.setAttribute('x2', x);
    this.#guide.classList.toggle('is-shown', !isNow);
  }

  /** @param {Sample} last */
  #inWords(last) {
    const { lines, format } = this.#options;
    const words = lines.map((line) => {
      const values = this.#samples.map(line.value).filter((value) => value !== null);
      const now = `${line.name} now ${format(line.value(last))}`;
      if (values.length < 2) return now;
      return `${now}, lowest ${format(Math.min(...values))}, highest ${format(Math.max(...values))}`;
    });
    return `${this.#title}, the last ${duration(this.#span.span_ms / 1000)}. ${words.join('. ')}.`;
  }

  #fillTable() {
    if (!this.#details.open) return;
    const { lines, format } = this.#options;
    /** @type {HTMLElement[]} */
    const rows = [];
    let next_ms = Infinity;
    for (const sample of [...this.#samples].reverse()) {
      if (sample.at_ms > next_ms) continue;
      const row = make('tr');
      row.append(make('td', '', clock(sample.at)));
      for (const line of lines) row.append(make('td', 'figure', format(line.value(sample))));
      rows.push(row);
      next_ms = sample.at_ms - TABLE_STEP_MS;
    }
    this.#rows.replaceChildren(...rows);
  }
}
