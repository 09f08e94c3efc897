// SPDX-License-Identifier: MIT
// The command line, as a person and a script use it: words, exit codes, and what goes in and out.
import { createHmac } from 'node:crypto';
import { afterAll, describe, expect } from 'vitest';
import { now, SECRET } from './support/jwt';
import { startRedis } from './support/redis';
import { freePort, run, scratch, start } from './support/run';
import { API_KEY, configFor, sharedTidings, test } from './support/tidings';
import { until, within } from './support/wait';
import { listen } from './support/wsClient';

const files = scratch();
afterAll(files.end);
const COMMANDS = ['serve', 'check', 'doctor', 'token', 'publish', 'listen', 'bench', 'version'];
const goodFile = files.file('good.yaml', JSON.stringify(configFor({}), null, 2));

describe.concurrent('words', () => {
  test('version', async () => {
    const ran = await run(['version']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^tidings \d+\.\d+\.\d+\n$/);
    expect((await run(['--version'])).out).toBe(ran.out);
  });

  test('help names every command', async () => {
    const ran = await run(['--help']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    for (const command of COMMANDS) expect(ran.out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  });

  test.for(COMMANDS)('%s --help', async (command) => {
    const ran = await run([command, '--help']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain(`tidings ${command}`);
    for (const line of ran.out.split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
  });

  test.for(COMMANDS)('%s with a flag that is unknown', async (command) => {
    const ran = await run([command, '--nonsense']);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^tidings [^\n]*--nonsense[^\n]*\n$/);
  });

  test.for(['', 'nonsense', '--nonsense'])('misused: %j', async (word) => {
    const ran = await run(word === '' ? [] : [word]);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^[^\n]+\n$/);
  });

  test('an output that cannot be written is a failure', async () => {
    const ran = await run(['version'], { shell: 'exec >/dev/full' });
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/^[^\n]+\n$/);
  });
});

describe.concurrent('check', () => {
  test('prints what it comes to, secrets masked', async () => {
    const ran = await run(['check', '-c', goodFile]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    for (const key of ['listen:', 'workers: 2', 'jwt:', 'endpoints:', 'idle_seconds: 300', 'huleedu'])
      expect(ran.out).toContain(key);
    for (const secret of [SECRET, API_KEY]) expect(ran.out).not.toContain(secret);
  });

  test('takes the environment into account', async () => {
    const ran = await run(['check', '-c', goodFile], { env: { TIDINGS_WORKERS: '7', LOG_LEVEL: 'warning' } });
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('workers: 7');
    expect(ran.out).toContain('log_level: warning');
  });

  test('names every mistake with line and column', async () => {
    const file = files.file(
      'bad.yaml',
      [
        'listen: nowhere',
        'workers: -1',
        'nonsense: 1',
        'jwt:',
        `  secret: ${SECRET}`,
        '  algorithms: [HS256, none]',
        '  leeway_seconds: soon',
        'endpoints:',
        '  - name: huleedu',
        '    inbound: shout',
        '    idle_seconds: 1',
        '    idle_seconds: 2',
        '',
      ].join('\n'),
    );
    const ran = await run(['check', '-c', file]);
    expect(ran).toMatchObject({ code: 1, out: '' });
    const places = ran.err
      .split('\n')
      .flatMap((line) => (line.startsWith(`${file}:`) ? [line.slice(file.length + 1).split(': ')[0]] : []));
    expect(places).toEqual(['1:9', '2:10', '3:1', '6:23', '7:19', '10:14', '12:5']);
    for (const word of ['nowhere', 'nonsense', 'none', 'soon', 'shout', 'idle_seconds'])
      expect(ran.err).toContain(word);
  });

  test('shows where the Redis is, but not its password', async () => {
    const env = { REDIS_URL: 'redis://tid:hush-hush@redis.example:7/2', TIDINGS_BROKER_REDIS_PREFIX: 'shop:' };
    const ran = await run(['check', '-c', goodFile], { env });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toContain('\n  kind: redis\n');
    expect(ran.out).toContain('url: "redis://tid:***@redis.example:7/2"');
    expect(ran.out).toContain('prefix: "shop:"');
    expect(ran.out).not.toContain('hush');
  });

  test.for([
    ['radish://tid:hush-hush@h', 'redis:// or rediss://'],
    ['redis://tid:hush-hush@h:0', 'port'],
    ['redis://tid:hush#hush@h', '%23'],
    ['redis://tid:hush-hush@', 'host'],
  ] as const)('says what is wrong with %s, without its password', async ([url, words]) => {
    const ran = await run(['check', '-c', goodFile], { env: { REDIS_URL: url } });
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/^REDIS_URL: broker\.redis\.url: /);
    expect(ran.err).toContain(words);
    expect(ran.err).not.toContain('hush');
  });

  test('names the place where the syntax breaks', async () => {
    const file = files.file('syntax.yaml', 'listen: 127.0.0.1:0\njwt:\n  secret: "never closed\n');
    const ran = await run(['check', '-c', file]);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(new RegExp(`^${file}:\\d+:\\d+: `, 'm'));
  });

  test('names the variable in which a mistake is', async () => {
    const ran = await run(['check', '-c', goodFile], { env: { TIDINGS_WORKERS: 'many' } });
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/TIDINGS_WORKERS/);
    expect(
      (await run(['check', '-c', goodFile], { env: { CORS_ORIGINS: 'https://a.example' } })).err,
    ).toMatch(/CORS_ORIGINS/);
  });

  test('never says a secret in what it complains of', async () => {
    const file = files.file('secret.yaml', 'jwt:\n  secret: hush-hush\napi:\n  keys: [hush key]\n');
    const ran = await run(['check', '-c', file]);
    expect(ran.code).toBe(1);
    expect(ran.err).not.toContain('hush');
  });
});

