// SPDX-License-Identifier: MIT
// Clients that mean harm (bench/abuse.c), and a bystander beside them: what he waits in quiet moments and under each
// abuse, taken in turns; what the server keeps of it; the metric that shows it. The bounds on time are wide, since all
// of a test run shares the machine: bench/abuse measures closely.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY, isSanitized, sharedTidings, SLOWNESS, sumOf, type Tidings } from './support/tidings';
import { makeCertificate } from './support/tls';
import { until } from './support/wait';
import { listen, type Listener } from './support/wsClient';

const MIB = 1 << 20;
const ROUNDS = 2;
const MESSAGES = 60;
const ROOM = '/room/' + '0'.repeat(28); // bench/abuse.c writes names that collide over the zeros
const FREE = { connections: 0, attempts_per_minute: 0, messages_per_minute: 0 };

const folder = mkdtempSync(join(tmpdir(), 'tidings-abuse-'));
const program = join(folder, 'abuse');
beforeAll(() => {
  const source = join(__dirname, '../../bench/abuse.c');
  execFileSync('cc', ['-O2', '-D_GNU_SOURCE', '-o', program, source, '-lz', '-lssl', '-lcrypto']);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const listening = createServer().listen(0, '127.0.0.1');
await once(listening, 'listening');
const tlsPort = (listening.address() as AddressInfo).port;
await new Promise((done) => listening.close(done));

class Abuse {
  private constructor(private readonly child: ChildProcess) {}

  static async begin(server: Tidings, kind: string, connections: number, target: string, who: string) {
    const args = [String(kind.endsWith('hellos') ? tlsPort : server.port), kind, '600', String(connections), target, who];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'nice', '-n', '5', program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
    return new Abuse(child);
  }

  async end(): Promise<void> {
    this.child.kill('SIGTERM');
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }
}

/** A backend with a connection of its own, and a client: how long a message takes from one to the other. */
class Bystander {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  constructor(
    private readonly server: Tidings,
    private readonly client: Listener,
  ) {}

  private post(n: number): Promise<void> {
    const body = JSON.stringify({ user: 'bystander', data: n });
    return new Promise((done, fail) => {
      const headers = { 'X-API-Key': API_KEY, 'Content-Length': body.length };
      const options = { port: this.server.port, method: 'POST', path: '/api/v1/publish', agent: this.agent, headers };
      request(options, (answer) => answer.resume().on('end', done).on('error', fail)).on('error', fail).end(body);
    });
  }

  /** What one in ten waits longer than, in milliseconds. */
  async wait(): Promise<number> {
    const times: number[] = [];
    for (let i = 0; i < MESSAGES; i++) {
      const begin = performance.now();
      const [text] = await Promise.all([this.client.next(), this.post(i)]);
      expect(text).toBe(String(i));
      times.push(performance.now() - begin);
    }
    return times.sort((a, b) => a - b)[Math.floor(MESSAGES * 0.9)]!;
  }

  async end(): Promise<void> {
    this.agent.destroy();
    await this.client.leave();
  }
}

/** Tells who does not read more and more, until it is over; first until some have had too much and others have a lot. */
async function tellReaders(server: Tidings): Promise<() => Promise<void>> {
  let isOver = false;
  const tell = async (): Promise<void> => {
    while (!isOver) await server.publish({ channel: 'room:a' }, 'x'.repeat(60_000));
  };
  const done = tell();
  const isTooMuch = async () => {
    const metrics = await server.metrics();
    return sumOf(metrics, 'websocket_queued_bytes')! > 0 && sumOf(metrics, 'websocket_close_total', { code: '4013' })! > 0;
  };
  await until('slow readers', isTooMuch, 10_000);
  return () => ((isOver = true), done);
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** What the metrics are under an abuse; it is given time until they are as `isThere` wants them. */
async function judge(
  server: Tidings,
  kind: string,
  connections: number,
  target: string,
  growth: number,
  isThere: (metrics: string) => boolean = () => true,
) {
  const who = kind === 'channels' ? API_KEY : server.token('mallory', { user_id: '123e4567-e89b-12d3-a456-426614174000', email: 'a@example.com' });
  const bystander = new Bystander(server, await listen(`${server.wsUrl}?token=${server.token('bystander')}`));
  const quiet = [await bystander.wait()];
  const strained: number[] = [];
  const before = server.rss();
  let metrics = '';
  for (let round = 0; round < ROUNDS; round++) {
    const abuse = await Abuse.begin(server, kind, connections, target, who);
    const stopTelling = kind === 'readers' ? await tellReaders(server) : async () => undefined;
    strained.push(await bystander.wait());
    await until(`${kind} in the metrics`, async () => isThere((metrics = await server.metrics())), 10_000);
    // A sanitizer keeps what was freed, up to 256 MiB: how much there is then says nothing.
    if (!isSanitized) expect(server.rss() - before).toBeLessThan(growth * MIB);
    await stopTelling();
    await abuse.end();
    quiet.push(await bystander.wait());
  }
  expect(median(strained)).toBeLessThan(4 * median(quiet) + 50 * SLOWNESS);
  await bystander.end();
  return (name: string, labels: Record<string, string> = {}) => sumOf(metrics, name, labels) ?? 0;
}

describe('a bystander does not notice', () => {
  const shared = sharedTidings({
    endpoint: FREE,
    config: {
      workers: 1,
      log_level: 'info',
      unfinished_bytes_max: 16 * MIB,
      queue_bytes_max: 16 * MIB,
      tls: { ...makeCertificate(folder, 'server'), listen: `127.0.0.1:${tlsPort}` },
      endpoints: [
        { name: 'huleedu', ...FREE },
        { name: 'hailango', attempts_per_minute: 0 },
        { name: 'open', path: '/room/{room}', auth: 'optional', channels: ['room:{room}'], inbound: 'echo', ...FREE },
      ],
    },
  });
  const portions = 'input_portions_total';

  // The kind, its connections, its target; by how many MiB memory may grow; the metric, and its least value.
  test.each([
    ['half-open', 3000, '/ws', 24, 'http_connections', 3000],
    ['slow-heads', 500, '/ws', 16, 'http_connections', 500],
    ['slow-bodies', 500, '/ws', 16, 'http_requests_total', 500],
    ['bodies', 200, '/ws', 16, 'http_requests_total', 200],
    ['headers', 50, '/ws', 16, 'http_requests_total', 50],
    ['requests', 50, '/ws', 32, 'http_requests_total', 50],
    ['storm', 200, '/ws', 16, 'websocket_connections_opened_total', 200],
    ['pings', 20, '/ws', 16, portions, 20],
    ['unread-pings', 20, '/ws', 16, portions, 20],
    ['empty', 20, '/ws', 16, portions, 20],
    ['fragments', 20, '/ws', 16, portions, 20],
    ['messages', 20, '/ws', 16, portions, 20],
    ['bombs', 20, '/ws', 16, portions, 20],
    ['bombs', 20, '/api/v1/ws', 16, portions, 20],
    ['hellos', 100, '', 24, 'tls_handshakes_total', 100],
    ['half-hellos', 500, '', 16, 'http_connections', 500],
    ['rooms', 2000, ROOM, 24, 'websocket_channel_subscriptions', 2000],
    ['channels', 1, '/ws', 16, 'http_requests_total', 1000],
  ])('%s of %d', async (kind, connections, target, growth, metric, least) => {
    const seen = await judge(shared(), kind, connections, target, growth, (metrics) => (sumOf(metrics, metric) ?? 0) >= least);
    expect(seen('worker_turn_seconds_count')).toBeGreaterThan(0);
  });

  test('unfinished messages, and they are bounded', async () => {
    const seen = await judge(shared(), 'unfinished', 2000, '/room/a', 48);
    expect(seen('websocket_unfinished_bytes')).toBeLessThanOrEqual(17 * MIB);
    expect(seen('websocket_close_total', { code: '1013' })).toBeGreaterThan(0);
  });

  test('slow readers, and what waits for them is bounded', async () => {
    const seen = await judge(shared(), 'readers', 50, '/room/a', 48);
    expect(seen('websocket_queued_bytes')).toBeLessThanOrEqual(17 * MIB);
    expect(seen('websocket_close_total', { code: '4013' })).toBeGreaterThan(0);
  });

  test('and all of it is over when they have gone', async () => {
    await until('the end of all connections', async () => (await shared().stats()).total_connections === 0, 10_000 * SLOWNESS);
    await until('no byte kept', async () => (await shared().metric('websocket_unfinished_bytes')) === 0, 10_000 * SLOWNESS);
  });
});

describe('where all places are taken', () => {
  const shared = sharedTidings({
    endpoint: FREE,
    config: {
      workers: 1,
      max_connections: 500,
      log_level: 'info',
      endpoints: [{ name: 'huleedu', ...FREE }, { name: 'open', path: '/room/{room}', auth: 'optional', channels: ['room:{room}'], ...FREE }],
    },
  });

  test('who says nothing makes room, and who asks gets in', async () => {
    const seen = await judge(shared(), 'half-open', 2000, '/ws', 24);
    expect(seen('connections_pushed_out_total')).toBeGreaterThan(0);
    const abuse = await Abuse.begin(shared(), 'half-open', 2000, '/ws', '');
    for (let i = 0; i < 5; i++) await (await listen(`${shared().wsUrl}?token=${shared().token(`u${i}`)}`)).leave();
    await abuse.end();
  });

  test('those beyond the limit are told so', async () => {
    const seen = await judge(shared(), 'crowd', 1000, '/room/a', 24);
    expect(seen('websocket_connections_total')).toBeLessThanOrEqual(500);
    expect(seen('websocket_connections_opened_total', { endpoint: 'open', result: 'full' })).toBeGreaterThan(0);
  });
});
