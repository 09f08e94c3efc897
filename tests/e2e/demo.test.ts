// SPDX-License-Identifier: MIT
// Demo mode: the files of its page, tokens for anyone on this machine, and nobody from elsewhere gets in.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { BINARY, cleanEnv, sharedTidings, test, type Tidings } from './support/tidings';
import { listen, refusal } from './support/wsClient';

/** The fixture's secret and keys are what demo mode refuses. */
const DEMO = { args: ['--demo'], config: { jwt: { secret: '' }, api: { keys: [] } } };
const CATALOGUE = join(__dirname, '../../catalogue');
const WEB = join(__dirname, '../../web');
const ENDPOINTS = ['huleedu', 'huleedu-status', 'hailango', 'submissions'];

const kindsOf = (dialect: string): string[] =>
  JSON.parse(readFileSync(join(CATALOGUE, `${dialect}.json`), 'utf8')).oneOf.map((one: { $ref: string }) =>
    one.$ref.replace('#/$defs/', ''),
  );

const shared = sharedTidings(DEMO);

/** A token as anyone gets one. */
async function mint(server: Tidings, body: unknown): Promise<string> {
  const answer = await server.ask('/demo/token', { method: 'POST', body: JSON.stringify(body) });
  expect(answer.status, answer.text).toBe(200);
  return answer.json.token;
}

describe('the files of its page', () => {
  const TYPES = {
    html: 'text/html; charset=utf-8',
    js: 'text/javascript; charset=utf-8',
    css: 'text/css; charset=utf-8',
    svg: 'image/svg+xml',
  };
  const sources = ['demo', 'shared'].flatMap((folder) =>
    readdirSync(join(WEB, folder)).map((name): [string, string] => [
      name === 'index.html' ? '/' : `/demo/${name}`,
      `${folder}/${name}`,
    ]),
  );
  const files: [string, string][] = [
    ...sources.map(([path, name]): [string, string] => [path, TYPES[name.split('.').pop() as keyof typeof TYPES]]),
    ['/demo/samples.json', 'application/json'],
  ];

  test.each(files)('%s comes with its type, a policy and a tag', async (path, type) => {
    const { status, headers } = await shared().ask(path);
    expect([status, headers['content-type']]).toEqual([200, type]);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self'/);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/);
    const again = await shared().ask(path, { headers: { 'If-None-Match': headers.etag! } });
    expect([again.status, again.text, again.headers.etag]).toEqual([304, '', headers.etag]);
    const other = await shared().ask(path, { headers: { 'If-None-Match': '"0"' } });
    expect(other.status).toBe(200);
  });

  test('are the ones of the sources', async () => {
    for (const [path, name] of sources) {
      const text = readFileSync(join(WEB, name), 'utf8');
      expect((await shared().ask(path)).text).toBe(text);
      // Nothing of other hosts is named but what SVG is told apart by.
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/[a-z]/);
    }
    const samples = (await shared().ask('/demo/samples.json')).json;
    for (const dialect of ENDPOINTS) {
      expect(samples[dialect].map((one: { kind: string }) => one.kind)).toEqual(kindsOf(dialect));
    }
  });
});

