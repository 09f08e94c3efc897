// SPDX-License-Identifier: MIT
// `tidings doctor`: what it says of a server that is well, and of each thing that is not.
import { generateKeyPairSync } from 'node:crypto';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { SECRET, tokenFor } from './support/jwt';
import { startRedis, type Redis } from './support/redis';
import { freePort, run, scratch, type RunOptions } from './support/run';
import { API_KEY, configFor, startTidings, test, type Tidings } from './support/tidings';
import { IS_TLS, makeCertificate } from './support/tls';

interface Finding {
  verdict: string;
  found: string;
  remedy: string;
}
interface Visit {
  code: number | null;
  all: string;
  err: string;
  /** What is said under this name. */
  of: (name: string) => Finding;
}

async function doctor(args: string[], options: RunOptions = {}): Promise<Visit> {
  const ran = await run(['doctor', ...args], options);
  const findings = new Map<string, Finding>();
  let last: Finding | undefined;
  for (const line of ran.out.split('\n')) {
    const begins = /^(ok|warn|FAIL|skip) +(.{15}) (.*)$/.exec(line);
    const goesOn = /^ {22}-> (.*)$/.exec(line);
    if (begins) findings.set(begins[2]!.trim(), (last = { verdict: begins[1]!, found: begins[3]!, remedy: '' }));
    else if (goesOn && last) last.remedy = goesOn[1]!;
    else expect(line).toMatch(/^(\d+ ok, \d+ warned, \d+ failed, \d+ skipped)?$/);
  }
  for (const one of findings.values())
    if (one.verdict === 'FAIL' || one.verdict === 'warn') expect(one.remedy, one.found).not.toBe('');
  return {
    code: ran.code,
    all: ran.out,
    err: ran.err,
    of: (name) => {
      const found = findings.get(name);
      if (!found) throw new Error(`nothing is said of ${name}:\n${ran.out}${ran.err}`);
      return found;
    },
  };
}

/** As the server has it, but for the port, which it took by itself. */
const visit = (server: Tidings, args: string[] = [], env: Record<string, string> = {}): Promise<Visit> =>
  doctor(['-c', server.file, ...args], { env: { TIDINGS_LISTEN: server.address, ...env } });

const files = scratch();
const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-doctor-'));
let redis: Redis;
let server: Tidings;
beforeAll(async () => {
  redis = await startRedis();
  server = await startTidings({
    config: { broker: { kind: 'redis', redis: { url: redis.url, prefix: 'shop:' } } },
  });
});
afterAll(async () => {
  await server?.stop();
  files.end();
  rmSync(folder, { recursive: true, force: true });
});

/** A configuration that no server runs with. */
const absent = async (name: string, config: Record<string, unknown> = {}): Promise<string> =>
  files.file(name, JSON.stringify(configFor({ config: { listen: `127.0.0.1:${await freePort()}`, ...config } })));

interface Faults {
  /** Ends a connection on which nothing was said for so long. */
  idleMs?: number;
  /** Changes what is said to the server, and what it says. */
  asked?: (text: string) => string;
  told?: (text: string) => string;
}

/** Passes bytes on to the server, with these faults, while `visit` lasts. */
async function throughProxy<T>(to: number, faults: Faults, visit: (url: string) => Promise<T>): Promise<T> {
  const same = (text: string) => text;
  const proxy = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    const pass = (from: Socket, on: Socket, change: (text: string) => string) => {
      from.on('data', (part) => on.write(change(part.toString('latin1')), 'latin1'));
      from.on('error', () => undefined);
      from.on('close', () => on.destroy());
    };
    pass(near, far, faults.asked ?? same);
    pass(far, near, faults.told ?? same);
    if (faults.idleMs) near.setTimeout(faults.idleMs, () => near.destroy());
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  try {
    return await visit(`ws://127.0.0.1:${(proxy.address() as AddressInfo).port}/ws`);
  } finally {
    proxy.close();
  }
}

