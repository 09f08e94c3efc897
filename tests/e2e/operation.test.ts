// SPDX-License-Identifier: MIT
// What an operator sees: health, figures, logs, an orderly end, and one clear line when something is wrong.
import { afterAll, describe, expect } from 'vitest';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { ask } from './support/http';
import { handshake, RawClient } from './support/rawClient';
import { expectRefused, UNAUTHORIZED } from './support/refused';
import { freePort, run, scratch, start } from './support/run';
import {
  API_KEY,
  BINARY,
  cleanEnv,
  configFor,
  sharedTidings,
  BLOAT,
  SLOWNESS,
  sumOf,
  test,
  type Tidings,
} from './support/tidings';
import { sleep, until, within } from './support/wait';
import { dial, listen, refusal } from './support/wsClient';
import { SECRET } from './support/jwt';

const files = scratch();
afterAll(files.end);
const urlOf = (server: Tidings, user = 'u1'): string => `${server.wsUrl}?token=${server.token(user)}`;

describe('health', () => {
  const shared = sharedTidings();

  test.each([
    ['/healthz', 'healthy'],
    ['/healthz/redis', 'disabled'],
    ['/healthz/websocket', 'healthy'],
    ['/readyz', 'ready'],
  ])('%s', async (path, status) => {
    const answer = await shared().ask(path);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json).toMatchObject({ service: expect.stringMatching(/./), status });
  });

  test('stats tell users and connections', async () => {
    expect(await shared().stats()).toEqual({ connected_users: 0, total_connections: 0 });
    const all = await Promise.all(['a', 'a', 'b'].map((user) => listen(urlOf(shared(), user))));
    expect(await shared().stats()).toEqual({ connected_users: 2, total_connections: 3 });
    await all[0]!.leave();
    await shared().connections(2);
    expect(await shared().stats()).toEqual({ connected_users: 2, total_connections: 2 });
    for (const each of all.slice(1)) await each.leave();
    await shared().connections(0);
    expect(await shared().stats()).toEqual({ connected_users: 0, total_connections: 0 });
  });

  test('stats are for keys where they are not public', async ({ tidings }) => {
    const server = await tidings({
      config: { api: { public_stats: false, keys: [API_KEY, { name: 'b', key: 'b', scopes: ['publish'] }] } },
    });
    const statusWith = async (key?: string) =>
      (await server.ask('/api/v1/ws/stats', { headers: key === undefined ? {} : { 'X-API-Key': key } }))
        .status;
    expect(await statusWith()).toBe(401);
    expect(await statusWith('b')).toBe(403);
    expect(await statusWith(API_KEY)).toBe(200);
  });
});

