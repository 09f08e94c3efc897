// SPDX-License-Identifier: MIT
// Figures as text: thin spaces between thousands, as many decimals as mean something.

const THIN = '\u202f';
const NONE = '\u2013';

/** @type {Intl.NumberFormat[]} */
const formats = [0, 1, 2, 3].map(
  (digits) => new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/**
 * @param {number} value
 * @param {0 | 1 | 2 | 3} [digits]
 */
export function number(value, digits = 0) {
  return /** @type {Intl.NumberFormat} */ (formats[digits]).format(value).replaceAll(',', THIN);
}

/**
 * Three digits that count.
 * @param {number} value
 */
function roughly(value) {
  if (value === 0 || value >= 100) return number(value);
  return number(value, value >= 10 ? 1 : 2);
}

/** @param {number | null} value a second */
export const rate = (value) => (value === null ? NONE : roughly(value));

/** @param {number | null} value */
export function milliseconds(value) {
  if (value === null) return NONE;
  return `${value > 0 && value < 1 ? number(value, 3) : roughly(value)}${THIN}ms`;
}

/** No digit more than a mark on a scale needs. @param {number} value */
export const scale = (value) => value.toLocaleString('en', { maximumSignificantDigits: 3 }).replaceAll(',', THIN);

/** @param {number | null} value */
export const whole = (value) => (value === null ? NONE : number(value));

/**
 * "1 connection", "2 connections".
 * @param {number} value
 * @param {string} noun
 */
export const count = (value, noun) => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;

/**
 * The two largest units: "3 d 4 h".
 * @param {number} seconds
 */
export function duration(seconds) {
  const units = [
    { name: 'd', part: Math.floor(seconds / 86400) },
    { name: 'h', part: Math.floor(seconds / 3600) % 24 },
    { name: 'min', part: Math.floor(seconds / 60) % 60 },
    { name: 's', part: Math.floor(seconds) % 60 },
  ];
  const first = units.findIndex((unit) => unit.part > 0);
  if (first < 0) return '0 s';
  return units
    .slice(first, first + 2)
    .filter((unit) => unit.part > 0)
    .map((unit) => `${unit.part} ${unit.name}`)
    .join(' ');
}

/** @param {Date} date */
export const clock = (date) => date.toLocaleTimeString('en-GB');

/**
 * With the day, when it is another than today's.
 * @param {Date} date
 */
export function moment(date) {
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? clock(date) : `${date.toLocaleDateString('en-CA')} ${clock(date)}`;
}