describe('all is well', () => {
  test('a server with Redis: every part is looked at, and nothing is left behind', async () => {
    const seen = await visit(server);
    for (const part of ['configuration', 'server', 'connections', 'descriptors', 'redis', 'redis memory'])
      expect(seen.of(part).verdict, seen.all).toBe('ok');
    for (const part of ['redis buffers', 'redis pub/sub', 'token', 'delivery'])
      expect(seen.of(part).verdict, seen.all).toBe('ok');
    for (const part of ['redis nodes', 'key set', 'store', 'idle timeout'])
      expect(seen.of(part).verdict, seen.all).toBe('skip');
    expect(seen.of('server').found).toContain(`${server.url} is ready`);
    expect(seen.of('delivery').found).toMatch(/received after \d+\.\d ms/);
    expect(seen.of('clock').found).toContain('the clock of Redis is');
    expect(seen).toMatchObject({ code: 0, err: '' });
    for (const secret of [SECRET, API_KEY]) expect(seen.all).not.toContain(secret);
    await server.connections(0);
    expect(server.log()).toMatch(/connection closed.*code=1000.*user=tidings-doctor-[0-9a-f]{16}/);
    expect(redis.cli('KEYS', '*doctor*')).toBe('');
  });

  test('endpoints whose users are UUIDs, and with the user in their path', async ({ tidings }) => {
    const other = await tidings({
      config: { jwt: { audience: 'here', issuer: 'there' }, metrics: { listen: '127.0.0.1:0' } },
    });
    const hailango = await visit(other, ['--url', `${other.wsUrl.replace(/\/ws$/, '')}/api/v1/ws`]);
    expect(hailango.of('token'), hailango.all).toMatchObject({ verdict: 'ok' });
    expect(hailango.of('delivery').verdict).toBe('ok');
    // The port is another outside, as with a container: the URL leads to the server, too.
    const mapped = await visit(other, ['--url', other.wsUrl], { TIDINGS_LISTEN: `127.0.0.1:${await freePort()}` });
    for (const part of ['server', 'token', 'delivery']) expect(mapped.of(part).verdict, mapped.all).toBe('ok');
    expect(mapped.of('server').remedy).toBe('');
    const status = await visit(other, ['--url', `${other.wsUrl}/v1/status/somebody`]);
    expect(status.of('token').found, status.all).toMatch(/\/ws\/v1\/status\/tidings-doctor-[0-9a-f]+ in/);
    expect(status.of('delivery').verdict).toBe('ok');
  });
});