describe.concurrent('token', () => {
  const parts = (token: string): [any, any, string] => {
    const [header, payload, signature] = token.trimEnd().split('.');
    const json = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString());
    return [json(header!), json(payload!), `${signature}`];
  };

  test('is signed, and has the user, the claims and the time that were asked for', async () => {
    const ran = await run([
      'token',
      '--user',
      'ünï',
      '--claim',
      'email=a@example.com',
      '--claim',
      'n=7',
      '--claim',
      's="7"',
      '--ttl',
      '15m',
      '-c',
      goodFile,
    ]);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const [header, claims, signature] = parts(ran.out);
    expect(header).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(claims).toEqual({
      user_id: 'ünï',
      sub: 'ünï',
      email: 'a@example.com',
      n: 7,
      s: '7',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(Math.abs(claims.iat - now())).toBeLessThanOrEqual(2);
    expect(claims.exp - claims.iat).toBe(900);
    const input = ran.out.trimEnd().split('.').slice(0, 2).join('.');
    expect(signature).toBe(createHmac('sha256', SECRET).update(input).digest('base64url'));
  });

  test.for([
    ['90s', 90],
    ['1h', 3600],
    ['7d', 604800],
  ] as const)('good for %s', async ([ttl, seconds]) => {
    const [, claims] = parts(
      (await run(['token', '--user', 'u', '--ttl', ttl], { env: { JWT_SECRET_KEY: SECRET } })).out,
    );
    expect(claims.exp - claims.iat).toBe(seconds);
  });

  test.for<[string, string[]]>([
    ['no user', []],
    ['a user that is missing', ['--user']],
    ['an empty user', ['--user', '']],
    ['a user of two lines', ['--user', 'a\nb']],
    ['a time without unit', ['--user', 'u', '--ttl', '1']],
    ['a time below zero', ['--user', 'u', '--ttl', '-1h']],
    ['a unit that nobody knows', ['--user', 'u', '--ttl', '1w']],
    ['a claim without value', ['--user', 'u', '--claim', 'nothing']],
    ['too much', ['--user', 'u', 'extra']],
  ])('misused: %s', async ([, args]) => {
    const ran = await run(['token', ...args], { env: { JWT_SECRET_KEY: SECRET } });
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^tidings token: [^\n]+\n$/);
  });

  test('cannot be made without a key', async () => {
    const ran = await run(['token', '--user', 'u']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/jwt/i);
  });
});

