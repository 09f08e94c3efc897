// SPDX-License-Identifier: MIT
// Two nodes over one Redis for as long as one likes (SOAK_SECONDS), with everything that happens to servers: clients that
// come and go, publishes by every way, reloads, bad configurations, a Redis that dies or hangs, a node that is drained and
// started again. Who stays hears everything once and in order, and after each round all is as it was after the first.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isUp, nodeOptions } from '../support/nodes';
import { startRedis, type Redis } from '../support/redis';
import { configFor, isSanitized, startTidings, sumOf, type Tidings, type TidingsOptions } from '../support/tidings';
import { ownCertificate } from '../support/tls';
import { sleep, until } from '../support/wait';
import { Ear, Ledger, problem, problems } from './ledger';
import { submit } from './submissions';
import { HANDSHAKE_SECONDS, pathOf, stall, trustOf, urlOf, UUID, visit } from './visitors';

const SECONDS = Number(process.env.SOAK_SECONDS ?? 60);
const ROUND = Math.min(120, Math.max(8, SECONDS / 4)); // seconds, between two times of quiet
const SAY_EVERY = Math.min(30, ROUND / 2);
const VISITORS = isSanitized ? 4 : 8; // at a time
const EARS = 4; // of each kind, on each node

const ledger = new Ledger();
const counts = { visits: 0, reloads: 0, faults: 0, restarts: 0, submissions: 0 };
const say = (text: string): void => void process.stderr.write(`${text}\n`);
const any = (count: number): number => Math.floor(Math.random() * count);

/* ---- the servers ---- */