describe('tokens', () => {
  test('are for anyone, and good for an hour', async () => {
    const answer = await shared().ask('/demo/token', { method: 'POST', body: '{"user":"ann"}' });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(['token', 'user', 'expires_at']);
    expect(answer.json.user).toBe('ann');
    expect(answer.headers['cache-control']).toBe('no-store');
    const left = Date.parse(answer.json.expires_at) - Date.now();
    expect(left).toBeGreaterThan(3_500_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    const listener = await listen(`${shared().wsUrl}?token=${answer.json.token}`);
    const sent = await shared().ask('/api/v1/publish', { method: 'POST', body: '{"user":"ann","data":[1]}' });
    expect([sent.status, sent.json.published[0].deliveries]).toEqual([200, 1]);
    expect(await listener.next()).toBe('[1]');
    await listener.leave();
  });

  test('may carry claims', async () => {
    const expired = await mint(shared(), { user: 'ann', claims: { exp: 1_000 } });
    const listener = await listen(`${shared().wsUrl}?token=${expired}`);
    expect((await listener.close()).code).toBe(1008);
    const noEmail = await mint(shared(), { user: '6f1c2a34-8b1d-4c55-9a30-0c2f7a9b1e21' });
    expect((await refusal(`ws://${shared().address}/api/v1/ws?token=${noEmail}`)).status).toBe(401);
  });

  test.each([
    ['', 'malformed_json'],
    ['{"user":"a"', 'malformed_json'],
    ['[]', 'invalid_request'],
    ['{}', 'invalid_request'],
    ['{"user":1}', 'invalid_request'],
    ['{"user":""}', 'invalid_request'],
    ['{"user":"a\\u0000b"}', 'invalid_request'],
    ['{"user":"a\\n"}', 'invalid_request'],
    [JSON.stringify({ user: 'x'.repeat(129) }), 'invalid_request'],
    ['{"user":"a","user":"b"}', 'invalid_request'],
    ['{"user":"a","ttl":1}', 'invalid_request'],
    ['{"user":"a","claims":[]}', 'invalid_request'],
    ['{"user":"a","claims":{"exp":"soon"}}', 'invalid_request'],
    ['{"user":"a","claims":{"exp":-1}}', 'invalid_request'],
    ['{"user":"a","claims":{"exp":9223372036854775807}}', 'invalid_request'],
    [JSON.stringify({ user: 'a', claims: { x: 'y'.repeat(100_000) } }), 'invalid_request'],
  ])('are not made of %.40s', async (body, code) => {
    const answer = await shared().ask('/demo/token', { method: 'POST', body });
    expect([answer.status, answer.json.error.code]).toEqual([400, code]);
  });

  test('of one start are worth nothing after the next', async ({ tidings }) => {
    const other = await tidings(DEMO);
    const listener = await listen(`${other.wsUrl}?token=${await mint(shared(), { user: 'ann' })}`);
    expect((await listener.close()).code).toBe(1008);
    expect((await shared().ask('/demo/token')).headers.allow).toBe('POST');
  });

  test('need not be shown by who watches a submission, nor keys by backends', async () => {
    const declared = await shared().ask('/api/v1/submissions', {
      method: 'POST',
      body: '{"submission_id":4711}',
    });
    expect(declared.status).toBe(201);
    const listener = await listen(`ws://${shared().address}/ws/submissions/4711`);
    const body = JSON.stringify({ channel: 'submission:4711', data: { type: 'complete' } });
    expect((await shared().ask('/api/v1/publish', { method: 'POST', body })).status).toBe(200);
    expect((await listener.close()).code).toBe(1000);
    expect((await shared().ask('/api/v1/submissions/4711')).json.status).toBe('complete');
    const absent = await listen(`ws://${shared().address}/ws`);
    expect((await absent.close()).code).toBe(1008);
  });
});

describe('only this machine', () => {
  const good = ['localhost:1', 'LOCALHOST', 'demo.localhost', '127.0.0.1', '127.9.9.9:80', '[::1]:8080'];
  const bad = ['example.com', '127.0.0.1.example.com', 'localhost.example.com', '10.0.0.1', '0.0.0.0', '[::2]'];

  test.each(good)('may ask as %s', async (host) => {
    expect((await shared().ask('/', { headers: { Host: host } })).status).toBe(200);
    expect((await shared().ask('/', { headers: { Origin: `http://${host}` } })).status).toBe(200);
  });

  test.each(bad)('and not %s', async (name) => {
    const fields: [string, string][] = [
      ['Host', name],
      ['Origin', `http://${name}`],
      ['Origin', `https://${name}:8080`],
    ];
    for (const [field, value] of fields) {
      const headers = { [field]: value };
      for (const [path, method] of [
        ['/', 'GET'],
        ['/healthz', 'GET'],
        ['/demo/token', 'POST'],
        ['/api/v1/publish', 'POST'],
        ['/metrics', 'GET'],
        ['/nowhere', 'GET'],
        ['/ws', 'GET'],
      ] as const) {
        const answer = await shared().ask(path, { method, headers, body: method === 'POST' ? '{}' : undefined });
        expect([path, answer.status, answer.json.error.code]).toEqual([path, 403, 'not_loopback']);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
      const token = await mint(shared(), { user: 'ann' });
      expect((await refusal(`${shared().wsUrl}?token=${token}`, { headers })).status).toBe(403);
    }
  });

  test('nor a page without an origin to show', async () => {
    expect((await shared().ask('/', { headers: { Origin: 'null' } })).status).toBe(403);
  });

  test.each([
    [['--listen', '0.0.0.0:0'], {}, '--listen: listen: demo mode listens on loopback only'],
    [['--listen', '[::]:0'], {}, '--listen: listen: demo mode listens on loopback only'],
    [[], { TIDINGS_LISTEN: '10.0.0.1:80' }, 'TIDINGS_LISTEN: listen: demo mode listens on loopback only'],
    [[], { TIDINGS_METRICS_LISTEN: '0.0.0.0:80' }, 'metrics.listen: demo mode listens on loopback only'],
    [[], { JWT_SECRET_KEY: 'x'.repeat(32) }, 'JWT_SECRET_KEY: jwt.secret: demo mode makes a key of its own'],
    [[], { TIDINGS_JWT_JWKS_FILE: '/nowhere' }, 'jwt.jwks_file: demo mode makes a key of its own'],
  ] as [string[], Record<string, string>, string][])('%j %j is a mistake', (args, env, words) => {
    const { status, stderr } = spawnSync(BINARY, ['serve', '--demo', ...args], {
      env: cleanEnv(env),
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(status).toBe(1);
    expect(stderr).toContain(words);
    expect(stderr.trim().split('\n')).toHaveLength(2);
  });

  test('and the log says whom it trusts, but no key', async () => {
    await expect.poll(() => shared().log()).toMatch(/level=warning msg="demo mode" trusts=/);
    expect(shared().log()).not.toMatch(/[0-9a-f]{32}/);
  });
});

describe('without --demo', () => {
  const plain = sharedTidings();

  test.each(['/', '/demo/token', '/demo/main.js', '/demo/base.css', '/demo/samples.json'])(
    'there is no %s',
    async (path) => {
      expect((await plain().ask(path)).status).toBe(404);
      expect((await plain().ask(path, { method: 'POST', body: '{"user":"a"}' })).status).toBe(404);
    },
  );

  test('keys and tokens are needed, and names are not looked at', async () => {
    const body = '{"user":"a","data":1}';
    expect((await plain().ask('/api/v1/publish', { method: 'POST', body })).status).toBe(401);
    expect((await plain().ask('/api/v1/submissions/1')).status).toBe(401);
    const declared = await plain().call('/api/v1/submissions', { submission_id: 1 });
    expect(declared.status).toBe(201);
    const listener = await listen(`ws://${plain().address}/ws/submissions/1`);
    expect((await listener.close()).code).toBe(4003);
    expect((await plain().ask('/healthz', { headers: { Host: 'example.com' } })).status).toBe(200);
  });
});
