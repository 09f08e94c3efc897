// SPDX-License-Identifier: MIT
// Submissions from their declaration to their last message: whoever watches, early or late, on whichever node, hears all
// that was accepted, once, in order, as all others do, and is closed with the last.
import type { Tidings } from '../support/tidings';
import { sleep, until, within } from '../support/wait';
import { dial, type Listener } from '../support/wsClient';
import { problem } from './ledger';
import { trustOf, urlOf } from './visitors';

const MESSAGES = 25;

interface Told {
  accepted: number[];
  unknown: Set<number>; // may or may not be there, or be found by Redis behind what came after
}

/** Gives every number that was heard until the server says that this was all; again from the start if it is cut off. */
async function watch(node: () => Tidings, id: number): Promise<number[]> {
  for (;;) {
    const at = node();
    const token = at.token('watcher');
    const client: Listener = dial(urlOf(at, `/ws/submissions/${id}?token=${token}`), trustOf(at));
    const end = await within(120_000, `the end of submission ${id}`, client.closed).catch((late) => {
      client.socket.terminate();
      throw late;
    });
    if (end.code === 1000) {
      const texts = client.messages.map((text) => JSON.parse(text) as { type?: string; n: number });
      return texts.filter((one) => one.type === 'progress').map((one) => one.n);
    }
    // The node is about to stop, is gone, or cannot ask Redis for now.
    if (![1006, 1011, 1012, 4500].includes(end.code)) problem(`watcher of ${id} was closed: ${end.code} ${end.reason}`);
    await sleep(100);
  }
}

function judge(id: number, heard: number[], told: Told): void {
  const has = new Set(heard);
  const promised = heard.filter((n) => !told.unknown.has(n));
  const isInOrder = promised.every((n, i) => i === 0 || n > promised[i - 1]!);
  if (!isInOrder || has.size < heard.length) problem(`submission ${id}: ${heard} is out of order or doubled`);
  const lost = told.accepted.filter((n) => !has.has(n));
  if (lost.length > 0) problem(`submission ${id}: ${lost} lost, heard ${heard}`);
  const known = new Set([...told.accepted, ...told.unknown]);
  const more = heard.filter((n) => !known.has(n));
  if (more.length > 0) problem(`submission ${id}: ${more} was refused`);
}

const api = (node: Tidings, path: string, body: unknown) => node.call(path, body).catch(() => undefined);

/** One submission. `pick` gives a node that is up, mostly. */
export async function submit(pick: () => Tidings): Promise<void> {
  const id = await until(
    'a submission to be declared',
    async () => {
      const answer = await api(pick(), '/api/v1/submissions', {});
      return answer && [200, 201].includes(answer.status) ? (answer.json.submission_id as number) : undefined;
    },
    120_000,
  );
  const told: Told = { accepted: [], unknown: new Set() };
  const watchers = [watch(pick, id), watch(pick, id)];
  const channel = `submission:${id}`;
  for (let n = 0; n < MESSAGES; n++) {
    const answer = await api(pick(), '/api/v1/publish', { channel, data: { type: 'progress', n } });
    if (answer?.status === 200) told.accepted.push(n);
    else if (answer?.json?.error?.code !== 'broker_unavailable') told.unknown.add(n);
    if (n === MESSAGES / 2) watchers.push(watch(pick, id));
    await sleep(20);
  }
  const complete = { channel, data: { type: 'complete' } };
  await until('the end to be accepted', async () => (await api(pick(), '/api/v1/publish', complete))?.status === 200, 120_000);
  watchers.push(watch(pick, id));
  const all = await Promise.all(watchers);
  for (const heard of all) judge(id, heard, told);
  const orders = new Set(all.map((heard) => heard.join()));
  if (orders.size > 1) problem(`submission ${id}: watchers hear ${[...orders].join(' and ')}`);
}