class Node {
  server!: Tidings;
  isUp = false;
  /** Only one at a time restarts or reloads it. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly name: string,
    private readonly redis: Redis,
    private readonly isTls: boolean,
  ) {}

  options(odd: number): TidingsOptions {
    const mine = { attempts_per_minute: 0, connections: 0, messages_per_minute: 0, write_seconds: 2, idle_seconds: 90_000 };
    const ears = { ...mine, channels: ['ws:{user_id}', 'broadcast'] };
    const endpoints = [
      { name: 'huleedu', ...ears, inbound: 'echo', ping_seconds: odd ? 2 : 30, idle_seconds: odd ? 80_000 : 90_000 },
      { name: 'huleedu-status', ...ears },
      { name: 'hailango', ...ears },
      { name: 'submissions', ...mine },
      ...(odd ? [{ name: 'sometimes', path: '/sometimes' }] : []),
    ];
    return nodeOptions(
      { url: this.redis.url, reconnect_max_seconds: 1, reply_timeout_seconds: 2 },
      {
        allowErrors: /configuration (mistake|not reloaded)/,
        config: {
          log_level: 'info',
          handshake_seconds: HANDSHAKE_SECONDS,
          http_idle_seconds: 3,
          endpoints,
          origins: odd ? ['https://a.example'] : [],
          ...(this.isTls ? { tls: ownCertificate() } : {}),
        },
      },
    );
  }

  alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.last.then(act);
    this.last = done.catch(() => undefined);
    return done;
  }
  async start(): Promise<this> {
    this.server = await startTidings(this.options(0));
    this.isUp = true;
    return this;
  }
  async restart(): Promise<void> {
    this.isUp = false;
    await this.server.stop();
    await this.start();
    counts.restarts++;
  }
  async reload(): Promise<void> {
    const bad = ['listen: [\n', 'no_such_key: 1\n', JSON.stringify({ ...configFor(this.options(0)), endpoints: 7 })];
    const isBad = any(4) === 0;
    const lines = await this.server.reload(isBad ? bad[any(bad.length)]! : this.options(any(2)));
    if (!isBad && !lines.some((line) => /configuration reloaded/.test(line))) problem(`reload: ${lines.join('\n')}`);
    counts.reloads++;
  }
}

/* ---- what is published ---- */

const users = Array.from({ length: EARS }, (_, n) => `stay-${n}`);
const uuids = Array.from({ length: EARS }, (_, n) => UUID(n));

/** Goes on until `isOver`; what it throws is a problem. */
const loops = new Set<Promise<void>>();
function loop(isOver: () => boolean, ms: () => number, act: () => Promise<unknown>): Promise<void> {
  const run = async () => {
    while (!isOver()) {
      await act().catch((error) => problem(`${error?.stack ?? error}`));
      await sleep(ms());
    }
  };
  const done = run();
  loops.add(done);
  void done.then(() => loops.delete(done));
  return done;
}

const isGood = async (answer: Promise<{ status: number; json: any; text: string }>): Promise<boolean> => {
  const { status, json, text } = await answer;
  if (status === 200) return true;
  if (status !== 503) problem(`a publish is answered ${status} ${text}`);
  return json?.results !== undefined;
};

function beginPublishing(pick: () => Tidings, redis: Redis, isOver: () => boolean): void {
  for (const user of [...users, ...uuids]) {
    const channel = `ws:${user}`;
    loop(isOver, () => 5 + any(30), () =>
      ledger.publish([channel], ([n]) =>
        isGood(pick().call('/api/v1/publish', { user, data: { c: channel, n, more: 'x'.repeat(any(800)) } })),
      ),
    );
  }
  loop(isOver, () => 20, () =>
    ledger.publish(['broadcast'], ([n]) => isGood(pick().call('/api/v1/broadcast', { data: { c: 'broadcast', n } }))),
  );
  const batched = ['ws:batch-0', 'ws:batch-1', 'ws:batch-0'];
  loop(isOver, () => 50, () =>
    ledger.publish(batched, async (numbers) => {
      const commands = batched.map((c, i) => ({ publish: { channel: c, data: { c, n: numbers[i] } } }));
      const answer = await pick().call('/api/v1/batch', { commands });
      return answer.status === 200 && answer.json.results.every((one: object) => 'published' in one);
    }),
  );
  loop(isOver, () => 200, async () => {
    if (ledger.isFault) return;
    await ledger.publish(['ws:foreign'], async ([n]) =>
      /^\d+$/.test(await redis.ask('PUBLISH', 'ws:foreign', JSON.stringify({ c: 'ws:foreign', n }))),
    );
  });
}

/* ---- what goes wrong ---- */

/** Waits until the nodes have it again, and have noticed that it was gone: for a while nothing changes any more. */
async function haveAgain(nodes: Node[]): Promise<void> {
  const lost = async (node: Node) => (await isUp(node.server, true, 30_000), node.server.metric('redis_reconnects_total'));
  for (const node of nodes) {
    await node.alone(() =>
      until('an end of outages', async () => {
        const before = await lost(node);
        await sleep(700);
        return before === (await lost(node));
      }, 60_000),
    );
  }
}

async function fault(redis: Redis, nodes: Node[], ears: Ear[]): Promise<void> {
  await ledger.during(async () => {
    // What was accepted before is owed.
    await until('everybody to hear all', () => ears.every((ear) => ear.isThere), 60_000);
    const kind = any(3);
    say(`${new Date().toISOString()} fault ${['kill', 'stop', 'cut'][kind]}`);
    switch (kind) {
      case 0:
        await redis.kill();
        await sleep(any(1000));
        await redis.start();
        break;
      case 1:
        redis.signal('SIGSTOP');
        await sleep(500 + any(4000));
        redis.signal('SIGCONT');
        break;
      default:
        await redis.ask('CLIENT', 'KILL', 'TYPE', any(2) ? 'pubsub' : 'normal');
    }
    await haveAgain(nodes);
  });
  counts.faults++;
}

/* ---- what must be as it was ---- */

interface Figures {
  pss: number; // MiB
  fds: number;
  connections: number;
  subscriptions: number;
  users: number;
  queued: number;
  unfinished: number;
  channels: number;
  kept: number;
  atRedis: number;
}

async function figures(node: Tidings, redis: Redis): Promise<Figures> {
  const rollup = readFileSync(`/proc/${node.pid}/smaps_rollup`, 'utf8');
  const fds = readdirSync(`/proc/${node.pid}/fd`).length; // before we ask: who does is a descriptor too, for a while
  const metrics = await node.metrics();
  const of = (name: string): number => sumOf(metrics, name) ?? -1;
  return {
    pss: Number(/^Pss:\s+(\d+)/m.exec(rollup)![1]) / 1024,
    fds,
    connections: of('websocket_connections_total'),
    subscriptions: of('websocket_channel_subscriptions'),
    users: of('websocket_users_connected'),
    queued: of('websocket_queued_bytes'),
    unfinished: of('websocket_unfinished_bytes'),
    channels: of('redis_subscribed_channels'),
    kept: of('store_channels'),
    atRedis: (await redis.ask('PUBSUB', 'CHANNELS', '*')).split('\n').length,
  };
}

const withoutPss = ({ pss: _, ...rest }: Figures): string => JSON.stringify(rest);
/** Each worker subscribes for itself, so when ears come again it matters which of them they reach. */
const ofNode = (figures: Figures): string => withoutPss({ ...figures, subscriptions: 0 });

const LINGERS = 7000; // milliseconds; a channel that was left does for five seconds

/** Waits until everything but memory is as in `wanted`, or, without that, nothing has moved for `still`. */
async function settled(node: Tidings, redis: Redis, wanted?: Figures, still = LINGERS): Promise<Figures> {
  let before = '';
  let is = await figures(node, redis);
  for (let i = 0; i < 60 && ofNode(is) !== (wanted ? ofNode(wanted) : before); i++) {
    before = ofNode(is);
    await sleep(wanted ? 1000 : still);
    is = await figures(node, redis);
  }
  return is;
}

/** A sanitizer keeps what was freed; it says itself what was not. */
const mayHave = (pss: number): number => (isSanitized ? Infinity : pss * 1.15 + 3);

function compare(node: Node, is: Figures, was: Figures, hasRestarted: boolean): void {
  const text = hasRestarted ? ofNode : withoutPss;
  if (text(is) !== text(was)) problem(`node ${node.name}: ${text(is)} was ${text(was)}`);
  if (!hasRestarted && is.pss > mayHave(was.pss)) problem(`node ${node.name}: ${is.pss} MiB, was ${was.pss}`);
}

/* ---- a run ---- */

test(`${SECONDS} seconds`, async () => {
  const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  const a = await new Node('a', redis, true).start();
  const b = await new Node('b', redis, false).start();
  const nodes = [a, b];
  const began = Date.now();
  const empty = await Promise.all(nodes.map((node) => settled(node.server, redis, undefined, 1000)));
  const pick = (): Tidings => (b.isUp && any(2) ? b.server : a.server);

  const ears: Ear[] = [];
  const hear = (node: Node, name: string, channels: string[], path: (server: Tidings) => string, options = {}) =>
    ears.push(
      new Ear(ledger, `${name} on ${node.name}`, [...channels, 'broadcast'], () => ({
        url: urlOf(node.server, path(node.server)),
        options: { ...trustOf(node.server), ...options },
      })),
    );
  for (const node of nodes) {
    users.forEach((user, n) => {
      hear(node, user, [`ws:${user}`], (server) => pathOf(server, 0, user), { perMessageDeflate: n % 2 === 0 });
      hear(node, `status ${user}`, [`ws:${user}`], (server) => pathOf(server, 1, user));
    });
    for (const uuid of uuids) hear(node, uuid, [`ws:${uuid}`], (server) => pathOf(server, 2, '', uuid));
    for (const user of ['batch-0', 'batch-1', 'foreign']) hear(node, user, [`ws:${user}`], (server) => pathOf(server, 0, user));
  }
  await Promise.all(ears.map((ear) => ear.enter()));

  const summary = async (): Promise<void> => {
    ears.forEach((ear) => ear.check());
    const seconds = Math.round((Date.now() - began) / 1000);
    const is = await figures(a.server, redis).catch(() => undefined);
    const { accepted, refused, heard } = ledger;
    say(
      `${seconds}s accepted=${accepted} refused=${refused} heard=${heard} ` +
        Object.entries(counts).map(([name, count]) => `${name}=${count}`).join(' ') +
        ` connections=${is?.connections} a_mib=${is?.pss.toFixed(1)} a_fds=${is?.fds} problems=${problems.length}`,
    );
  };

  /** A time of everything, then of nothing. */
  const round = async (seconds: number): Promise<void> => {
    const end = Date.now() + seconds * 1000;
    const isOver = (): boolean => Date.now() > end || problems.length > 50;
    beginPublishing(pick, redis, isOver);
    for (let i = 0; i < VISITORS; i++) {
      loop(isOver, () => any(50), async () => {
        await visit(pick()).catch((error) => (b.isUp ? problem(`${error.message}`) : undefined));
        counts.visits++;
      });
    }
    loop(isOver, () => 2_000, () => stall(a.server).catch(() => undefined));
    for (let i = 0; i < 2; i++) loop(isOver, () => 100, async () => (await submit(pick), counts.submissions++));
    for (const node of nodes) loop(isOver, () => 500 + any(2_000), () => node.alone(() => node.reload()));
    loop(isOver, () => 4_000 + any(8_000), () => fault(redis, nodes, ears));
    loop(isOver, () => 6_000 + any(8_000), () => b.alone(() => b.restart()));
    loop(isOver, () => SAY_EVERY * 1000, summary);
    while (loops.size > 0) await Promise.all(loops);
    for (const ear of ears) {
      await until(`${ear.name} to hear all`, () => ear.isThere, 30_000).catch((late) => problem(late.message));
      ear.check();
    }
  };

  const was: Figures[] = [];
  for (let rounds = 0; rounds < 2 || Date.now() - began < SECONDS * 1000; rounds++) {
    const restarts = counts.restarts;
    await round(ROUND);
    const are = await Promise.all(nodes.map((node, i) => settled(node.server, redis, was[i])));
    for (const [i, node] of nodes.entries()) {
      say(`quiet: node ${node.name} ${JSON.stringify(are[i])}`);
      if (was[i]) compare(node, are[i]!, was[i]!, node === b && restarts !== counts.restarts);
    }
    if (was.length === 0) was.push(...are);
    if (problems.length > 0) break;
  }
  await summary();

  await Promise.all(ears.map((ear) => ear.leave()));
  const left = await Promise.all(nodes.map((node, i) => settled(node.server, redis, empty[i])));
  for (const node of problems.length > 0 ? nodes : []) {
    const file = join(tmpdir(), `tidings-soak-${process.pid}-${node.name}.log`);
    writeFileSync(file, node.server.log());
    say(`the log of node ${node.name}: ${file}`);
  }
  for (const [i, node] of nodes.entries()) {
    if (withoutPss(left[i]!) === withoutPss(empty[i]!)) continue;
    problem(`node ${node.name}: ${withoutPss(left[i]!)} is left of ${withoutPss(empty[i]!)}`);
  }
  await Promise.all(nodes.map((node) => node.server.stop()));
  say(problems.length === 0 ? 'verdict: good' : `verdict: ${problems.length} problems`);
  expect(problems).toEqual([]);
});
