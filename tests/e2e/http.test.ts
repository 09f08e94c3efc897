// SPDX-License-Identifier: MIT
// HTTP/1.1 as such: keep-alive, pipelining, bodies of every form, and what the routes have in common.
import { describe, expect } from 'vitest';
import { execFileSync } from 'node:child_process';
import { RawClient } from './support/rawClient';
import { API_KEY, sharedTidings, test } from './support/tidings';
import { listen } from './support/wsClient';
import { sleep } from './support/wait';

const shared = sharedTidings({ endpoint: { connections: 0 }, config: { api: { max_body_bytes: 20_000 } } });
const HOST = 'Host: a\r\n';
const KEY = `X-API-Key: ${API_KEY}\r\n`;

const post = (path: string, body: string, headers = ''): string =>
  `POST ${path} HTTP/1.1\r\n${HOST}${KEY}${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('connections', () => {
  test('are kept, by default', async () => {
    const client = await RawClient.connect(shared().port);
    for (let i = 0; i < 5; i++) {
      client.write(`GET /healthz HTTP/1.1\r\n${HOST}\r\n`);
      const answer = await client.answer();
      expect(answer.status).toBe(200);
      expect(answer.headers.connection).toBeUndefined();
    }
    client.finish();
    expect(await client.end()).toBe('end');
  });

  test('are kept after errors of the routes too', async () => {
    const client = await RawClient.connect(shared().port);
    client.write(`GET /nothing HTTP/1.1\r\n${HOST}\r\n`);
    expect((await client.answer()).status).toBe(404);
    client.write(post('/api/v1/publish', '{'));
    expect((await client.answer()).status).toBe(400);
    client.write(`GET /healthz HTTP/1.1\r\n${HOST}\r\n`);
    expect((await client.answer()).status).toBe(200);
    client.destroy();
  });

  test('end where the client wants it', async () => {
    const client = await RawClient.connect(shared().port);
    client.write(`GET /healthz HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
    const answer = await client.answer();
    expect(answer.headers.connection).toBe('close');
    expect(await client.end()).toBe('end');
  });

  test('end after an answer in HTTP/1.0, unless it asks to keep them', async () => {
    const old = await RawClient.connect(shared().port);
    old.write('GET /healthz HTTP/1.0\r\n\r\n');
    expect((await old.answer()).status).toBe(200);
    expect(await old.end()).toBe('end');

    const kept = await RawClient.connect(shared().port);
    for (let i = 0; i < 2; i++) {
      kept.write('GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
      const answer = await kept.answer();
      expect(answer.status).toBe(200);
      expect(answer.headers.connection).toBe('keep-alive');
    }
    kept.destroy();
  });

  test('take many requests at once and answer in their order', async () => {
    const client = await RawClient.connect(shared().port);
    const listener = await listen(`${shared().wsUrl}?token=${shared().token('pipe')}`);
    const count = 500;
    const requests = Array.from({ length: count }, (_, i) =>
      i % 5 === 4
        ? `GET /nothing/${i} HTTP/1.1\r\n${HOST}\r\n`
        : post('/api/v1/publish', `{"user":"pipe","data":${i}}`),
    );
    client.write(requests.join(''));
    for (let i = 0; i < count; i++) expect((await client.answer()).status).toBe(i % 5 === 4 ? 404 : 200);
    const expected = Array.from({ length: count }, (_, i) => i)
      .filter((i) => i % 5 !== 4)
      .map(String);
    expect(await listener.count(expected.length)).toEqual(expected);
    client.destroy();
    await listener.leave();
  });

  test('take requests cut anywhere', async () => {
    const client = await RawClient.connect(shared().port);
    const requests = [
      post('/api/v1/publish', '{"user":"x","data":[1, 2]}'),
      `GET /healthz HTTP/1.1\r\n${HOST}\r\n`,
    ].join('');
    await client.chopped(requests, 1);
    expect((await client.answer()).json).toEqual({ published: [{ channel: 'ws:x', deliveries: 0 }] });
    expect((await client.answer()).status).toBe(200);
    client.destroy();
  });

  test('a client that reads no answers is not answered without end', async () => {
    const before = shared().rss();
    const client = await RawClient.connect(shared().port);
    client.pause();
    const request = Buffer.from(`GET /metrics HTTP/1.1\r\n${HOST}\r\n`.repeat(2_000));
    for (let i = 0; i < 10; i++) client.write(request);
    await sleep(1_500);
    expect(shared().rss() - before).toBeLessThan(64 * 1024 * 1024);
    expect((await shared().ask('/healthz')).status).toBe(200);
    client.destroy();
  });
});

