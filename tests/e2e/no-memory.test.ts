// SPDX-License-Identifier: MIT
// Memory runs out: each thing that clients do is done with its 1st, 2nd, 3rd, … allocation failing, and with all from
// there on. Whoever is served hears the truth or is cut off; everybody else notices nothing. Needs a server that fails on
// demand (a build with tests); others skip this.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer, Ask } from './support/http';
import { CAN_FAIL, Failing } from './support/failing';
import { SLOWNESS, startTidings, sumOf, type Tidings } from './support/tidings';
import { IS_TLS } from './support/tls';
import { until } from './support/wait';
import { dial, listen, type Listener } from './support/wsClient';

const UUID = '6f1c0f3e-6f3b-4b1e-9a52-0c9f0a4b7a11';
const TOO_MANY = IS_TLS ? 20_000 : 3000; // allocations, for one thing that a client does
const CLOSES = [1000, 1001, 1005, 1006, 1008, 1009, 1011, 1012, 1013, 4003, 4004, 4401, 4500];

let server: Tidings;
let failing: Failing;
let bystander: Listener;
let folder: string;
let marks = 0;
let turn = 0; // names of their own for what each turn makes

beforeAll(async () => {
  if (!CAN_FAIL) return;
  failing = new Failing();
  folder = mkdtempSync(join(tmpdir(), 'tidings-store-'));
  server = await startTidings({
    env: failing.env,
    config: {
      workers: 1,
      log_level: 'info',
      store: { kind: 'sqlite', path: join(folder, 'store.db') },
      endpoints: [
        { name: 'huleedu', attempts_per_minute: 0, connections: 0, inbound: 'echo', messages_per_minute: 0 },
        { name: 'huleedu-status', attempts_per_minute: 0, connections: 0 },
        { name: 'hailango', attempts_per_minute: 0, connections: 0 },
        { name: 'submissions', attempts_per_minute: 0, connections: 0 },
      ],
    },
    allowErrors: /memory/,
  });
  bystander = await listen(url('/ws', 'bystander'));
  await server.call('/api/v1/submissions', { submission_id: 1 });
});

afterAll(async () => {
  if (!server) return;
  await bystander.leave();
  const gauges = ['websocket_connections_total', 'websocket_users_connected', 'websocket_channel_subscriptions'];
  gauges.push('websocket_queued_bytes', 'websocket_unfinished_bytes');
  await until('nothing left', async () => {
    const metrics = await server.metrics();
    return gauges.every((gauge) => sumOf(metrics, gauge) === 0);
  });
  await server.stop();
  failing.end();
  rmSync(folder, { recursive: true, force: true });
});

const url = (path: string, user: string, claims = {}): string =>
  `ws://${server.address}${path}?token=${server.token(user, claims)}`;

/** What an answer may be: as it should, or that there is no memory; or none. */
async function call(path: string, body: unknown, good: number[], options: Ask = {}): Promise<Answer | undefined> {
  const answer = await server.call(path, body, options).catch(() => undefined);
  if (!answer) return undefined;
  if (![...good, 500, 503].includes(answer.status)) throw new Error(`${path}: ${answer.status} ${answer.text}`);
  if (answer.json === undefined) throw new Error(`${path}: ${answer.text}`);
  return answer;
}

/** A client for a moment: connects, does something, goes. All that it is told must be whole. */
async function visit(to: string, act: (client: Listener) => Promise<void>, options = {}): Promise<void> {
  const client = dial(to, options);
  let refused = '';
  client.socket.on('error', (error) => (refused = error.message));
  await client.opened.then(() => act(client)).catch(() => undefined);
  client.socket.close();
  const { code } = await client.close(15_000).catch(() => {
    throw new Error(`${to}: never closed`);
  });
  if (!CLOSES.includes(code)) throw new Error(`closed with ${code}`);
  if (/response: (?!401|500|503)/.test(refused)) throw new Error(refused);
  for (const text of client.messages) JSON.parse(text);
}

const hears = (client: Listener, count: number): Promise<unknown> =>
  Promise.race([client.count(count, 2_000), client.closed]);

const publish = (body: Record<string, unknown>, options: Ask = {}) => call('/api/v1/publish', body, [200], options);
const BIG = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`key${n}`, 'again and again and again']));
const get = { method: 'GET' };