describe('something is wrong', () => {
  test('Redis is not there, or refuses the password', async () => {
    const port = await freePort();
    const gone = await visit(server, [], { REDIS_URL: `redis://:hush-hush@127.0.0.1:${port}` });
    expect(gone.of('redis')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringContaining(`127.0.0.1:${port}`),
      remedy: expect.stringContaining('broker.redis.url'),
    });
    expect(gone.of('redis pub/sub').verdict).toBe('skip');
    const refused = await visit(server, [], { REDIS_URL: `redis://:hush-hush@127.0.0.1:${redis.port}` });
    expect(refused.of('redis')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringContaining('user and password'),
    });
    for (const seen of [gone, refused]) {
      expect(seen.code).toBe(1);
      expect(seen.all).not.toContain('hush');
    }
  });

  test('a Redis that forgets and cuts off', async () => {
    const careless = await startRedis(['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru', '--client-output-buffer-limit', 'pubsub 1mb 1mb 60']);
    const seen = await visit(server, [], { REDIS_URL: careless.url });
    expect(seen.of('redis memory')).toMatchObject({ verdict: 'warn', remedy: expect.stringContaining('noeviction') });
    expect(seen.of('redis buffers')).toMatchObject({ verdict: 'warn', remedy: expect.stringContaining('32mb') });
    careless.cli('ACL', 'SETUSER', 'default', '-publish', '-info', '-config');
    const forbidden = await visit(server, [], { REDIS_URL: careless.url });
    expect(forbidden.of('redis pub/sub')).toMatchObject({ verdict: 'FAIL', found: expect.stringContaining('NOPERM') });
    expect(forbidden.of('redis memory').verdict).toBe('skip');
    await careless.end();
  });

  test('a key that the server does not know, and none', async () => {
    const wrong = await visit(server, ['--key', 'wrong-key-of-mine']);
    expect(wrong.of('delivery')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringContaining('status 401'),
      remedy: expect.stringContaining('api.keys'),
    });
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.all).not.toContain('wrong-key-of-mine');
    const none = await visit(server, [], { TIDINGS_API_KEYS: '[]' });
    expect(none.of('delivery')).toMatchObject({ verdict: 'skip', remedy: expect.stringContaining('TIDINGS_API_KEY') });
    expect(none.code).toBe(0);
  });

  test('a secret that is not the one of the server', async () => {
    const seen = await visit(server, [], { TIDINGS_JWT_SECRET: 'x'.repeat(40) });
    expect(seen.of('token')).toMatchObject({ verdict: 'FAIL', found: expect.stringContaining('code 1008') });
    expect(seen.code).toBe(1);
  });

  test('no server, too few descriptors, an expired certificate, a store without a folder', async () => {
    const expired = makeCertificate(folder, 'expired', { days: -1 });
    const file = await absent('expired.yaml', {
      tls: expired,
      store: { kind: 'sqlite', path: join(folder, 'nowhere', 'store.db') },
    });
    const seen = await doctor(['-c', file], { shell: 'ulimit -n 100' });
    expect(seen.of('server')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringContaining('Connection refused'),
      remedy: expect.stringContaining('systemctl status tidings'),
    });
    expect(seen.of('descriptors')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringContaining('100'),
      remedy: expect.stringContaining('LimitNOFILE='),
    });
    expect(seen.of('certificates')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringMatching(/expired\.pem: .*expired .* ago/),
      remedy: expect.stringContaining('renew'),
    });
    expect(seen.of('store')).toMatchObject({ verdict: 'FAIL', found: expect.stringContaining('No such file') });
    for (const part of ['TLS', 'token', 'delivery', 'idle timeout']) expect(seen.of(part).verdict).toBe('skip');
    expect(seen.code).toBe(1);
  });

  test('a configuration with mistakes: the machine is looked at all the same', async () => {
    const file = files.file('bad.yaml', 'listen: nowhere\nworkers: -1\n');
    const seen = await doctor(['-c', file]);
    expect(seen.err).toContain(`${file}:1:9`);
    expect(seen.of('configuration')).toMatchObject({ verdict: 'FAIL', remedy: expect.stringContaining('tidings check') });
    expect(seen.of('accept queue').verdict).toMatch(/ok|warn/);
    expect(seen.of('token').verdict).toBe('skip');
    expect(seen.code).toBe(1);
  });

  test.skipIf(IS_TLS)('something else listens there', async () => {
    const other = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const seen = await doctor(['-c', await absent('other.yaml'), '--url', `ws://${address}`], {
      env: { TIDINGS_LISTEN: address },
    });
    other.close();
    expect(seen.of('server')).toMatchObject({ verdict: 'FAIL', found: expect.stringContaining('answers /readyz with 404') });
    expect(seen.of('token')).toMatchObject({ verdict: 'FAIL', remedy: expect.stringContaining('Upgrade') });
  });
});

