// SPDX-License-Identifier: MIT
// The opening handshake, right and wrong, however it is cut; and what it takes for a connection to end well.
import { describe, expect } from 'vitest';
import { readFileSync } from 'node:fs';
import { close, frame, OP, text } from './support/frame';
import { expectCleanClose, expectText, MIB } from './support/echo';
import { ACCEPT, handshake, RawClient } from './support/rawClient';
import { sleep, within } from './support/wait';
import { API_KEY, SLOWNESS, sharedTidings, test } from './support/tidings';

const shared = sharedTidings({ endpoint: { inbound: 'echo', connections: 0, messages_per_minute: 0 } });
const path = (user = 'u1'): string => `/ws?token=${shared().token(user)}`;

/** Sends these bytes on a connection of its own and gives the answer. */
async function answerTo(bytes: string) {
  const client = await RawClient.connect(shared().port);
  client.write(bytes);
  const answer = await client.answer();
  return { client, ...answer };
}

describe('a handshake', () => {
  test('is answered as RFC 6455 §4.2.2 wants', async () => {
    const client = await RawClient.open(shared().port, path());
    expect(client.upgrade.reason).toBe('Switching Protocols');
    expect(client.upgrade.headers.upgrade!.toLowerCase()).toBe('websocket');
    expect(client.upgrade.headers.connection!.toLowerCase()).toBe('upgrade');
    expect(client.upgrade.headers['sec-websocket-accept']).toBe(ACCEPT);
    expect(client.upgrade.headers).not.toHaveProperty('sec-websocket-protocol');
    expect(client.upgrade.headers).not.toHaveProperty('sec-websocket-extensions');
    expect(client.upgrade.headers).not.toHaveProperty('content-length');
    await expectCleanClose(client);
  });

  test.each([
    ['as Firefox says it', { Connection: 'keep-alive, Upgrade', Upgrade: 'websocket' }],
    ['in other letters', { Connection: 'UPGRADE', Upgrade: 'WebSocket' }],
    ['with other upgrades offered', { Upgrade: 'h2c, websocket' }],
    ['with white space', { Upgrade: '  websocket\t', 'Sec-WebSocket-Version': ' 13 ' }],
  ])('%s', async (_, headers) => {
    const client = await RawClient.open(shared().port, path(), headers);
    await expectCleanClose(client);
  });

  test.each([
    ['a trailing slash', (token: string) => `/ws/?token=${token}`],
    ['an escaped path', (token: string) => `/%77s?token=${token}`],
    ['an escaped token', (token: string) => `/ws?token=${token.replace(/\./g, '%2E')}`],
    ['other parameters', (token: string) => `/ws?a=b&token=${token}&&c`],
    ['an absolute target', (token: string) => `http://127.0.0.1/ws?token=${token}`],
  ])('%s', async (_, target) => {
    const client = await RawClient.open(shared().port, target(shared().token('u1')));
    await expectCleanClose(client);
  });

  test('the first frames in its own segment', async () => {
    const client = await RawClient.connect(shared().port);
    const head = handshake(shared().port, path());
    client.write(Buffer.concat([Buffer.from(head), text('one'), text('two', { fin: false })]));
    expect((await client.head()).status).toBe(101);
    await expectText(client, 'one');
    client.write(frame(OP.continuation, '!'));
    await expectText(client, 'two!');
    await expectCleanClose(client);
  });

  test('a whole visit in one segment', async () => {
    const client = await RawClient.connect(shared().port);
    client.write(Buffer.concat([Buffer.from(handshake(shared().port, path())), text('hello'), close(1000)]));
    expect((await client.head()).status).toBe(101);
    await expectText(client, 'hello');
    expect((await client.close()).code).toBe(1000);
    expect(await client.end()).toBe('end');
  });

  test('a byte at a time, frames too', async () => {
    const client = await RawClient.connect(shared().port);
    await client.chopped(Buffer.concat([Buffer.from(handshake(shared().port, path())), text('hello')]), 1);
    expect((await client.head()).status).toBe(101);
    await expectText(client, 'hello');
    await expectCleanClose(client);
  });

  test('cut in two at every place, its frame too', async () => {
    const whole = Buffer.concat([Buffer.from(handshake(shared().port, path())), text('hello')]);
    const cuts = Array.from({ length: whole.length - 1 }, (_, i) => i + 1);
    const visit = async (cut: number): Promise<void> => {
      const client = await RawClient.connect(shared().port);
      await client.written(whole.subarray(0, cut));
      await sleep(2);
      client.write(whole.subarray(cut));
      expect((await client.head()).status).toBe(101);
      await expectText(client, 'hello');
      client.destroy();
    };
    for (let at = 0; at < cuts.length; at += 40) await Promise.all(cuts.slice(at, at + 40).map(visit));
  });

  test('after other requests on the same connection', async () => {
    const client = await RawClient.connect(shared().port);
    client.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n' + handshake(shared().port, path()));
    expect((await client.answer()).status).toBe(200);
    expect((await client.head()).status).toBe(101);
    client.write(text('hello'));
    await expectText(client, 'hello');
    await expectCleanClose(client);
  });
});

