// SPDX-License-Identifier: MIT
// The questions before something is done to a user. A dialog stays open, and says why, while it cannot be done.
import { part, say } from './dom.js';

/**
 * @template T
 * @typedef {object} Question
 * @property {string} title
 * @property {string} act what the button that does it says
 * @property {() => Promise<T>} carryOut
 * @property {(done: T) => void} done is told of the end, when the dialog is closed
 */

/** A `<dialog>` with a form, a place for problems, a button that cancels and one that does it. */
class FormDialog {
  #dialog;
  #form;
  #problem;
  #submit;
  /** @type {Question<any> | undefined} */
  #question;
  #isBusy = false;

  /** @param {string} id */
  constructor(id) {
    this.#dialog = part(id, HTMLDialogElement);
    this.#form = /** @type {HTMLFormElement} */ (this.#dialog.querySelector('form'));
    this.#problem = /** @type {HTMLElement} */ (this.#dialog.querySelector('.problem'));
    this.#submit = /** @type {HTMLButtonElement} */ (this.#dialog.querySelector('[type=submit]'));
    this.#dialog.querySelector('.cancel')?.addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => (this.#question = undefined));
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#carryOut();
    });
  }

  /** The field of that name. @param {string} name */
  field(name) {
    return /** @type {HTMLInputElement | HTMLTextAreaElement} */ (this.#form.elements.namedItem(name));
  }

  /**
   * @template T
   * @param {Question<T>} question
   */
  open(question) {
    this.#question = question;
    say(/** @type {Element} */ (this.#dialog.querySelector('h2')), question.title);
    say(this.#submit, question.act);
    say(this.#problem, '');
    this.#dialog.showModal();
  }

  async #carryOut() {
    const question = this.#question;
    if (!question || this.#isBusy) return;
    this.#isBusy = true;
    this.#submit.setAttribute('aria-disabled', 'true');
    say(this.#problem, '');
    try {
      const done = await question.carryOut();
      if (this.#question === question) this.#dialog.close();
      question.done(done);
    } catch (error) {
      say(this.#problem, error instanceof Error ? error.message : String(error));
    }
    this.#submit.removeAttribute('aria-disabled');
    this.#isBusy = false;
  }
}

/** With what words connections end, and for how long the user is refused. */
export class EndDialog extends FormDialog {
  constructor() {
    super('end-dialog');
  }

  /** @returns {import('./api.js').Ending} */
  get ending() {
    return {
      code: Number(this.field('code').value),
      reason: this.field('reason').value,
      block_seconds: Number(this.field('block').value),
    };
  }
}

/** What the server takes for JSON is for the server to say, but what is no JSON at all need not be sent. @param {string} text */
function checkJson(text) {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new Error(`That is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}

/** What a test notification says. */
export class NotifyDialog extends FormDialog {
  constructor() {
    super('notify-dialog');
  }

  prepare() {
    const sample = { type: 'test', message: 'A test by the operator', timestamp: new Date().toISOString() };
    this.field('data').value = JSON.stringify(sample, null, 2);
  }

  /** The text, which is JSON. */
  get data() {
    const text = this.field('data').value;
    checkJson(text);
    return text;
  }
}
