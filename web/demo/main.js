// SPDX-License-Identifier: MIT
// The page of demo mode: connects the four systems, hands what comes to those who show it.
import { Batches } from './batch.js';
import { Books } from './book.js';
import { showButtons, tell } from './by-hand.js';
import { Connection } from './connection.js';
import { part } from './dom.js';
import { Log } from './log.js';
import { Reader } from './reader.js';
import { Run } from './run.js';
import { Submission } from './submission.js';
import { systems } from './systems.js';
import { Teacher } from './teacher.js';

const who = part('user');
const whoAmI = () => who.value.trim() || who.defaultValue;

const log = new Log();
const connections = systems.map((system) => new Connection(system, log));
const [huleedu, status, hailango, submissions] = connections;
for (const connection of connections) {
  connection.whoAmI = whoAmI;
  part('endpoints').append(connection.card);
}

const teacher = new Teacher();
const batches = new Batches();
const books = new Books();
const reader = new Reader();
const submission = new Submission(submissions);
huleedu.listen((message) => teacher.hear(message));
huleedu.listen((message) => batches.hear(message));
status.listen((message) => batches.hearStatus(message));
hailango.listen((message) => books.hear(message));
hailango.listen((message) => reader.hear(message));
submissions.listen((message) => submission.hear(message));

const connectAll = () => Promise.all(connections.map((connection) => connection.connect(whoAmI())));

/** Another name is another user, to whom none of this was told. */
async function become() {
  for (const connection of connections) connection.disconnect();
  for (const shown of [teacher, batches, books, reader, submission]) shown.clear();
  await connectAll();
}

new Run(connections, async () => {
  await submission.declare(submissions);
  await Promise.all(connections.map((connection) => connection.ready(whoAmI())));
});

part('who').addEventListener('submit', (event) => {
  event.preventDefault();
  who.blur();
});
who.addEventListener('change', () => void become());
part('connect-all').addEventListener('click', () => void connectAll());

try {
  showButtons(connections, await (await fetch('/demo/samples.json')).json());
} catch (error) {
  tell(`There are no samples: ${error.message}`, true);
}
void connectAll();