describe('subprotocols', () => {
  const chosen = async (target: string, offer: string): Promise<string | undefined> => {
    const client = await RawClient.open(shared().port, target, { 'Sec-WebSocket-Protocol': offer });
    await expectCleanClose(client);
    return client.upgrade.headers['sec-websocket-protocol'];
  };

  test('the first other than the token', async () => {
    const token = shared().token('u1');
    expect(await chosen('/ws', `bearer.${token}, chat, superchat`)).toBe('chat');
    expect(await chosen('/ws', `chat, bearer.${token}, superchat`)).toBe('chat');
    expect(await chosen('/ws', `chat,superchat,bearer.${token}`)).toBe('chat');
  });

  test('the token itself where nothing else is offered', async () => {
    const token = shared().token('u1');
    expect(await chosen('/ws', `bearer.${token}`)).toBe(`bearer.${token}`);
  });

  test('offered beside a token in the query', async () => {
    expect(await chosen(path(), 'chat, superchat')).toBe('chat');
  });

  test('in several header lines', async () => {
    const client = await RawClient.connect(shared().port);
    const head = handshake(shared().port, '/ws', { 'Sec-WebSocket-Protocol': 'chat' });
    client.write(
      head.replace(/\r\n\r\n$/, `\r\nSec-WebSocket-Protocol: bearer.${shared().token('u1')}\r\n\r\n`),
    );
    const answer = await client.head();
    expect(answer.status).toBe(101);
    expect(answer.headers['sec-websocket-protocol']).toBe('chat');
    await expectCleanClose(client);
  });
});