describe('with a server', () => {
  const shared = sharedTidings({ endpoint: { connections: 0 } });
  const env = { TIDINGS_API_KEY: API_KEY };

  test('token, listen and publish find each other', async () => {
    const token = (await run(['token', '--user', 'cli', '-c', goodFile])).out.trim();
    const listener = start(['listen', shared().wsUrl, '--token', token], { ms: 20_000 });
    await shared().connections(1);
    const sent = ['{"n": 1,  "s": "\\u00e4"}', '"two\\nlines"', '3'];
    for (const data of sent) {
      const ran = await run(['publish', '--user', 'cli', '--url', shared().url, '--key', API_KEY, data]);
      expect(ran).toMatchObject({ code: 0, err: '' });
    }
    await until('what was published', () => listener.out().split('\n').length > sent.length);
    expect(listener.out()).toBe(sent.map((data) => `${data}\n`).join(''));
    listener.signal('SIGINT');
    expect((await within(5_000, 'the end', listener.done)).code).toBe(0);
    await shared().connections(0);
  });

  test('publish to a user, a channel, all; from an argument and from standard input', async () => {
    const client = await listen(`${shared().wsUrl}?token=${shared().token('u')}`);
    for (const [args, input] of [
      [['--user', 'u', '1']],
      [['--channel', 'ws:u', '2']],
      [['--broadcast', '3']],
      [['--broadcast', '-'], ' {"from":\n "stdin"} \n'],
    ] as [string[], string?][]) {
      const ran = await run(['publish', '--url', shared().url, ...args], { env, input });
      expect(ran, ran.err).toMatchObject({ code: 0, err: '' });
    }
    expect(await client.count(4)).toEqual(['1', '2', '3', '{"from":\n "stdin"}']);
    await client.leave();
  });

  test('publish says for how many it was too large', async () => {
    const client = await listen(`${shared().wsUrl}?token=${shared().token('u')}`);
    const ran = await run(['publish', '--url', shared().url, '--broadcast', JSON.stringify('x'.repeat(70_000))], { env });
    expect(ran).toMatchObject({ code: 0, err: '', out: 'broadcast 0, too large for 1\n' });
    await client.leave();
  });

  test.for([
    ['a wrong key', ['--user', 'u', '--key', 'wrong', '1'], 1],
    ['JSON that is none', ['--user', 'u', '{'], 2],
    ['a name that is none', ['--channel', 'c'.repeat(201), '1'], 1],
  ] as const)('publish fails with %s', async ([, args, code]) => {
    const ran = await run(['publish', '--url', shared().url, ...args], { env });
    expect(ran).toMatchObject({ code, out: '' });
    expect(ran.err).toMatch(/^tidings publish: [^\n]+\n$/);
  });

  test('publish --check sends a message of the catalogue, and of others only says what is wrong', async () => {
    const client = await listen(`${shared().wsUrl}?token=${shared().token('u')}`);
    const status = { event_type: 'batch.status.updated', batch_id: 'b', status: 's', timestamp: '2025-01-31T09:00:00Z' };
    for (const [message, code, problem] of [
      [{ ...status, batch_id: '' }, 1, 'batch.status.updated: batch_id: must not be empty'],
      [{ type: 'x' }, 1, 'type: "x" is none of the 27 kinds, which a message names in notification_type, event_type, event or type'],
      [status, 0, ''],
    ] as const) {
      const ran = await run(['publish', '--check', '--url', shared().url, '--user', 'u', JSON.stringify(message)], { env });
      expect(ran).toMatchObject({ code, err: problem && `tidings publish: ${problem}\n` });
    }
    expect(await client.count(1)).toEqual([JSON.stringify(status)]);
    await client.leave();
  });

  test('publish fails where nobody listens', async () => {
    const ran = await run(['publish', '--url', 'http://127.0.0.1:1', '--user', 'u', '1'], { env });
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/^tidings publish: http:[^\n]*: cannot connect: Connection refused\n$/);
  });

  test.for([
    ['no target', ['1']],
    ['two targets', ['--user', 'u', '--broadcast', '1']],
    ['no JSON', ['--user', 'u']],
    ['too much', ['--user', 'u', '1', '2']],
  ] as const)('publish is misused with %s', async ([, args]) => {
    const ran = await run(['publish', '--url', shared().url, ...args], { env });
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^tidings publish: [^\n]+\n$/);
  });

  test('listen says why it was refused', async () => {
    const ran = await run(['listen', shared().wsUrl, '--token', 'wrong']);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/1008/);
    expect(ran.err).toMatch(/Authentication failed/);
  });

  test('listen fails where nobody listens, and at what is no endpoint', async () => {
    expect(await run(['listen', 'ws://127.0.0.1:1/ws'])).toMatchObject({ code: 1, out: '' });
    const ran = await run(['listen', `${shared().wsUrl}/nothing`]);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/404/);
    expect((await run(['listen'])).code).toBe(2);
    expect((await run(['listen', 'gopher://127.0.0.1/'])).code).toBe(2);
  });

  test('listen ends when the server does', async ({ tidings }) => {
    const server = await tidings();
    const listener = start(['listen', server.wsUrl, '--token', server.token('u')], { ms: 20_000 });
    await server.connections(1);
    await server.stop();
    const ran = await within(5_000, 'the end', listener.done);
    expect(ran.code).toBe(1);
    expect(ran.err).toMatch(/1012/);
  });
});

