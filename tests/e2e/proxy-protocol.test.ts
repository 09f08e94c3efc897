// SPDX-License-Identifier: MIT
// The PROXY protocol: who the client is, and who may say so. haproxy's own headers, and some made by hand.
import { spawn, type ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { RawClient, handshake } from './support/rawClient';
import { freePort, scratch } from './support/run';
import { sharedTidings, test, type Tidings, type TidingsOptions } from './support/tidings';
import { until } from './support/wait';
import { listen } from './support/wsClient';

/** Where the proxy is, and the next one behind it. The test itself asks from 127.0.0.1, which is neither. */
const PROXY = '127.0.0.7';
const INNER = '127.0.0.8';
const CLIENT = '203.0.113.9';

const options = (config: Record<string, unknown> = {}, endpoint = {}): TidingsOptions => ({
  endpoint,
  config: { trusted_proxies: [PROXY, INNER], proxy_protocol: true, ...config },
});

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const v1 = (client: string): Buffer => Buffer.from(`PROXY TCP4 ${client} 198.51.100.1 40000 443\r\n`);
const v2 = (head: number[], body: number[] = []): Buffer =>
  Buffer.concat([SIGNATURE, Buffer.from([...head, body.length >> 8, body.length & 255, ...body])]);
const bytesOf = (address: string): number[] => address.split('.').map(Number);
const v2of = (client: string, tlvs: number[] = []): Buffer =>
  v2([0x21, 0x11], [...bytesOf(client), 198, 51, 100, 1, 0x9c, 0x40, 1, 187, ...tlvs]);
const V6 = [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 0x77];
const v2of6 = v2([0x21, 0x21], [...V6, ...V6, 0x9c, 0x40, 1, 187]);

const upgrade = (server: Tidings, user: string, headers: Record<string, string> = {}): string =>
  handshake(server.port, `/ws?token=${server.token(user)}`, headers);

/** Opens a WebSocket from the proxy's address; the header and the handshake leave together. */
async function open(server: Tidings, header: Buffer, user: string, headers = {}): Promise<RawClient> {
  const client = await RawClient.connect(server.port, { from: PROXY });
  client.write(Buffer.concat([header, Buffer.from(upgrade(server, user, headers))]));
  expect((await client.head()).status).toBe(101);
  return client;
}

/** From where the server sees that user's connections. */
async function seen(server: Tidings, user: string): Promise<string[]> {
  const answer = await server.call(`/api/v1/users/${user}/connections`, '', { method: 'GET' });
  return answer.json.connections.map((one: { remote_address: string }) => one.remote_address);
}

const headers = (server: Tidings, result: string): Promise<number | undefined> =>
  server.metric('proxy_protocol_headers_total', { result });

describe.concurrent('made by hand', () => {
  const shared = sharedTidings(options());

  test.each([
    ['version 1', v1(CLIENT), CLIENT],
    ['version 2', v2of(CLIENT), CLIENT],
    ['version 2 with more behind the addresses', v2of(CLIENT, [4, 0, 1, 0]), CLIENT],
    ['IPv6', v2of6, '2001:db8::77'],
    ['unknown, version 1', Buffer.from('PROXY UNKNOWN\r\n'), PROXY],
    ['the proxy itself, version 2', v2([0x20, 0]), PROXY],
  ])('%s', async (_name, header, client) => {
    const server = shared();
    const user = `u${Math.random()}`.replace('.', '');
    const together = await open(server, header, user);
    const apart = await RawClient.connect(server.port, { from: PROXY });
    await apart.chopped(header, 1, 1);
    apart.write(upgrade(server, user));
    expect((await apart.head()).status).toBe(101);
    expect(await seen(server, user)).toEqual([client, client]);
    together.destroy();
    apart.destroy();
  });

  test('everybody else connects without, and cannot lie', async () => {
    const server = shared();
    const client = await listen(`${server.wsUrl}?token=${server.token('else')}`);
    expect(await seen(server, 'else')).toEqual(['127.0.0.1']);
    await client.leave();
    const liar = await RawClient.connect(server.port);
    liar.write(Buffer.concat([v1(CLIENT), Buffer.from(upgrade(server, 'liar'))]));
    expect((await liar.head()).status).toBe(400);
    liar.destroy();
  });

  test('X-Forwarded-For on top: believed of a client that is a trusted proxy itself', async () => {
    const server = shared();
    const header = { 'X-Forwarded-For': '192.0.2.44' };
    const inner = await open(server, v2of(INNER), 'inner', header);
    expect(await seen(server, 'inner')).toEqual(['192.0.2.44']);
    const outer = await open(server, v2of(CLIENT), 'outer', header);
    expect(await seen(server, 'outer')).toEqual([CLIENT]);
    inner.destroy();
    outer.destroy();
  });

  test('what came through a proxy does not see /metrics', async () => {
    const server = shared();
    const client = await RawClient.connect(server.port, { from: PROXY });
    client.write(Buffer.concat([v1(CLIENT), Buffer.from('GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n')]));
    expect((await client.answer()).status).toBe(404);
    client.destroy();
  });

  test('a connection that only looks whether the port is open is no failure', async () => {
    const server = shared();
    const before = server.log().length;
    for (let i = 0; i < 3; i++) {
      const client = await RawClient.connect(server.port, { from: INNER });
      client.finish();
      expect(await client.end()).toBe('end');
    }
    expect(server.log().slice(before)).not.toContain(`address=${INNER}`);
  });
});

describe.concurrent('a connection of a proxy ends', () => {
  const slow = sharedTidings(options({ handshake_seconds: 1, log_level: 'info' }));

  test('without a header, with a bad one, with half of one', async () => {
    const server = slow();
    const cases: [string, Buffer][] = [
      ['missing', Buffer.from('GET / HTTP/1.1\r\nHost: h\r\n\r\n')],
      ['missing', Buffer.from([0x16, 3, 1, 2, 0, 1])],
      ['malformed', Buffer.from('PROXY TCP4 1.2.3.4\r\n')],
      ['malformed', v2([0x21, 0x11], [1, 2, 3, 4])],
      ['incomplete', Buffer.from('PROXY TCP4 1.2.')],
    ];
    for (const [result, wire] of cases) {
      const before = (await headers(server, result))!;
      const client = await RawClient.connect(server.port, { from: PROXY });
      client.write(wire);
      if (result === 'incomplete') client.finish();
      await client.end();
      expect(await headers(server, result)).toBe(before + 1);
    }
    const lines = server.log().split('\n').filter((line) => line.includes('connection of a proxy refused'));
    expect(lines[0]).toMatch(/level=warning .*address=127\.0\.0\.7 problem="the connection does not begin with it" times=1/);
    expect(lines.length).toBeLessThanOrEqual(2); // one in five seconds, of each worker
  });

  test('when it takes too long', async () => {
    const server = slow();
    const client = await RawClient.connect(server.port, { from: INNER });
    client.write('PROXY TCP4');
    const began = Date.now();
    await client.end(5_000);
    expect(Date.now() - began).toBeGreaterThan(900);
    expect(await headers(server, 'late')).toBe(1);
  });

  test('in a drain, when it has said nothing', async ({ tidings }) => {
    const server = await tidings(options({ drain_seconds: 0 }));
    const client = await RawClient.connect(server.port, { from: PROXY });
    server.signal('SIGTERM');
    await client.end();
    await server.exited;
  });
});

test('limits count the client, not the proxy', async ({ tidings }) => {
  const server = await tidings(options({}, { attempts_per_minute: 1, explain: false }));
  const first = await open(server, v2of('203.0.113.1'), 'u1');
  const again = await open(server, v2of('203.0.113.1'), 'u1');
  expect((await again.close()).code).toBe(4000);
  const other = await open(server, v2of('203.0.113.2'), 'u2');
  for (const client of [first, again, other]) client.destroy();
});

test('a reload turns it on, and off', async ({ tidings }) => {
  const server = await tidings(options({ proxy_protocol: false }));
  const ask = async (header: Buffer): Promise<RawClient> => {
    const client = await RawClient.connect(server.port, { from: PROXY });
    client.write(Buffer.concat([header, Buffer.from('GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n')]));
    return client;
  };
  const none = Buffer.alloc(0);
  const kept = await ask(none);
  expect((await kept.answer()).status).toBe(200);
  await server.reload(options());
  await (await ask(none)).end();
  const good = await ask(v1(CLIENT));
  expect((await good.answer()).status).toBe(200);
  kept.write('GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n');
  expect((await kept.answer()).status).toBe(200);
  await server.reload(options({ proxy_protocol: false }));
  expect((await (await ask(v1(CLIENT))).head()).status).toBe(400);
  const plain = await ask(none);
  expect((await plain.answer()).status).toBe(200);
  for (const client of [kept, good, plain]) client.destroy();
});

describe('haproxy', () => {
  const files = scratch();
  const shared = sharedTidings(options());
  const ports: Record<string, number> = {};
  let haproxy: ChildProcess;

  beforeAll(async () => {
    const fronts: string[] = [];
    for (const version of ['send-proxy', 'send-proxy-v2']) {
      ports[version] = await freePort();
      fronts.push(
        `listen ${version}`,
        `  bind 127.0.0.1:${ports[version]}`,
        `  server tidings ${shared().address} source ${PROXY} ${version} check inter 200ms check-send-proxy`,
      );
    }
    const head = ['defaults', '  mode tcp', '  timeout connect 5s', '  timeout client 60s', '  timeout server 60s'];
    haproxy = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', 'haproxy', '-db', '-q', '-f', files.file('haproxy.cfg', [...head, ...fronts, ''].join('\n'))],
      { stdio: 'ignore' },
    );
  });
  afterAll(() => {
    haproxy.kill('SIGKILL');
    files.end();
  });

  test.each(['send-proxy', 'send-proxy-v2'])('%s', async (version) => {
    const server = shared();
    const from = '127.0.0.55';
    const client = await until('haproxy', () =>
      RawClient.open(ports[version]!, `/ws?token=${server.token(version)}`, {}, { from }).catch(() => undefined),
    );
    expect(await seen(server, version)).toEqual([from]);
    await server.publish({ user: version }, 'through');
    expect(await client.text()).toBe('"through"');
    client.destroy();
  });

  test('its checks are its own', async () => {
    const server = shared();
    await until('a check', async () => (await headers(server, 'local'))! > 0);
    for (const result of ['missing', 'malformed', 'late']) expect(await headers(server, result)).toBe(0);
  });
});