describe('metrics', () => {
  const shared = sharedTidings({ endpoint: { connections: 2 } });
  const delta =
    (before: string, after: string) =>
    (name: string, labels: Record<string, string> = {}) =>
      (sumOf(after, name, labels) ?? 0) - (sumOf(before, name, labels) ?? 0);

  test('tell what happened', async () => {
    const server = shared();
    const before = await server.metrics();
    expect(sumOf(before, 'websocket_connections_total')).toBe(0);
    expect(sumOf(before, 'websocket_users_connected')).toBe(0);

    const [one, two] = [await listen(urlOf(server)), await listen(urlOf(server))];
    await expectRefused(server.wsUrl, UNAUTHORIZED);
    await dial(urlOf(server)).close();
    one.socket.send('from the client');
    await server.publish({ user: 'u1' }, 'x'.repeat(98)); // 100 bytes, twice
    await server.publish({ user: 'u1' }, 'x'.repeat(98));
    await two.count(2);
    await one.count(2);
    await until(
      'the message from the client',
      async () => delta(before, await server.metrics())('websocket_messages_received_total') === 1,
    );

    const during = await server.metrics();
    const moved = delta(before, during);
    expect(sumOf(during, 'websocket_connections_total')).toBe(2);
    expect(sumOf(during, 'websocket_users_connected')).toBe(1);
    expect(sumOf(during, 'websocket_channel_subscriptions')).toBeGreaterThanOrEqual(2);
    expect(moved('websocket_connections_opened_total', { endpoint: 'huleedu', result: 'ok' })).toBe(2);
    expect(moved('websocket_connections_opened_total', { endpoint: 'huleedu', result: 'unauthorized' })).toBe(
      1,
    );
    expect(
      moved('websocket_connections_opened_total', { endpoint: 'huleedu', result: 'too_many_connections' }),
    ).toBe(1);
    expect(moved('websocket_messages_sent_total', { endpoint: 'huleedu' })).toBe(4);
    expect(moved('websocket_message_size_bytes_count')).toBe(4);
    expect(moved('websocket_message_size_bytes_sum')).toBe(400);
    expect(moved('notification_latency_seconds_count')).toBe(4);
    expect(moved('notification_latency_seconds_sum')).toBeGreaterThan(0);
    expect(moved('notification_latency_seconds_sum')).toBeLessThan(4 * SLOWNESS);
    expect(moved('jwt_validation_total', { result: 'ok' })).toBe(3);
    expect(moved('jwt_validation_total', { result: 'absent' })).toBe(1);
    expect(moved('http_requests_total', { route: '/api/v1/publish', status: '200' })).toBe(2);

    await one.leave();
    two.socket.terminate();
    await server.connections(0);
    const after = await server.metrics();
    const ended = delta(before, after);
    expect(ended('websocket_close_total', { code: '1000' })).toBe(1);
    expect(ended('websocket_close_total', { code: '1006' })).toBe(1);
    expect(ended('websocket_connection_duration_seconds_count')).toBeGreaterThanOrEqual(2);
    expect(sumOf(after, 'websocket_connections_total')).toBe(0);
    expect(sumOf(after, 'websocket_users_connected')).toBe(0);
    expect(sumOf(after, 'websocket_channel_subscriptions')).toBe(0);
  });

  test('have every name that is promised', async () => {
    const text = await shared().metrics();
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((found) => [found[1]!, found[2]!]),
    );
    expect(Object.fromEntries(types)).toMatchObject({
      websocket_connections_total: 'gauge',
      websocket_connections_opened_total: 'counter',
      websocket_messages_sent_total: 'counter',
      websocket_messages_received_total: 'counter',
      websocket_messages_dropped_total: 'counter',
      websocket_connection_duration_seconds: 'histogram',
      websocket_message_size_bytes: 'histogram',
      websocket_close_total: 'counter',
      websocket_channel_subscriptions: 'gauge',
      websocket_users_connected: 'gauge',
      notification_latency_seconds: 'histogram',
      jwt_validation_total: 'counter',
      http_requests_total: 'counter',
      process_cpu_seconds_total: 'counter',
      process_resident_memory_bytes: 'gauge',
      process_open_fds: 'gauge',
      process_max_fds: 'gauge',
    });
    const answer = await shared().ask('/metrics');
    expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(sumOf(text, 'process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(sumOf(text, 'process_open_fds')).toBeGreaterThan(5);
  });

  test('have labels that nobody outside can multiply', async () => {
    for (let i = 0; i < 50; i++) {
      expect((await shared().ask(`/nothing/${i}`)).status).toBe(404);
      await shared().ask(`/api/v1/users/user-${i}/connections`, { method: 'PATCH' });
    }
    const text = await shared().metrics();
    expect(text).not.toMatch(/nothing|user-\d/);
    const routes = new Set(
      [...text.matchAll(/^http_requests_total\{route="([^"]+)"/gm)].map((found) => found[1]),
    );
    expect(routes.size).toBeLessThan(20);
    expect(sumOf(text, 'http_requests_total', { status: '404' })).toBeGreaterThanOrEqual(50);
  });

  test.skipIf(!existsSync('/usr/bin/promtool'))(
    'pass promtool, apart from the name that clients know',
    async () => {
      const ran = spawnSync('/usr/bin/promtool', ['check', 'metrics'], {
        input: await shared().metrics(),
        encoding: 'utf8',
      });
      const said = (ran.stdout + ran.stderr).split('\n').filter((line) => line !== '');
      expect(said.filter((line) => !line.startsWith('websocket_connections_total '))).toEqual([]);
      expect(said).toHaveLength(1);
    },
  );

  test('are not for those who come through a proxy', async ({ tidings }) => {
    const server = await tidings({ config: { trusted_proxies: ['127.0.0.7/32'] } });
    const headers = { 'X-Forwarded-For': '203.0.113.1' };
    expect((await server.ask('/metrics', { headers, from: '127.0.0.7' })).status).toBe(404);
    expect((await server.ask('/metrics', { from: '127.0.0.7' })).status).toBe(404);
    expect((await server.ask('/metrics')).status).toBe(200);
    expect((await server.ask('/metrics', { headers })).status).toBe(200);
  });

  test('have an address of their own where that is wanted', async ({ tidings }) => {
    const port = await freePort('127.0.0.3');
    const server = await tidings({ config: { metrics: { listen: `127.0.0.3:${port}` } } });
    expect((await server.ask('/metrics')).status).toBe(404);
    const own = await ask(`http://127.0.0.3:${port}/metrics`, { plain: true });
    expect(own.status).toBe(200);
    expect(own.text).toContain('websocket_connections_total 0');
    expect((await ask(`http://127.0.0.3:${port}/api/v1/ws/stats`, { plain: true })).status).toBe(404);
    expect((await ask(`http://127.0.0.3:${port}/ws`, { plain: true })).status).toBe(404);
  });
});

describe.concurrent('the end', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    '%s closes with 1012, after what was published',
    async (signal, { tidings }) => {
      const server = await tidings();
      const all = await Promise.all(['a', 'b', 'c'].map((user) => listen(urlOf(server, user))));
      await server.publish({ channel: 'broadcast' }, 'last words');
      server.signal(signal);
      for (const each of all) {
        expect((await each.close()).code).toBe(1012);
        expect(each.messages).toEqual(['"last words"']);
      }
      expect(await within(5_000, 'the end', server.exited)).toEqual({ code: 0, signal: null });
    },
  );

  test('is spread over drain_seconds, and handshakes get 503 meanwhile', async ({ tidings }) => {
    const server = await tidings({ config: { drain_seconds: 3 }, endpoint: { connections: 0 } });
    const all = await Promise.all(Array.from({ length: 30 }, () => listen(urlOf(server))));
    const ends: number[] = [];
    for (const each of all) {
      void each.closed.then(({ code }) => {
        expect(code).toBe(1012);
        ends.push(Date.now());
      });
    }
    const since = Date.now();
    server.signal('SIGTERM');
    await sleep(500);
    expect((await server.ask('/readyz')).status).toBe(503);
    const answer = await refusal(urlOf(server));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    // Who is still there is still served.
    await server.publish({ user: 'u1' }, 'still');
    expect((await within(10_000, 'the end', server.exited)).code).toBe(0);
    await Promise.all(all.map((each) => each.close()));
    expect(ends).toHaveLength(30);
    expect(ends.at(-1)! - since).toBeGreaterThan(1_900);
    expect(ends.at(-1)! - since).toBeLessThan(4_500 * SLOWNESS);
    const early = ends.filter((at) => at - since < 1_000).length;
    expect(early).toBeGreaterThan(0);
    expect(early).toBeLessThan(20);
    expect(all.filter((each) => each.messages.includes('"still"')).length).toBeGreaterThan(5);
  });

  test('waits drain_delay_seconds, in which all is served but /readyz says 503', async ({ tidings }) => {
    const server = await tidings({ config: { drain_delay_seconds: 2 } });
    const one = await listen(urlOf(server));
    const since = Date.now();
    server.signal('SIGTERM');
    await until('/readyz 503', async () => (await server.ask('/readyz')).status === 503);
    expect((await server.ask('/healthz')).status).toBe(200);
    const two = await listen(urlOf(server));
    expect(await server.publish({ user: 'u1' }, 'served')).toEqual([2]);
    expect(await one.next()).toBe('"served"');
    expect(await two.next()).toBe('"served"');
    expect((await one.close()).code).toBe(1012);
    expect((await two.close()).code).toBe(1012);
    expect(Date.now() - since).toBeGreaterThan(1_800);
    expect((await within(5_000, 'the end', server.exited)).code).toBe(0);
  });

  test('does not wait for those who never answer', async ({ tidings }) => {
    const server = await tidings();
    const deaf = await RawClient.open(server.port, `/ws?token=${server.token('deaf')}`);
    const idle = await RawClient.connect(server.port);
    const half = await RawClient.connect(server.port);
    half.write('GET /healthz HTTP/1.1\r\n');
    await server.connections(1);
    const since = Date.now();
    server.signal('SIGTERM');
    expect((await deaf.close()).code).toBe(1012);
    expect((await within(10_000, 'the end', server.exited)).code).toBe(0);
    expect(Date.now() - since).toBeLessThan(8_000 * SLOWNESS);
    for (const each of [deaf, idle, half]) each.destroy();
  });

  test('comes at once with a second signal', async ({ tidings }) => {
    const server = await tidings({ config: { drain_delay_seconds: 60 }, exitCode: 1 });
    const client = await listen(urlOf(server));
    server.signal('SIGTERM');
    await until('/readyz 503', async () => (await server.ask('/readyz')).status === 503);
    const since = Date.now();
    server.signal('SIGTERM');
    await within(3_000, 'the end', server.exited);
    expect(Date.now() - since).toBeLessThan(2_000 * SLOWNESS);
    await client.close();
  });
});

