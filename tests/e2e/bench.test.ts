// SPDX-License-Identifier: MIT
// `tidings bench`: its figures against this server, and against one that loses, doubles and swaps on purpose.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { SECRET } from './support/jwt';
import { run } from './support/run';
import { API_KEY, sharedTidings, test } from './support/tidings';

interface Figures extends Record<string, number | string | boolean> {
  is_clean: boolean;
  complaint: string;
}

const env = { JWT_SECRET_KEY: SECRET, TIDINGS_API_KEY: API_KEY };

async function bench(args: string[]): Promise<{ code: number | null; figures: Figures; err: string }> {
  const ran = await run(['bench', ...args, '--json'], { env, ms: 25_000 });
  return { code: ran.code, figures: (ran.out ? JSON.parse(ran.out) : {}) as Figures, err: ran.err };
}

describe('against Tidings', () => {
  const shared = sharedTidings();
  const quick = ['-n', '50', '-s', '1', '--warmup', '0'];

  test.for([
    ['fan-out', '-w', '1'],
    ['fan-out', '-w', '16'],
    ['fan-out', '-r', '50'],
    ['unicast', '-w', '64'],
    ['unicast', '-r', '500'],
  ])('%j arrives whole', async ([workload, ...pace]) => {
    const ran = await bench([workload!, shared().wsUrl, ...quick, ...pace, '--pid', String(shared().pid)]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    const { figures } = ran;
    expect(figures).toMatchObject({
      workload,
      is_clean: true,
      complaint: '',
      opened: 50,
      refused: 0,
      broken: 0,
    });
    expect(figures).toMatchObject({ lost: 0, duplicates: 0, reordered: 0, failed: 0 });
    expect(figures.published).toBeGreaterThan(10);
    expect(figures.delivered).toBe(Number(figures.published) * (workload === 'fan-out' ? 50 : 1));
    expect(figures.latency_p99_us).toBeGreaterThanOrEqual(Number(figures.latency_p50_us));
    expect(figures.server_cpu_us_per_delivery).toBeGreaterThan(0);
    expect(figures.server_pss_bytes).toBeGreaterThan(100_000);
  });

  test('a fixed rate is kept', async () => {
    const { figures } = await bench(['unicast', shared().wsUrl, ...quick, '-r', '200']);
    expect(figures.published).toBeGreaterThan(150);
    expect(figures.published).toBeLessThanOrEqual(210);
  });

  test('connect and idle', async () => {
    const connect = await bench(['connect', shared().wsUrl, '-n', '200']);
    expect(connect).toMatchObject({ code: 0, figures: { opened: 200, refused: 0, is_clean: true } });
    expect(connect.figures.opened_per_second).toBeGreaterThan(10);
    expect(connect.figures.server_cpu_us_per_connection).toBeUndefined();
    const args = ['-n', '200', '--base', '100', '-s', '1', '--heartbeat', '1', '--pid', String(shared().pid)];
    const idle = await bench(['idle', shared().wsUrl, ...args]);
    expect(idle).toMatchObject({ code: 0, figures: { opened: 200, broken: 0, is_clean: true } });
    expect(idle.figures.server_cpu_us_per_connection).toBeGreaterThan(0);
    expect(idle.figures.server_idle_cpu_percent).toBeGreaterThan(0);
  });

  test('the table has the same figures', async () => {
    const ran = await run(['bench', 'fan-out', shared().wsUrl, ...quick], { env });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^fan-out\n {2}connections +50\n/);
    for (const line of ['delivered', 'lost', 'duplicates', 'out of order', 'latency p99'])
      expect(ran.out).toMatch(new RegExp(`^  ${line} +\\d`, 'm'));
  });

  test('says what was refused', async () => {
    const wrong = await bench(['fan-out', shared().wsUrl, ...quick, '--key', 'wrong', '-s', '1']);
    expect(wrong).toMatchObject({ code: 1, figures: { is_clean: false } });
    expect(wrong.figures.complaint).toMatch(/status 401/);
    const nowhere = await bench(['connect', `${shared().wsUrl}/nothing`, '-n', '3']);
    expect(nowhere).toMatchObject({ code: 1, figures: { opened: 0, refused: 3 } });
    expect(nowhere.figures.complaint).toMatch(/status 404/);
    const token = await bench(['idle', shared().wsUrl, '-n', '3', '-s', '1', '--token', 'wrong']);
    expect(token).toMatchObject({ code: 1, figures: { broken: 3 } });
    expect(token.figures.complaint).toMatch(/1008 Authentication failed/);
  });
});

