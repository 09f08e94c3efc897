// SPDX-License-Identifier: MIT
// The API key: asked for, kept for as long as the tab is open, forgotten.
import { part, say } from './dom.js';

const ITEM = 'tidings-api-key';

/** Where a browser keeps nothing (a private window may refuse), the key lasts as long as the page. */
export function storedKey() {
  try {
    return sessionStorage.getItem(ITEM) ?? '';
  } catch {
    return '';
  }
}

/** @param {string} key "": none */
export function storeKey(key) {
  try {
    if (key) sessionStorage.setItem(ITEM, key);
    else sessionStorage.removeItem(ITEM);
  } catch {
    // It lasts as long as the page.
  }
}

export class KeyForm {
  #section = part('door', HTMLElement);
  #input = part('key', HTMLInputElement);
  #problem = part('key-problem', HTMLElement);

  /** @param {(key: string) => void} entered */
  constructor(entered) {
    part('key-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      const key = this.#input.value.trim();
      if (key) entered(key);
    });
  }

  /** @param {string} [problem] why the key before was not good */
  show(problem = '') {
    this.#section.hidden = false;
    say(this.#problem, problem);
    this.#input.toggleAttribute('aria-invalid', problem !== '');
    this.#input.focus();
    this.#input.select();
  }

  hide() {
    this.#section.hidden = true;
    this.#input.value = '';
    say(this.#problem, '');
  }
}