describe('proxies', () => {
  test.skipIf(IS_TLS)('one that ends a quiet connection', async () => {
    const seen = await throughProxy(server.port, { idleMs: 1000 }, (url) => visit(server, ['--url', url, '--idle', '3']));
    expect(seen.of('delivery').verdict).toBe('ok');
    expect(seen.of('idle timeout')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringMatching(/^closed after 1\.\d s of silence without a close frame/),
      remedy: expect.stringContaining('above 300 s, or set ping_seconds: 1 for the endpoint huleedu'),
    });
    expect(seen.code).toBe(1);
  });

  test.skipIf(IS_TLS)('one that leads to a server whose clock is wrong', async () => {
    const told = (text: string) => text.replace(/("timestamp":"20)\d\d/, '$199');
    const seen = await throughProxy(server.port, { told }, (url) => visit(server, ['--url', url]));
    expect(seen.of('token')).toMatchObject({
      verdict: 'warn',
      found: expect.stringMatching(/the server's clock is \d{10}\.\d s ahead/),
    });
    expect(seen.code).toBe(0);
  });

  test.skipIf(IS_TLS)('one that passes no WebSockets on', async () => {
    const asked = (text: string) => text.replace(/^Upgrade: .*\r\n/im, '');
    const seen = await throughProxy(server.port, { asked }, (url) => visit(server, ['--url', url]));
    expect(seen.of('token')).toMatchObject({
      verdict: 'FAIL',
      found: expect.stringContaining('426'),
      remedy: expect.stringContaining('Upgrade'),
    });
    expect(seen.of('server').verdict).toBe('ok');
  });

  test('one that is not there', async () => {
    const seen = await visit(server, ['--url', `ws://127.0.0.1:${await freePort()}`]);
    expect(seen.of('server').verdict).toBe('ok');
    expect(seen.of('token')).toMatchObject({ verdict: 'FAIL', found: expect.stringContaining('cannot connect') });
    expect(seen.of('delivery').verdict).toBe('skip');
  });

  test('the server itself ends it: no proxy does', async () => {
    const seen = await visit(server, ['--idle', '1']);
    expect(seen.of('idle timeout')).toMatchObject({ verdict: 'warn', remedy: expect.stringContaining('--idle 310') });
    expect(seen.code).toBe(0);
  });
});

describe('TLS', () => {
  test('the configured certificate is trusted at the own address, and nobody else', async ({ tidings }) => {
    const own = makeCertificate(folder, 'own', { names: ['DNS:*.example.com', 'IP:127.0.0.1'] });
    const secure = await tidings({ config: { tls: own } });
    const direct = await visit(secure);
    for (const part of ['server', 'connections', 'certificates', 'TLS', 'token', 'delivery'])
      expect(direct.of(part).verdict, direct.all).toBe('ok');
    expect(direct.code).toBe(0);
    const url = `wss://127.0.0.1:${secure.port}`;
    const stranger = await visit(secure, ['--url', url]);
    for (const part of ['TLS', 'token']) {
      expect(stranger.of(part)).toMatchObject({
        verdict: 'FAIL',
        found: expect.stringContaining('self-signed certificate'),
      });
    }
    const trusting = await visit(secure, ['--url', url, '--ca', own.cert_file]);
    for (const part of ['TLS', 'token', 'delivery']) expect(trusting.of(part).verdict, trusting.all).toBe('ok');
    const elsewhere = await visit(secure, ['--url', `wss://localhost:${secure.port}`, '--ca', own.cert_file]);
    expect(elsewhere.of('TLS').found).toMatch(/mismatch/);
  });
});

describe('keys that cannot sign', () => {
  test('a token is taken from the environment, and judged', async ({ tidings }) => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key_file = files.file('public.pem', pair.publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const es = { algorithm: 'ES256', key: pair.privateKey };
    const verifying = await tidings({ config: { jwt: { algorithms: ['ES256'], key_file, secret: '' } } });
    const none = await visit(verifying);
    expect(none.of('token')).toMatchObject({ verdict: 'skip', remedy: expect.stringContaining('TIDINGS_TOKEN') });
    const token = tokenFor('tester', {}, es);
    const good = await visit(verifying, [], { TIDINGS_TOKEN: token });
    expect(good.of('token').verdict, good.all).toBe('ok');
    expect(good.of('delivery').verdict).toBe('ok');
    expect(good.all).not.toContain(token);
    const old = await visit(verifying, [], { TIDINGS_TOKEN: tokenFor('tester', { exp: 1000 }, es) });
    expect(old.of('token')).toMatchObject({ verdict: 'FAIL', found: expect.stringContaining('expired') });
  });

  test('a key set that cannot be fetched', async () => {
    const jwks_url = `https://user:hush-hush@127.0.0.1:${await freePort()}/keys?secret=hush`;
    const seen = await doctor(['-c', await absent('jwks.yaml', { jwt: { algorithms: ['ES256'], jwks_url, secret: '' } })]);
    expect(seen.of('key set')).toMatchObject({ verdict: 'FAIL', remedy: expect.stringContaining('curl') });
    expect(seen.all + seen.err).not.toContain('hush');
  });
});

describe('misused', () => {
  test.for([
    [['--idle', '0'], '--idle 0'],
    [['--idle', 'soon'], '--idle soon'],
    [['--url', 'app.example'], '--url'],
    [['--url', 'wss://'], 'no host'],
    [['--ca', 'x.pem'], '--ca'],
    [['--url', 'wss://h', '--ca', 'x', '--insecure'], 'either --ca or --insecure'],
    [['--url', 'wss://h', '--ca', '/nonexistent'], '/nonexistent'],
    [['--key', 'a\nb'], 'line break'],
    [['more'], '"more" is too much'],
  ] as const)('%j', async ([args, words]) => {
    const ran = await run(['doctor', ...args]);
    expect(ran.out).toBe('');
    expect(ran.err).toContain(words);
    expect(ran.err).toMatch(/^[^\n]+\n$/);
    expect(ran.code).toBe(words === '/nonexistent' ? 1 : 2);
  });
});