describe('refused handshakes', () => {
  test('426 names the version that is spoken', async () => {
    for (const version of ['8', '12', '14', '0']) {
      const answer = await answerTo(handshake(shared().port, path(), { 'Sec-WebSocket-Version': version }));
      expect(answer.status).toBe(426);
      expect(answer.headers['sec-websocket-version']).toBe('13');
      expect(answer.headers.upgrade!.toLowerCase()).toBe('websocket');
      expect(answer.json.error.code).toMatch(/^[a-z_]+$/);
    }
  });

  test.each([
    ['no key', { 'Sec-WebSocket-Key': null }],
    ['an empty key', { 'Sec-WebSocket-Key': '' }],
    ['a key that is too short', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j' }],
    ['a key that is too long', { 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZSE0' }],
    ['a key that is no base64', { 'Sec-WebSocket-Key': '!!!!IHNhbXBsZSBub25jZQ==' }],
    ['no host', { Host: null }],
  ])('400: %s', async (_, headers) => {
    const answer = await answerTo(handshake(shared().port, path(), headers));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json.error).toEqual({
      code: expect.stringMatching(/^[a-z_]+$/),
      message: expect.stringMatching(/./),
    });
  });

  test('400: a key twice', async () => {
    const head = handshake(shared().port, path()).replace(
      'Sec-WebSocket-Version',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version',
    );
    expect((await answerTo(head)).status).toBe(400);
  });

  test('no version at all', async () => {
    const answer = await answerTo(handshake(shared().port, path(), { 'Sec-WebSocket-Version': null }));
    expect(answer.status).toBe(400);
  });

  test('an upgrade in HTTP/1.0 is none', async () => {
    const head = handshake(shared().port, path()).replace('HTTP/1.1', 'HTTP/1.0');
    expect([400, 426]).toContain((await answerTo(head)).status);
  });

  test('another upgrade is none', async () => {
    const answer = await answerTo(handshake(shared().port, path(), { Upgrade: 'h2c' }));
    expect(answer.status).toBe(426);
    expect(answer.headers.upgrade!.toLowerCase()).toBe('websocket');
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('405: %s', async (method) => {
    const answer = await answerTo(handshake(shared().port, '', {}, `${method} ${path()} HTTP/1.1`));
    expect(answer.status).toBe(405);
    expect(answer.headers.allow!.split(', ')).toContain('GET');
    expect(answer.json.error.code).toBe('method_not_allowed');
  });

  test.each(['/', '/nothing', '/ws/more', '/wsx', '/WS'])('404: %s', async (target) => {
    const answer = await answerTo(handshake(shared().port, target));
    expect(answer.status).toBe(404);
    expect(answer.json.error.code).toBe('not_found');
    expect(answer.json.error.message).toMatch(/./);
  });

  test('431: a line or header that is too long, and too many of them', async () => {
    const long = 'x'.repeat(16 * 1024);
    const many = Array.from({ length: 2000 }, (_, i) => `H${i}: 1\r\n`).join('');
    for (const bytes of [
      handshake(shared().port, path(), { 'X-Long': long }),
      handshake(shared().port, `/ws?token=${long}`),
      handshake(shared().port, path()).replace('Upgrade:', `${many}Upgrade:`),
    ]) {
      const answer = await answerTo(bytes);
      expect(answer.status).toBe(431);
      expect(answer.json.error.code).toMatch(/^[a-z_]+$/);
      expect(await answer.client.end()).toBe('end');
    }
  });

  test('431 for a head that never ends', async () => {
    const client = await RawClient.connect(shared().port);
    client.write('GET /ws HTTP/1.1\r\nHost: a\r\nX-Long: ');
    for (let i = 0; i < 20; i++) await client.written('x'.repeat(1024));
    expect((await client.answer()).status).toBe(431);
    expect(await client.end()).toBe('end');
  });

  test('a plain GET learns what the handshake would have', async () => {
    const good = await shared().ask(path());
    expect(good.status).toBe(426);
    expect(good.headers['sec-websocket-version']).toBe('13');
    const none = await shared().ask('/ws');
    expect(none.status).toBe(401);
    expect(none.json).toEqual({
      error: 'Authentication failed',
      code: 1008,
      message: 'Invalid or expired JWT token',
      retry_recommended: false,
    });
  });
});

describe('requests that two readers could understand differently', () => {
  const line = 'POST /api/v1/publish HTTP/1.1\r\nHost: a\r\n';
  const smuggled = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n';

  test.each([
    ['a length and chunks', `${line}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and a length', `${line}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${line}Content-Length: 0\r\nContent-Length: 44\r\n\r\n`],
    ['the same length twice', `${line}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ['a list of lengths', `${line}Content-Length: 0, 44\r\n\r\n`],
    ['a length with a sign', `${line}Content-Length: +0\r\n\r\n`],
    ['a length below zero', `${line}Content-Length: -1\r\n\r\n`],
    ['a length in hexadecimal', `${line}Content-Length: 0x0\r\n\r\n`],
    ['a length that overflows', `${line}Content-Length: 18446744073709551616\r\n\r\n`],
    ['an empty length', `${line}Content-Length: \r\n\r\n`],
    ['a blank before the colon', `${line}Content-Length : 0\r\n\r\n`],
    ['a continued line', `${line}X-A: 1\r\n Content-Length: 0\r\n\r\n`],
    ['a header without a name', `${line}: 1\r\n\r\n`],
    ['a header without a colon', `${line}Content-Length\r\n\r\n`],
    ['a NUL in a value', `${line}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`],
    ['a bare CR in a value', `${line}X-A: a\rContent-Length: 0\r\n\r\n`],
    ['lines that end with LF alone', line.replace(/\r/g, '') + 'Content-Length: 0\n\n'],
    ['two hosts', `${line}Host: b\r\nContent-Length: 0\r\n\r\n`],
    ['no host', `POST /api/v1/publish HTTP/1.1\r\nContent-Length: 0\r\n\r\n`],
    ['chunked in other words', `${line}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['chunked, but not last', `${line}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['chunked twice', `${line}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunked with a tab in front', `${line}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n`],
    ['a chunk whose size is none', `${line}Transfer-Encoding: chunked\r\n\r\nz\r\n\r\n`],
    ['a chunk whose size overflows', `${line}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n`],
    ['a chunk that is longer than it says', `${line}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`],
    ['chunks in HTTP/1.0', `${line.replace('1.1', '1.0')}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['a blank in the target', `GET /health z HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a line without version', `GET /healthz\r\nHost: a\r\n\r\n`],
    ['a method that nobody knows', `G@T /healthz HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['bytes of TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])('%s', async (_, bytes) => {
    const client = await RawClient.connect(shared().port);
    client.write(Buffer.from(bytes + smuggled, 'latin1'));
    const answer = await client.answer();
    expect([400, 501, 505]).toContain(answer.status);
    expect(answer.headers.connection).toBe('close');
    expect(answer.json.error.message).toMatch(/./);
    // What follows is not taken for a request.
    expect(await client.end()).toBe('end');
  });
});

test('a body behind a handshake is not taken for frames', async () => {
  const client = await RawClient.connect(shared().port);
  const frames = text('not a frame');
  client.write(handshake(shared().port, path(), { 'Content-Length': String(frames.length) }));
  client.write(frames);
  expect((await client.answer()).status).toBe(400);
  await client.silence(100);
  client.destroy();
});

describe('a client that takes its time', () => {
  const LIMIT = { handshake_seconds: 1 };

  /** The server ends it after the limit, and not before; if it says something, that is 408. */
  async function expectTimeout(client: RawClient, since: number): Promise<void> {
    await client.ended;
    const took = Date.now() - since;
    expect(took).toBeGreaterThanOrEqual(900);
    expect(took).toBeLessThan(4_000 * SLOWNESS);
    expect(client.ending).toBe('end');
    if (client.rest().length > 0) expect((await client.head()).status).toBe(408);
  }

  test('silence, half a head, drops of a head, half a body', async ({ tidings }) => {
    const server = await tidings({ config: LIMIT });
    const port = server.port;
    const body = `POST /api/v1/publish HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\nContent-Length: 100\r\n\r\n{`;
    const since = Date.now();
    const silent = await RawClient.connect(port);
    const half = await RawClient.connect(port);
    half.write('GET /ws HTTP/1.1\r\nHost: a\r\n');
    const drops = await RawClient.connect(port);
    drops.write('GET /ws HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    const dripping = setInterval(() => drops.ending === undefined && drops.write('x'), 150);
    const unfinished = await RawClient.connect(port);
    unfinished.write(body);
    try {
      await Promise.all([silent, half, drops, unfinished].map((client) => expectTimeout(client, since)));
    } finally {
      clearInterval(dripping);
    }
    // A good one is not held to it once it is through.
    const good = await RawClient.open(port, `/ws?token=${server.token('u1')}`);
    await good.silence(1_600);
    await expectCleanClose(good);
  });
});

describe('ends', () => {
  test('a half-open peer: it has ended, we still hear the answer', async () => {
    const client = await RawClient.connect(shared().port, { halfOpen: true });
    client.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    client.finish();
    expect((await client.answer()).status).toBe(200);
    expect(await client.end()).toBe('end');
  });

  test('a peer that ends without closing is gone for the server', async ({ tidings }) => {
    const server = await tidings();
    const client = await RawClient.open(
      server.port,
      `/ws?token=${server.token('u1')}`,
      {},
      { halfOpen: true },
    );
    await server.connections(1);
    client.finish();
    expect(await client.end()).toBe('end');
    await server.connections(0);
    expect(await server.publish({ user: 'u1' }, 1)).toEqual([0]);
  });

  test('a peer that resets is gone for the server', async ({ tidings }) => {
    const server = await tidings();
    const client = await RawClient.open(server.port, `/ws?token=${server.token('u1')}`);
    await server.connections(1);
    client.reset();
    await server.connections(0);
  });

  test('a peer that is silent is asked by TCP itself', async ({ tidings }) => {
    const server = await tidings({ config: { keepalive_seconds: 7 } });
    const client = await RawClient.open(server.port, `/ws?token=${server.token('u1')}`);
    const port = (number: number): string => number.toString(16).toUpperCase().padStart(4, '0');
    const ends = `0100007F:${port(server.port)} 0100007F:${port(client.socket.localPort!)} 01`;
    const line = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .find((each) => each.includes(ends))!;
    // Its timer is the keepalive's (02) and runs out in at most 7 seconds, told in hundredths.
    const [timer, left] = line.trim().split(/\s+/)[5]!.split(':');
    expect(timer).toBe('02');
    expect(parseInt(left!, 16)).toBeLessThanOrEqual(700);
    expect(parseInt(left!, 16)).toBeGreaterThan(300);
    await expectCleanClose(client);
  });

  test('an explanation is not lost, whatever the client still sends', async () => {
    for (const more of [0, 1_000, 60_000, 2 * MIB]) {
      const client = await RawClient.connect(shared().port);
      client.write(handshake(shared().port, '/ws?token=wrong'));
      const frames = text('x'.repeat(1_000));
      for (let sent = 0; sent < more; sent += frames.length) client.write(frames);
      await sleep(100);
      expect((await client.head()).status).toBe(101);
      expect(JSON.parse(await client.text()).error).toBe('Authentication failed');
      expect((await client.close()).code).toBe(1008);
      client.write(close(1008));
      expect(await client.end()).toBe('end');
    }
  });

  test('an HTTP refusal is not lost, whatever the client still sends', async () => {
    const client = await RawClient.connect(shared().port);
    client.write(
      `POST /api/v1/publish HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\nContent-Length: 50000000\r\n\r\n`,
    );
    for (let i = 0; i < 40; i++) client.write(Buffer.alloc(64 * 1024, 'x'));
    await sleep(100);
    const answer = await client.answer();
    expect(answer.status).toBe(413);
    expect(answer.headers.connection).toBe('close');
    client.finish();
    expect(await client.end()).toBe('end');
  });

  test('a peer that never answers a close is let go after 5 seconds', async () => {
    const client = await RawClient.connect(shared().port, { halfOpen: true });
    client.write(handshake(shared().port, '/ws'));
    expect((await client.head()).status).toBe(101);
    await client.text();
    await client.close();
    const reset = new Promise<string>((done) => client.socket.once('error', (error) => done(error.message)));
    const quiet = sleep(3_500).then(() => 'still there');
    for (let i = 0; i < 3; i++) client.write(text('no close'));
    expect(await Promise.race([reset, quiet])).toBe('still there');
    const knocking = setInterval(() => client.write(text('no close')), 200);
    const gone = await within(4_500, 'the end of its patience', reset).finally(() =>
      clearInterval(knocking),
    );
    expect(gone).toMatch(/ECONNRESET|EPIPE/);
  });
});
