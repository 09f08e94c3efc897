// SPDX-License-Identifier: MIT
// Clients that come, go, stall and cut at any moment: nothing of them stays, and nobody else notices.
import { describe, expect } from 'vitest';
import { close, frame, OP, ping, text } from './support/frame';
import { python } from './support/python';
import { handshake, RawClient } from './support/rawClient';
import { SLOWNESS, sumOf, test, type Tidings } from './support/tidings';
import { IS_TLS } from './support/tls';
import { sleep, until } from './support/wait';
import { listen } from './support/wsClient';

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

const GAUGES = [
  'websocket_connections_total',
  'websocket_users_connected',
  'websocket_channel_subscriptions',
  'websocket_queued_bytes',
  'websocket_unfinished_bytes',
];

/** Waits until nobody is connected and nothing is kept for anybody. */
async function expectNothingLeft(server: Tidings): Promise<void> {
  await until(
    `0 in ${GAUGES.join(', ')}`,
    async () => {
      const metrics = (await server.ask('/metrics')).text;
      return GAUGES.every((gauge) => sumOf(metrics, gauge) === 0);
    },
    15_000,
  );
}

/** Shakes hands, reads nothing for a while, and then tells how many bytes still come. */
const DEAF = `
import socket, ssl, sys, time
s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
if sys.argv[4] == 'tls': s = ssl.create_default_context().wrap_socket(s, server_hostname='127.0.0.1')
s.sendall(sys.argv[2].encode())
time.sleep(float(sys.argv[3]))
came = 0
try:
    while True:
        part = s.recv(1 << 20)
        if not part: break
        came += len(part)
except ConnectionResetError:
    pass
print(came)
`;

const pathOf = (server: Tidings, user: string): string => `/ws?token=${server.token(user)}`;

describe('while others come and go', () => {
  /** Each opens a connection, does something to it and leaves, somehow. */
  const visits: ((server: Tidings, client: RawClient, n: number) => Promise<void>)[] = [
    async (_, client) => client.reset(),
    async (server, client, n) => {
      const all = handshake(server.port, pathOf(server, 'visitor'));
      await client.written(all.slice(0, n % all.length));
      if (n % 2) client.reset();
    },
    async (server, client) => {
      await client.written(handshake(server.port, pathOf(server, 'visitor')) + GET('/healthz'));
      client.finish();
    },
    async (server, client, n) => {
      client.pause();
      await client.written(handshake(server.port, pathOf(server, 'visitor')));
      client.write(Buffer.concat(Array<Buffer>(500).fill(ping('x'.repeat(n % 126)))));
      await sleep(n % 300);
      client.reset();
    },
    async (server, client, n) => {
      await client.written(handshake(server.port, pathOf(server, 'visitor')));
      client.write(frame(OP.text, 'x'.repeat(n * 100), { fin: false }));
      client.write(text('cut').subarray(0, 1 + (n % 8)));
      client.finish();
    },
    async (server, client) => {
      await client.written(handshake(server.port, pathOf(server, 'visitor')));
      await client.chopped(close(4000, 'bit by bit'), 1);
    },
    async (_, client) => {
      client.pause();
      client.write(GET('/metrics').repeat(300));
      await sleep(50);
      client.reset();
    },
    async (_, client) => {
      client.write(GET('/metrics').repeat(20) + 'nonsense\r\n\r\n');
      client.finish();
    },
  ];

  test('listeners lose nothing and nothing is left behind', { timeout: 60_000 * SLOWNESS }, async ({ tidings }) => {
    const server = await tidings({
      endpoint: { connections: 0, messages_per_minute: 0, write_seconds: 1 },
      config: { log_level: 'info', handshake_seconds: 2, http_idle_seconds: 2 },
    });
    const listeners = await Promise.all(
      [1, 2, 3, 4].map((n) => listen(`${server.wsUrl}?token=${server.token(`stays-${n}`)}`)),
    );
    const ROUNDS = 12;
    let published = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const coming = visits.map(async (visit, i) => {
        const client = await RawClient.connect(server.port, { halfOpen: true });
        await visit(server, client, round * 37 + i * 11).catch(() => undefined);
        await sleep(20);
        client.destroy();
      });
      for (let i = 0; i < 5; i++) await server.call('/api/v1/broadcast', { data: published++ });
      await Promise.all(coming);
    }
    const expected = Array.from({ length: published }, (_, n) => String(n));
    for (const listener of listeners) {
      expect(await listener.count(published)).toEqual(expected);
      await listener.leave();
    }
    await expectNothingLeft(server);
  });
});

describe('who does not read', () => {
  test('is cut off, and the kernel keeps nothing for it either', async ({ tidings }) => {
    const server = await tidings({ endpoint: { write_seconds: 1 } });
    const SILENT = 12; // seconds: until its queue is full, and five to take the explanation
    const bytes = python(
      DEAF,
      [String(server.port), handshake(server.port, pathOf(server, 'deaf')), String(SILENT), IS_TLS ? 'tls' : 'plain'],
      40_000,
    );
    const isConnected = async () => (await server.stats()).total_connections === 1;
    await until('a listener', isConnected);
    const data = 'x'.repeat(50_000);
    while (await isConnected()) await server.publish({ user: 'deaf' }, data);
    // What the client's kernel had; the server's held some megabytes more.
    expect(Number(await bytes)).toBeLessThan(1_500_000);
  });

  test('answers, and then sends half a request, is not waited for longer than others', async ({ tidings }) => {
    const server = await tidings({ config: { handshake_seconds: 1, http_idle_seconds: 60 } });
    const client = await RawClient.connect(server.port);
    client.write(GET('/healthz'));
    expect((await client.answer()).status).toBe(200);
    await sleep(2_500); // the time for its first request has passed; its timer is the one of the idle
    const COUNT = 600; // more than is answered without waiting for the reader
    client.write(GET('/metrics').repeat(COUNT) + 'GET /healthz HT');
    for (let i = 0; i < COUNT; i++) expect((await client.answer(20_000)).status).toBe(200);
    expect((await client.answer(8_000)).status).toBe(408);
  });
});

describe('a drain', () => {
  test('does not wait for who connects in its midst and asks nothing', async ({ tidings }) => {
    const server = await tidings({ config: { workers: 1, drain_seconds: 2, handshake_seconds: 30 } });
    const idle: RawClient[] = [];
    for (let n = 0; n < 10; n++) idle.push(await RawClient.connect(server.port));
    const listener = await listen(`${server.wsUrl}?token=${server.token('stays')}`);
    for (const client of idle.reverse()) {
      client.destroy();
      await sleep(20); // the first one's slot is the last to become free, and so the next to be taken
    }
    const began = Date.now();
    server.signal('SIGTERM');
    await sleep(1_300); // that slot has had its turn, the one of `listener` has not
    const late = await RawClient.connect(server.port, { halfOpen: true });
    expect((await listener.close()).code).toBe(1012);
    expect(await late.end(6_000)).toBe('end');
    late.destroy();
    await server.exited;
    expect(Date.now() - began).toBeLessThan(6_500);
  });
});