describe('with a Redis', () => {
  const publish = (url: string, ...args: string[]) => run(['publish', '--redis', url, ...args]);

  test('serve --redis hears what is published there, by hand and by the command line', async ({ tidings }) => {
    const redis = await startRedis();
    const server = await tidings({ args: ['--redis', redis.url], config: { broker: { kind: 'memory' } } });
    const client = await listen(`${server.wsUrl}?token=${server.token('u')}`);
    redis.cli('PUBLISH', 'ws:u', '0');
    for (const [args, input] of [
      [['--user', 'u', '{"n": 1,  "s": "\\u00e4"}']],
      [['--channel', 'ws:u', '2']],
      [['--broadcast', '-'], ' {"from":\n "stdin"} \n'],
    ] as [string[], string?][]) {
      const ran = await run(['publish', '--redis', redis.url, ...args], { input });
      const channel = args[0] === '--broadcast' ? 'broadcast' : 'ws:u';
      expect(ran).toEqual({ code: 0, signal: null, err: '', out: `published to ${channel}: 1 subscriber in Redis\n` });
    }
    expect(await client.count(4)).toEqual(['0', '{"n": 1,  "s": "\\u00e4"}', '2', '{"from":\n "stdin"}']);
    await client.leave();
  });

  test('publish logs in, with a prefix in front, and says what Redis named', async () => {
    const redis = await startRedis('--user default off --user tid on >s3cr%t ~* &* +@all'.split(' '));
    const url = `redis://tid:s3cr%25t@127.0.0.1:${redis.port}`;
    const ran = await publish(url, '--user', 'u', '--prefix', 'shop:', '1');
    expect(ran).toMatchObject({ code: 0, err: '', out: 'published to shop:ws:u: 0 subscribers in Redis\n' });
  });

  test('publish fails with the reason, the server and no password', async () => {
    const redis = await startRedis(['--requirepass', 'open']);
    const at = `127.0.0.1:${redis.port}`;
    for (const [url, words] of [
      [`redis://${at}`, `${at}: `],
      [`redis://:hush@${at}`, 'WRONGPASS'],
      [`redis://:open@${at}/99`, 'DB index'],
      [`redis://:hush@127.0.0.1:${await freePort()}`, 'Connection refused'],
    ] as const) {
      const ran = await publish(url, '--broadcast', '1');
      expect(ran).toMatchObject({ code: 1, out: '' });
      expect(ran.err).toMatch(/^tidings publish: 127\.0\.0\.1:\d+: [^\n]+\n$/);
      expect(ran.err).toContain(words);
      expect(ran.err).not.toContain('hush');
    }
    redis.cli('-a', 'open', 'ACL', 'SETUSER', 'mute', 'on', '>p', '~*', '+ping', '+client', 'resetchannels');
    const refused = await publish(`redis://mute:p@${at}`, '--broadcast', '1');
    expect(refused).toMatchObject({ code: 1, out: '' });
    expect(refused.err).toMatch(/^tidings publish: Redis refused it: NOPERM[^\n]*\n$/);
    redis.signal('SIGSTOP');
    const ran = await publish(`redis://:open@${at}`, '--broadcast', '1');
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/^tidings publish: [^\n]*answer[^\n]*\n$/);
  });

  test.for([
    ['a URL that is none', ['--redis', 'h:6379', '--user', 'u', '1']],
    ['authorities for nobody', ['--redis', 'redis://h', '--ca', 'ca.pem', '--user', 'u', '1']],
    ['trust in some and in all', ['--redis', 'rediss://h', '--ca', 'f', '--insecure', '--user', 'u', '1']],
    ['a server and a Redis', ['--redis', 'redis://h', '--url', 'http://h', '--user', 'u', '1']],
    ['a key', ['--redis', 'redis://h', '--key', 'k', '--user', 'u', '1']],
    ['a prefix without a Redis', ['--prefix', 'p', '--user', 'u', '1']],
    ['a prefix with braces', ['--redis', 'redis://h', '--prefix', '{p}', '--user', 'u', '1']],
    ['an empty user', ['--redis', 'redis://h', '--user', '', '1']],
    ['a user that is too long', ['--redis', 'redis://h', '--user', 'u'.repeat(129), '1']],
    ['a channel of two lines', ['--redis', 'redis://h', '--channel', 'a\nb', '1']],
    ['JSON that is none', ['--redis', 'redis://h', '--user', 'u', '{']],
  ] as const)('publish is misused with %s', async ([, args]) => {
    const ran = await run(['publish', ...args], { env: { TIDINGS_API_KEY: API_KEY } });
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^tidings publish: [^\n]+\n$/);
  });

  test('a server is not started with a Redis that cannot be meant', async () => {
    const ran = await run(['serve', '-c', goodFile, '--redis', 'radish://:hush@h']);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/^--redis: broker\.redis\.url: a Redis URL begins with redis:/);
    expect(ran.err).not.toContain('hush');
  });
});
