// SPDX-License-Identifier: MIT
// Small helpers for the parts of the page: found, made, filled.

export const part = (id) => document.getElementById(id);

/** An element with a class and what is in it: texts (never markup) and elements; `undefined` is passed over. */
export function make(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content.filter((one) => one !== undefined));
  return made;
}

export function button(text, act, className) {
  const made = make('button', className, text);
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}

/** A text that changes only where it is another, so that it is not read out again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Adds to the top of a list and lets the oldest go. */
export function prepend(list, item, most) {
  list.prepend(item);
  while (list.children.length > most) list.lastElementChild.remove();
}

/** A bar with its name for those who do not see it. */
export function bar(label, value, most) {
  const made = make('progress');
  made.max = most;
  made.value = value;
  made.setAttribute('aria-label', label);
  return made;
}

export const clock = (date = new Date()) => date.toLocaleTimeString([], { hour12: false });