const SCENARIOS: Record<string, () => Promise<unknown>> = {
  'a client of /ws': () =>
    visit(url('/ws', `u${turn}`), async (client) => {
      client.socket.send('"hello"');
      await hears(client, 1);
      client.socket.send('"in ', { fin: false });
      client.socket.send('three ', { fin: false });
      client.socket.send('pieces"', { fin: true });
      await hears(client, 2);
    }),
  'a client that compresses': () =>
    visit(
      url('/ws', `z${turn}`),
      async (client) => {
        client.socket.send(JSON.stringify(BIG));
        await hears(client, 1);
        const answer = await publish({ user: `z${turn}`, data: BIG });
        if (answer?.json.published?.[0].deliveries === 1) await hears(client, 2);
      },
      { perMessageDeflate: { threshold: 0 } },
    ),
  'a client of status': () => visit(url(`/ws/v1/status/s${turn}`, `s${turn}`, { sub: `s${turn}` }), async () => undefined),
  'a client of hailango': () =>
    visit(url('/api/v1/ws', UUID, { user_id: UUID, email: 'a@b.c' }), async (client) => {
      client.socket.send('{"type":"ping"}');
      await hears(client, 2);
    }),
  'a wrong token': () => visit(`ws://${server.address}/ws?token=a.b.c`, async (client) => void (await client.closed)),
  'a watcher of what was': async () => {
    const id = 1000 + turn;
    await call('/api/v1/submissions', { submission_id: id }, [200, 201]);
    let kept = 0;
    for (let n = 0; n < 3; n++) {
      const answer = await call('/api/v1/publish', { channel: `submission:${id}`, data: { n } }, [200, 404]);
      if (answer?.status === 200) kept++;
    }
    await visit(url(`/ws/submissions/${id}`, 'w'), (client) => hears(client, kept).then(() => undefined));
    await call(`/api/v1/submissions/${id}`, '', [200, 404], get);
  },
  'a publish to several': () => publish({ channels: ['ws:a', 'ws:b', 'ws:nobody'], data: BIG }),
  'a publish that is sent twice': async () => {
    const headers = { 'Idempotency-Key': `key-${turn}` };
    const body = { user: 'nobody', data: turn };
    const [first, second] = [await publish(body, { headers }), await publish(body, { headers })];
    if (first?.status === 200 && second?.status === 200) expect(second.text).toBe(first.text);
  },
  'a batch': () =>
    call(
      '/api/v1/batch',
      {
        commands: [
          { publish: { user: 'a', data: 'x\\u0041' } },
          { broadcast: { data: BIG } },
          { publish: { channel: 'submission:1', data: turn, idempotency_key: `batch-${turn}` } },
        ],
      },
      [200],
    ),
  'what an operator asks': async () => {
    await call('/api/v1/users/bystander/connections', '', [200], get);
    await call('/api/v1/users/nobody%20here/disconnect', {}, [200, 404]);
    await call('/api/v1/admin/overview', '', [200], get);
    await call('/api/v1/ws/stats', '', [200], get);
    const metrics = await server.ask('/metrics').catch(() => undefined);
    if (metrics?.status === 200) expect(metrics.text).toMatch(/\n$/);
    await call('/healthz', '', [200], get);
  },
  'a large body in pieces': () =>
    call('/api/v1/publish', JSON.stringify({ user: 'a', data: 'x'.repeat(100_000) }), [200], {
      headers: { 'Transfer-Encoding': 'chunked' },
    }),
};

async function expectServed(): Promise<void> {
  const mark = `"mark ${++marks}"`;
  const from = bystander.messages.length;
  await server.publish({ user: 'bystander' }, JSON.parse(mark));
  await until('the mark', () => bystander.messages.indexOf(mark, from) >= 0, 5_000);
}

/** A handshake of TLS alone has hundreds, so there a sample must do. */
const stride = (): number => (IS_TLS ? 1 + Math.floor(Math.random() * 80) : 1);

describe.skipIf(!CAN_FAIL)('memory runs out', () => {
  test.each(Object.keys(SCENARIOS))('%s: nobody else notices', async (name) => {
    await SCENARIOS[name]!(); // what is made once is there
    for (const mode of ['nth', 'from'] as const) {
      for (let n = 1; ; n += stride(), turn++) {
        expect(n).toBeLessThan(TOO_MANY);
        failing[mode](n);
        await SCENARIOS[name]!();
        const tried = failing.stop();
        if (bystander.socket.readyState !== 1) bystander = await listen(url('/ws', 'bystander'));
        await expectServed();
        if (tried < n) break;
      }
    }
  }, 120_000 * SLOWNESS);
});