describe('against a server that goes wrong', () => {
  let server: Server;
  let port: number;

  /** What the server does with the n-th message for all, from the kind of mistake that the path asks for. */
  function relay(kind: string, sockets: WebSocket[], n: number, data: Buffer, held: Buffer[]): void {
    const send = (message: Buffer) => sockets.forEach((socket) => socket.send(message, { binary: false }));
    if (kind === 'wrap') sockets.forEach((s) => s.send(`{"channel":"all","data":${data.toString()}}`));
    else if (kind === 'lose' && n === 5) return;
    else if (kind === 'double' && n === 5) [data, data].forEach(send);
    else if (kind === 'swap' && n === 5) held.push(data);
    else [data, ...held.splice(0)].forEach(send);
    if (kind === 'close' && n === 5) sockets[0]!.close(4013, 'too slow');
  }

  beforeAll(async () => {
    const rooms = new Map<string, Set<WebSocket>>();
    const counts = new Map<string, number>();
    const held: Buffer[] = [];
    const sockets = new WebSocketServer({ noServer: true });
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const room = request.url!;
        const n = counts.get(room) ?? 0;
        counts.set(room, n + 1);
        relay(room.slice(1), [...(rooms.get(room) ?? [])], n, Buffer.concat(chunks), held);
        response.writeHead(room === '/fail' && n === 5 ? 503 : 200).end('{}');
      });
    });
    server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (ws) => {
        rooms.set(request.url!, (rooms.get(request.url!) ?? new Set()).add(ws));
        ws.on('close', () => rooms.get(request.url!)!.delete(ws));
        ws.on('error', () => undefined);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const fanOut = (kind: string, ...more: string[]) =>
    bench([
      ...['fan-out', `ws://127.0.0.1:${port}/${kind}`, '-n', '4', '-w', '8', '-s', '1', '--warmup', '0'],
      ...['--publish-url', `http://127.0.0.1:${port}/${kind}`, '--publish-body', '{data}', ...more],
    ]);

  test.concurrent.for([
    ['good', { is_clean: true, lost: 0, duplicates: 0, reordered: 0 }],
    ['wrap', { is_clean: true, lost: 0, duplicates: 0, reordered: 0 }],
    ['lose', { is_clean: false, lost: 4, duplicates: 0, reordered: 0 }],
    ['double', { is_clean: false, lost: 0, duplicates: 4, reordered: 0 }],
    ['swap', { is_clean: false, lost: 0, duplicates: 0, reordered: 4 }],
    ['fail', { is_clean: false, lost: 0, failed: 1 }],
    ['close', { is_clean: false, broken: 1, complaint: 'a connection ended: close code 4013 too slow' }],
  ] as const)('%s', async ([kind, wanted]) => {
    const ran = await fanOut(kind);
    expect(ran.figures).toMatchObject(wanted);
    expect(ran.code).toBe(wanted.is_clean ? 0 : 1);
  });
});

describe.concurrent('misused', () => {
  const url = 'ws://127.0.0.1:1/ws';
  test.for([
    [],
    ['fan-out'],
    ['fly', url],
    ['fan-out', 'http://127.0.0.1/'],
    ['fan-out', url, '--insecure'],
    ['fan-out', 'wss://127.0.0.1:1/', '--insecure', '--ca', 'ca.pem'],
    ['fan-out', url, 'more'],
    ['fan-out', url, '-n', '0'],
    ['fan-out', url, '-n', 'many'],
    ['fan-out', url, '--size', '10'],
    ['fan-out', url, '--publish-body', 'nothing'],
    ['fan-out', url, '--publish-header', 'no colon'],
    ['fan-out', url, '--publish-url', 'ws://127.0.0.1/'],
    ['idle', url, '-n', '10', '--base', '10'],
  ])('%j', async (args) => {
    const ran = await run(['bench', ...args], { env });
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^tidings bench: [^\n]+\n$/);
  });

  test('more clients than descriptors', async () => {
    const ran = await run(['bench', 'idle', url, '-n', '900'], { env, shell: 'ulimit -n 500' });
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/descriptors/);
  });

  test('a server that is not there', async () => {
    const ran = await bench(['connect', url, '-n', '2']);
    expect(ran).toMatchObject({ code: 1, figures: { opened: 0, refused: 2 } });
    const gone = await run(['bench', 'connect', url, '--pid', '999999999'], { env });
    expect(gone).toMatchObject({ code: 1, out: '' });
    expect(gone.err).toMatch(/999999999/);
  });
});
