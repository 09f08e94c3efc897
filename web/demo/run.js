// SPDX-License-Identifier: MIT
// Plays a whole run: three stories at once, each message published when it is due.
import { publishTo, tell } from './by-hand.js';
import { part, say } from './dom.js';
import { batchRun } from './run-batch.js';
import { bookRun } from './run-book.js';
import { submissionRun } from './run-submission.js';

const TIMES = new Set(['timestamp', 'dueDate', 'lastStudiedAt']);

/** The message with the time of now wherever it says one. */
const dated = (message) => {
  const now = new Date().toISOString();
  return JSON.parse(JSON.stringify(message), (name, value) => (TIMES.has(name) ? now : value));
};

export class Run {
  play = part('play');
  pace = part('pace');
  words = part('run-words');
  bar = part('run-bar');
  number = 0;
  /** Aborting it stops the run. */
  stopper;

  /** `prepare` makes the page ready for one. */
  constructor(connections, prepare) {
    this.connections = new Map(connections.map((one) => [one.system.name, one]));
    this.prepare = prepare;
    this.play.addEventListener('click', () => {
      if (this.stopper) this.stopper.abort();
      else void this.start();
    });
  }

  async start() {
    this.stopper = new AbortController();
    say(this.play, 'Stop');
    say(this.words, 'Connecting…');
    const steps = [...batchRun(++this.number), ...bookRun(), ...submissionRun()].sort(([a], [b]) => a - b);
    this.bar.max = steps.length;
    this.bar.value = 0;
    try {
      await this.prepare();
      await this.steps(steps, this.stopper.signal);
      say(this.words, this.stopper.signal.aborted ? 'Stopped' : `Done: ${steps.length} messages`);
    } catch (error) {
      say(this.words, 'Stopped');
      tell(`The run: ${error.message}`, true);
    }
    this.stopper = undefined;
    say(this.play, 'Play a run');
  }

  async steps(steps, signal) {
    let last = 0;
    for (const [index, [due, system, message]] of steps.entries()) {
      await this.wait(due - last, signal);
      if (signal.aborted) return;
      last = due;
      await publishTo(this.connections.get(system), dated(message));
      this.bar.value = index + 1;
      say(this.words, `Message ${index + 1} of ${steps.length}`);
    }
  }

  /** The pace may change between any two messages. */
  wait(seconds, signal) {
    return new Promise((done) => {
      const timer = setTimeout(done, (seconds * 1000) / Number(this.pace.value));
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        done();
      }, { once: true });
    });
  }
}