describe('bodies', () => {
  const chunked = (chunks: string[], trailer = ''): string =>
    `POST /api/v1/publish HTTP/1.1\r\n${HOST}${KEY}Transfer-Encoding: chunked\r\n\r\n` +
    chunks.map((chunk) => `${Buffer.byteLength(chunk).toString(16)}\r\n${chunk}\r\n`).join('') +
    `0\r\n${trailer}\r\n`;
  const published = { published: [{ channel: 'ws:x', deliveries: 0 }] };

  test.each([
    ['in one chunk', chunked(['{"user":"x","data":{}}'])],
    ['in chunks of a byte', chunked([...'{"user":"x","data":"ä"}'])],
    ['with trailing fields', chunked(['{"user":"x","data":{}}'], 'X-Sum: 1\r\nX-API-Key: other\r\n')],
    [
      'with chunk extensions',
      `POST /api/v1/publish HTTP/1.1\r\n${HOST}${KEY}Transfer-Encoding: chunked\r\n\r\n` +
        '16;name=value\r\n{"user":"x","data":{}}\r\n0\r\n\r\n',
    ],
  ])('%s', async (_, bytes) => {
    const client = await RawClient.connect(shared().port);
    client.write(bytes);
    expect((await client.answer()).json).toEqual(published);
    await client.chopped(bytes, 3);
    expect((await client.answer()).json).toEqual(published);
    client.destroy();
  });

  test('413 for what is too large, by its length or by its chunks', async () => {
    const large = JSON.stringify({ user: 'x', data: 'x'.repeat(20_000) });
    for (const bytes of [post('/api/v1/publish', large), chunked(large.match(/.{1,1000}/gs)!)]) {
      const client = await RawClient.connect(shared().port);
      client.write(bytes);
      const answer = await client.answer();
      expect(answer.status).toBe(413);
      expect(answer.json.error.code).toBe('too_large');
      client.finish();
      expect(await client.end()).toBe('end');
    }
  });

  test('just the largest passes', async () => {
    const frame = JSON.stringify({ user: 'x', data: '' });
    const body = JSON.stringify({ user: 'x', data: 'x'.repeat(20_000 - frame.length) });
    expect(body.length).toBe(20_000);
    expect((await shared().call('/api/v1/publish', body)).json).toEqual(published);
  });

  test('Expect: 100-continue is answered before the body comes', async () => {
    const client = await RawClient.connect(shared().port);
    const body = '{"user":"x","data":{}}';
    client.write(
      `POST /api/v1/publish HTTP/1.1\r\n${HOST}${KEY}Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    expect((await client.head()).status).toBe(100);
    client.write(body);
    expect((await client.answer()).json).toEqual(published);
    client.destroy();
  });

  test('Expect: 100-continue with a body that is too large is refused at once', async () => {
    const client = await RawClient.connect(shared().port);
    client.write(
      `POST /api/v1/publish HTTP/1.1\r\n${HOST}${KEY}Expect: 100-continue\r\nContent-Length: 99999999\r\n\r\n`,
    );
    expect((await client.head()).status).toBe(413);
    client.destroy();
  });

  test('curl sends a large body, chunked and not', () => {
    const body = JSON.stringify({ user: 'x', data: 'x'.repeat(15_000) });
    for (const extra of [
      [],
      ['-H', 'Transfer-Encoding: chunked'],
      ['-H', 'Expect: 100-continue'],
      ['--http1.0'],
      ['--http2'],
    ]) {
      const text = execFileSync(
        'curl',
        [
          '-sS',
          '-m',
          '10',
          '-H',
          `X-API-Key: ${API_KEY}`,
          '--data-binary',
          '@-',
          ...extra,
          `${shared().url}/api/v1/publish`,
        ],
        { input: body, encoding: 'utf8' },
      );
      expect(JSON.parse(text)).toEqual(published);
    }
  });
});

describe('every route', () => {
  const ROUTES: [string, string][] = [
    ['/healthz', 'GET'],
    ['/healthz/redis', 'GET'],
    ['/healthz/websocket', 'GET'],
    ['/readyz', 'GET'],
    ['/metrics', 'GET'],
    ['/api/v1/ws/stats', 'GET'],
    ['/api/v1/publish', 'POST'],
    ['/api/v1/broadcast', 'POST'],
    ['/api/v1/batch', 'POST'],
  ];

  test.each(ROUTES)('%s answers another method with 405 and what it allows', async (path, method) => {
    const answer = await shared().ask(path, { method: method === 'GET' ? 'POST' : 'GET' });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow!.split(', ')).toContain(method);
    expect(answer.json.error).toEqual({ code: 'method_not_allowed', message: expect.stringMatching(/./) });
    expect((await shared().ask(path, { method: 'DELETE' })).status).toBe(405);
  });

  test.each(ROUTES.filter(([, method]) => method === 'GET'))(
    '%s answers HEAD with the head alone',
    async (path) => {
      const client = await RawClient.connect(shared().port);
      client.write(`HEAD ${path} HTTP/1.1\r\n${HOST}\r\nGET /nothing HTTP/1.1\r\n${HOST}\r\n`);
      const head = await client.head();
      expect(head.status).toBe(200);
      expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
      expect((await client.answer()).status).toBe(404);
      client.destroy();
    },
  );

  test.each(ROUTES)('%s with a trailing slash or escapes is the same', async (path, method) => {
    const [plain, slash, escaped] = await Promise.all(
      [path, `${path}/`, path.replace('z', '%7A').replace('a', '%61')].map((each) =>
        shared().ask(each, { method }),
      ),
    );
    expect(slash!.status).toBe(plain!.status);
    expect(escaped!.status).toBe(plain!.status);
    expect(plain!.status).toBe(method === 'GET' ? 200 : 401);
  });

  test.each(['/healthz/../healthz', '/./healthz', '/health%00z', '/%zz', '/health%2', '//healthz'])(
    '%s is none',
    async (path) => {
      const client = await RawClient.connect(shared().port);
      client.write(`GET ${path} HTTP/1.1\r\n${HOST}\r\n`);
      expect([400, 404]).toContain((await client.answer()).status);
      client.destroy();
    },
  );
});

describe('from pages of other origins', () => {
  const ORIGIN = 'https://app.example.com';
  const ours = sharedTidings({ config: { origins: [ORIGIN, '*.example.org'] } });

  test('stats may be read by those that are listed', async () => {
    for (const origin of [ORIGIN, 'https://a.b.example.org']) {
      const answer = await ours().ask('/api/v1/ws/stats', { headers: { Origin: origin } });
      expect(answer.status).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBe(origin);
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
      expect(answer.headers.vary!.toLowerCase()).toContain('origin');
    }
  });

  test('stats may not be read by others', async () => {
    for (const origin of [
      'https://evil.example',
      'http://app.example.com',
      `${ORIGIN}:8443`,
      `${ORIGIN}.evil.example`,
      'null',
    ]) {
      const answer = await ours().ask('/api/v1/ws/stats', { headers: { Origin: origin } });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('stats may be read by any where none is listed', async () => {
    const answer = await shared().ask('/api/v1/ws/stats', { headers: { Origin: 'https://any.example' } });
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  test('a preflight is answered', async () => {
    const answer = await ours().ask('/api/v1/ws/stats', {
      method: 'OPTIONS',
      headers: {
        Origin: ORIGIN,
        'Access-Control-Request-Method': 'GET',
        'Access-Control-Request-Headers': 'authorization',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(answer.headers['access-control-allow-methods']).toContain('GET');
    expect(answer.headers['access-control-allow-headers']!.toLowerCase()).toContain('authorization');
  });

  test('what needs a key is never for pages', async () => {
    for (const server of [ours(), shared()]) {
      const answer = await server.call(
        '/api/v1/publish',
        { user: 'x', data: 1 },
        { headers: { Origin: ORIGIN } },
      );
      expect(answer.status).toBe(200);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      const preflight = await server.ask('/api/v1/publish', {
        method: 'OPTIONS',
        headers: { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST' },
      });
      expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('asking first on the endpoint says why, readable by the page', async () => {
    const answer = await ours().ask('/ws', { headers: { Origin: ORIGIN } });
    expect(answer.status).toBe(401);
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN);
    expect(answer.json.error).toBe('Authentication failed');
    const evil = await ours().ask('/ws', { headers: { Origin: 'https://evil.example' } });
    expect(evil.status).toBe(403);
    expect(evil.headers['access-control-allow-origin']).toBeUndefined();
  });
});