describe('the log', () => {
  const NEVER = ['payload-of-a-publish', 'payload-of-a-client', 'payload-of-a-ping', 'x-secret-header-value'];

  /** A visit in which a bit of everything happens. Gives the tokens that were used. */
  async function visit(server: Tidings): Promise<string[]> {
    const tokens = [server.token('u1'), server.token('u2', { exp: 1 }), server.token('u3')];
    const client = await listen(`${server.wsUrl}?token=${tokens[0]}`, {
      headers: { 'X-Thing': 'x-secret-header-value' },
    });
    client.socket.send('payload-of-a-client');
    client.socket.send('{"type":"ping","id":"payload-of-a-ping"}');
    await server.publish({ user: 'u1' }, 'payload-of-a-publish');
    await client.count(2);
    await expectRefused(`${server.wsUrl}?token=${tokens[1]}`, UNAUTHORIZED);
    await expectRefused(server.wsUrl, UNAUTHORIZED, { headers: { Authorization: `Bearer ${tokens[1]}` } });
    await (await listen(server.wsUrl, { protocols: [`bearer.${tokens[2]}`] })).leave();
    await server.call('/api/v1/publish', '{"user":"u1","data":"payload-of-a-publish"');
    await server.ask(`/nothing?token=${tokens[0]}`);
    await server.ask('/%0alevel=error%20msg=forged');
    await server.ask('/x', { headers: { Origin: 'a" level=error msg="forged' } });
    await client.leave();
    await server.connections(0);
    return tokens;
  }

  function expectNoSecrets(log: string, tokens: string[]): void {
    for (const word of [...NEVER, API_KEY, SECRET]) expect(log).not.toContain(word);
    for (const token of tokens) {
      expect(log).not.toContain(token);
      for (const part of token.split('.').slice(1)) expect(log).not.toContain(part);
    }
    expect(log).not.toMatch(/^level=error/m);
  }

  test('is logfmt, one line an event, without tokens and payloads, even at debug', async ({ tidings }) => {
    const server = await tidings();
    const tokens = await visit(server);
    await server.stop();
    const lines = server
      .log()
      .split('\n')
      .filter((line) => line !== '');
    for (const line of lines) {
      expect(line).toMatch(
        /^time=\S+ level=(debug|info|warning|error) msg=("(\\.|[^"\\])*"|[^ "=]+)( [a-z_0-9]+=("(\\.|[^"\\])*"|[^ "]*))*$/,
      );
      expect(Number.isNaN(Date.parse(/^time=(\S+)/.exec(line)![1]!)), line).toBe(false);
    }
    expect(lines.some((line) => line.includes('level=debug'))).toBe(true);
    expectNoSecrets(server.log(), tokens);
  });

  test('is JSON where that is wanted', async ({ tidings }) => {
    const server = await tidings({ config: { log_format: 'json' } });
    const tokens = await visit(server);
    await server.stop();
    const lines = server
      .log()
      .split('\n')
      .filter((line) => line !== '');
    for (const line of lines) {
      const event = JSON.parse(line);
      expect(Object.keys(event).slice(0, 3)).toEqual(['time', 'level', 'msg']);
      expect(['debug', 'info', 'warning']).toContain(event.level);
    }
    expectNoSecrets(server.log(), tokens);
  });

  test('at debug tells who came, who went and why', async ({ tidings }) => {
    const server = await tidings();
    await visit(server);
    await until('the visit in the log', () => /u1/.test(server.log()) && /127\.0\.0\.1/.test(server.log()));
    const refusals = server
      .log()
      .split('\n')
      .filter((line) => /expired/.test(line));
    expect(refusals.length).toBeGreaterThanOrEqual(2);
  });

  test('at info is silent about them', async ({ tidings }) => {
    const server = await tidings({ config: { log_level: 'info' } });
    await visit(server);
    expect(server.log()).not.toContain('level=debug');
  });

  test('takes its level from LOG_LEVEL', async ({ tidings }) => {
    const server = await tidings({ config: { log_level: 'error' }, env: { LOG_LEVEL: 'DEBUG' } });
    await visit(server);
    await until('a line of debug', () => server.log().includes('level=debug'));
  });

  test.for(['a full disk', 'a pipe that nobody reads'])(
    'that cannot be written stops nobody: %s',
    async (kind) => {
      const port = await freePort();
      const file = files.file('full.yaml', JSON.stringify({ ...configFor({}), listen: `127.0.0.1:${port}` }));
      const full = openSync('/dev/full', 'w');
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', BINARY, 'serve', '-c', file], {
        env: cleanEnv(),
        stdio: ['ignore', 'ignore', kind === 'a full disk' ? full : 'pipe'],
      });
      child.stderr?.destroy();
      closeSync(full);
      const ended = new Promise<number | null>((done) => child.on('close', (code) => done(code)));
      const at = `http://127.0.0.1:${port}`;
      try {
        await until(
          '/readyz',
          async () => (await ask(`${at}/readyz`).catch(() => undefined))?.status === 200,
          10_000,
        );
        for (let i = 0; i < 20; i++) expect((await ask(`${at}/ws`)).status).toBe(401);
        const dropped = async () => sumOf((await ask(`${at}/metrics`)).text, 'log_lines_dropped_total');
        await until('dropped lines', async () => ((await dropped()) ?? 0) > 0);
      } finally {
        child.kill('SIGTERM');
      }
      expect(await within(10_000, 'the end', ended)).toBe(0);
    },
  );
});

