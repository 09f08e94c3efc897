// SPDX-License-Identifier: MIT
// One submission as its author sees it: where it stands, its tests as they end, why one failed, and the result.
import { bar, make, part, say } from './dom.js';

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const capital = (text) => String(text).charAt(0).toUpperCase() + String(text).slice(1).replaceAll('_', ' ');

export class Submission {
  number;
  title = part('submission-title');
  status = part('submission-status');
  tests = part('tests');
  analysis = part('analysis');
  summary = part('summary');
  again = part('watch-again');

  constructor(connection) {
    this.again.addEventListener('click', () => void this.watchAgain(connection));
    part('submission-new').addEventListener('click', () => void this.declare(connection));
  }

  /** The server tells it from its beginning, also after its end. */
  async watchAgain(connection) {
    connection.disconnect();
    this.clear();
    connection.at.isAgain = true;
    await connection.connect(connection.whoAmI());
  }

  async declare(connection) {
    connection.disconnect();
    this.clear();
    connection.at.submission = undefined;
    await connection.connect(connection.whoAmI());
  }

  hear(message) {
    if (message.submission_id !== this.number) {
      this.clear();
      this.number = message.submission_id;
      say(this.title, `Submission ${this.number}`);
    }
    this.again.disabled = false;
    switch (message.type) {
      case 'status_update':
        this.show(message.status);
        break;
      case 'test_result':
        this.test(message);
        break;
      case 'error_analysis':
        this.analyse(message);
        break;
      case 'complete':
        this.complete(message);
        break;
    }
  }

  show(status) {
    say(this.status, capital(status));
    this.status.dataset.status = status;
  }

  test({ test_name: name, status, duration_ms: duration }) {
    const item = make('li', '', make('span', 'result', capital(status)), make('span', 'name', name));
    if (duration !== undefined) item.append(make('span', 'duration', seconds(duration)));
    item.dataset.status = status;
    this.tests.append(item);
  }

  analyse({ error, analysis, suggestions }) {
    const advice = (suggestions ?? []).map((one) => make('li', '', one));
    this.analysis.replaceChildren(make('h3', '', error), make('p', '', analysis), make('ul', '', ...advice));
  }

  complete({ final_status: status, summary }) {
    this.show(status);
    const { total_tests: total, passed, failed, duration_ms: duration } = summary;
    const words = `${passed} of ${total} tests passed${failed ? `, ${failed} failed` : ''}, in ${seconds(duration)}`;
    this.summary.replaceChildren(bar('Tests passed', passed, Math.max(1, total)), make('p', '', words));
  }

  clear() {
    this.number = undefined;
    this.again.disabled = true;
    say(this.title, 'Submission');
    say(this.status, 'Nothing yet');
    this.status.dataset.status = '';
    for (const area of [this.tests, this.analysis, this.summary]) area.replaceChildren();
  }
}