describe.concurrent('what is wrong is one clear line', () => {
  const written = (name: string, text: string): string => files.file(name, text);
  const minimal = JSON.stringify({ listen: '127.0.0.1:0', jwt: { secret: SECRET } });

  /** Fails with `code` and exactly one line, in which all `words` stand. */
  async function expectLine(
    args: string[],
    code: number,
    words: (string | RegExp)[],
    options: Parameters<typeof run>[1] = {},
  ) {
    const ran = await run(args, options);
    expect(ran.signal, ran.err).toBeNull();
    expect(ran.code, ran.err).toBe(code);
    expect(ran.out).toBe('');
    const lines = ran.err.split('\n').filter((line) => line !== '');
    for (const word of words)
      expect(ran.err).toMatch(
        word instanceof RegExp ? word : new RegExp(word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')),
      );
    return lines;
  }

  test('a flag that is unknown', async () => {
    expect(await expectLine(['serve', '--nonsense'], 2, ['--nonsense'])).toHaveLength(1);
    expect(await expectLine(['serve', '--listen'], 2, ['--listen'])).toHaveLength(1);
    expect(await expectLine(['serve', 'extra'], 2, ['extra'])).toHaveLength(1);
  });

  test('a flag whose value is none', async () => {
    await expectLine(['serve', '--listen', 'nowhere', '-c', written('m1.yaml', minimal)], 1, [
      /listen/,
      /nowhere/,
    ]);
    await expectLine(['serve', '--workers', 'many', '-c', written('m2.yaml', minimal)], 1, [
      /workers/,
      /many/,
    ]);
  });

  test('a file that is not there, or is none', async () => {
    await expectLine(['serve', '-c', '/nonexistent/tidings.yaml'], 1, [
      '/nonexistent/tidings.yaml',
      /No such file/i,
    ]);
    await expectLine(['serve', '-c', '/tmp'], 1, ['/tmp']);
  });

  test('a key that is unknown, with its place', async () => {
    const file = written('unknown.yaml', 'listen: 127.0.0.1:0\njwt:\n  secret: x\n  sekret: y\n');
    await expectLine(['serve', '-c', file], 1, [`${file}:4:3`, 'sekret']);
  });

  test('no key to judge tokens with', async () => {
    await expectLine(['serve', '-c', written('nokey.yaml', 'listen: 127.0.0.1:0\n')], 1, [/jwt/]);
  });

  test('a secret that is too short', async () => {
    await expectLine(
      ['serve', '-c', written('weak.yaml', 'listen: 127.0.0.1:0\njwt: { secret: short }\n')],
      1,
      [/secret/, /32/],
    );
  });

  test('a key file that is none', async () => {
    const file = (key: string) =>
      written(
        `k${key.length}.yaml`,
        JSON.stringify({ listen: '127.0.0.1:0', jwt: { algorithms: ['RS256'], key_file: key } }),
      );
    await expectLine(['serve', '-c', file('/nonexistent.pem')], 1, ['/nonexistent.pem']);
    const broken = written('broken.pem', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
    await expectLine(['serve', '-c', file(broken)], 1, [/jwt\.key_file/, /public key/]);
  });

  test('a port in use', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as { port: number };
    try {
      const lines = await expectLine(
        ['serve', '--listen', `127.0.0.1:${port}`, '-c', written('m3.yaml', minimal)],
        1,
        [`127.0.0.1:${port}`, /in use/i],
      );
      expect(lines.filter((line) => /error|in use/i.test(line))).toHaveLength(1);
    } finally {
      other.close();
    }
  });

  test('a port of another Tidings', async ({ tidings }) => {
    const server = await tidings();
    await expectLine(['serve', '--listen', server.address, '-c', written('m4.yaml', minimal)], 1, [
      server.address,
      /in use/i,
    ]);
    expect((await server.ask('/healthz')).status).toBe(200);
  });

  test('an address that is not ours', async () => {
    await expectLine(['serve', '--listen', '192.0.2.1:8080', '-c', written('m5.yaml', minimal)], 1, [
      '192.0.2.1:8080',
    ]);
  });

  test('more connections than descriptors', async () => {
    const file = written(
      'many.yaml',
      JSON.stringify({ listen: '127.0.0.1:0', max_connections: 5000, jwt: { secret: SECRET } }),
    );
    await expectLine(['serve', '-c', file], 1, [/max_connections/, /5000/, /1000/], {
      shell: 'ulimit -n 1000',
    });
    await expectLine(['serve', '-c', file], 1, [/descriptor limit/, /300/], { shell: 'ulimit -n 300' });
  });

  test('the soft limit of descriptors is raised to the hard one', async ({ tidings }) => {
    const server = await tidings({
      config: { max_connections: 150 },
      shell: 'ulimit -Sn 64; ulimit -Hn 1000',
    });
    expect(await server.metric('process_max_fds')).toBe(1000);
  });
});

describe.concurrent('settings', () => {
  const FILE = { jwt: { secret: SECRET } };

  test('the environment goes over the file', async ({ tidings }) => {
    const server = await tidings({
      config: FILE,
      endpoint: { connections: 7, idle_seconds: 100 },
      env: {
        WEBSOCKET_MAX_CONNECTIONS_PER_USER: '1',
        TIDINGS_ENDPOINTS_HULEEDU_IDLE_SECONDS: '1',
        CORS_ORIGINS: '["https://a.example"]',
      },
    });
    const client = await RawClient.open(server.port, `/ws?token=${server.token('u1')}`);
    expect((await dial(urlOf(server)).close()).code).toBe(4000);
    expect((await refusal(urlOf(server), { origin: 'https://b.example' })).status).toBe(403);
    expect((await client.close()).code).toBe(4008);
    client.destroy();
  });

  test('a secret may come from the environment, or from a file that it names', async ({ tidings }) => {
    const other = 'another secret that is long enough for everybody here';
    const server = await tidings({ env: { JWT_SECRET_KEY: other } });
    await (await listen(`${server.wsUrl}?token=${server.token('u', {}, { key: other })}`)).leave();
    await expectRefused(urlOf(server), UNAUTHORIZED);
    const fromFile = await tidings({ env: { TIDINGS_JWT_SECRET_FILE: files.file('secret', `${other}\n`) } });
    await (await listen(`${fromFile.wsUrl}?token=${fromFile.token('u', {}, { key: other })}`)).leave();
  });

  test('flags go over the environment', async ({ tidings }) => {
    const server = await tidings({
      env: { TIDINGS_LISTEN: '127.0.0.4:0' },
      args: ['--listen', '127.0.0.5:0', '--workers', '1'],
    });
    expect(server.address).toMatch(/^127\.0\.0\.5:/);
  });

  test('several addresses', async ({ tidings }) => {
    const port = await freePort('127.0.0.6');
    const server = await tidings({ config: { listen: ['127.0.0.1:0', `127.0.0.6:${port}`] } });
    expect((await server.ask('/healthz')).status).toBe(200);
    expect((await ask(`http://127.0.0.6:${port}/healthz`)).status).toBe(200);
  });

  test("an endpoint of one's own", async ({ tidings }) => {
    const server = await tidings({
      config: {
        endpoints: [
          { name: 'huleedu', enabled: false },
          {
            name: 'mine',
            path: '/mine',
            channels: ['ws:{user_id}', 'news'],
            user_claims: ['sub'],
            explain: false,
            unauthorized_code: 4003,
          },
        ],
      },
    });
    const url = `ws://${server.address}/mine`;
    const client = await listen(`${url}?token=${server.token('', { user_id: undefined, sub: 's' })}`);
    expect(await server.publish({ channels: ['ws:s', 'news', 'broadcast'] }, 1)).toEqual([1, 1, 0]);
    await client.leave();
    const refused = dial(`${url}?token=x`);
    expect((await refused.close()).code).toBe(4003);
    expect(refused.messages).toEqual([]);
    expect((await refusal(urlOf(server))).status).toBe(404);
  });
});

test('nothing is left open: descriptors and memory after many visits', async ({ tidings }) => {
  const server = await tidings({ endpoint: { connections: 0 }, config: { log_level: 'info', workers: 2 } });
  const descriptors = () =>
    Number(execFileSync('sh', ['-c', `ls /proc/${server.pid}/fd | wc -l`], { encoding: 'utf8' }));
  const round = async (): Promise<void> => {
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        listen(urlOf(server, `u${i}`), { perMessageDeflate: i % 2 === 0 }),
      ),
    );
    await server.publish({ channel: 'broadcast' }, 'x'.repeat(1000));
    await Promise.all(all.map((each) => each.next()));
    await Promise.all(
      all.map((each, i) => (i % 3 === 0 ? (each.socket.terminate(), each.close()) : each.leave())),
    );
    const wrong = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(server.port)));
    for (const [i, client] of wrong.entries()) {
      client.write(['GARBAGE\r\n\r\n', 'GET /ws HTTP/1.1\r\n', handshake(server.port, '/ws'), ''][i % 4]!);
      await sleep(1);
      i % 2 ? client.reset() : client.destroy();
    }
    await server.connections(0);
    await sleep(100);
  };
  await round();
  const before = descriptors();
  const memory = server.rss();
  for (let i = 0; i < 6; i++) await round();
  await until('the descriptors of before', () => descriptors() <= before + 1, 8_000);
  expect(server.rss() - memory).toBeLessThan(8 * 1024 * 1024 * BLOAT);
});

test('the program can be started without any file', async () => {
  const port = await freePort();
  const running = start(['serve', '--listen', `127.0.0.1:${port}`], {
    env: { JWT_SECRET_KEY: SECRET },
    ms: 20_000,
  });
  await until(
    '/readyz',
    async () => (await ask(`http://127.0.0.1:${port}/readyz`, { plain: true }).catch(() => undefined))?.status === 200,
    10_000,
  );
  running.signal('SIGTERM');
  expect((await running.done).code).toBe(0);
});
