// SPDX-License-Identifier: MIT
// Secrets: where they may come from, and that nobody reads them where they do not belong: in the log, in the arguments
// that every user of the machine sees, in what commands print.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { tokenFor } from './support/jwt';
import { startRedis, type Redis } from './support/redis';
import { freePort, run, scratch, start, type Running } from './support/run';
import { configFor, test, type Tidings } from './support/tidings';
import { until } from './support/wait';
import { dial, listen } from './support/wsClient';

const JWT = 'classified-jwt-secret-which-is-long-enough';
const KEY = 'classified-api-key';
const PASSWORD = 'classified-password';
const WRONG = 'classified-wrong';
const token = tokenFor('u1', {}, { key: JWT });

const files = scratch();
afterAll(() => files.end());

/** Every secret there is here says so; of a token all three parts are one. */
const expectClean = (text: string): void => {
  expect(text).not.toContain('classified');
  for (const part of token.split('.')) expect(text).not.toContain(part);
};
const argumentsOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');

describe('a server with a Redis', () => {
  let redis: Redis;
  let url: string;
  beforeAll(async () => {
    redis = await startRedis(['--requirepass', PASSWORD]);
    url = redis.url.replace('//', `//:${PASSWORD}@`);
  });

  /** Whatever may have a secret in it: good ones, wrong ones, and some where they do not belong. */
  async function provoke(server: Tidings): Promise<void> {
    const headers = { 'X-API-Key': KEY };
    const clients = await Promise.all([
      listen(`${server.wsUrl}?token=${token}`),
      listen(server.wsUrl, { headers: { Authorization: `Bearer ${token}` } }),
      listen(server.wsUrl, { protocols: [`bearer.${token}`] }),
    ]);
    const sent = await server.call('/api/v1/publish', { user: 'u1', data: 'classified' }, { headers });
    expect(sent.json).toEqual({ published: [{ channel: 'ws:u1', deliveries: 3 }] });
    for (const client of clients) {
      expect(await client.next()).toBe('"classified"');
      await client.leave();
    }
    await dial(`${server.wsUrl}?token=${WRONG}`).closed;
    await server.call('/api/v1/publish', { user: 'u1', data: 1 }, { headers: { 'X-API-Key': WRONG } });
    await server.call(`/api/v1/publish?key=${WRONG}`, `{"user": "${WRONG}`, { headers });
    await server.ask(`/healthz?token=${token}`);
  }

  test('as a flag, in files, from systemd: it works, and log, arguments, check and metrics are clean', async ({ tidings }) => {
    const options = {
      args: ['--redis', url],
      env: {
        TIDINGS_API_KEYS_FILE: files.file('keys', `["${KEY}"]\n`),
        CREDENTIALS_DIRECTORY: files.file('jwt.secret', `${JWT}\n`).replace('/jwt.secret', ''),
      },
      config: { jwt: { secret: undefined }, api: { keys: undefined } },
    };
    const server = await tidings(options);
    expect(argumentsOf(server.pid)).toContain('--redis ****');
    expectClean(argumentsOf(server.pid));
    await provoke(server);
    const reloaded = await server.reload({ ...options, endpoint: { idle_seconds: 7 } }); // by the flag's copy
    expect(reloaded.join()).toContain('configuration reloaded');
    expectClean(await server.metrics());
    const checked = await run(['check', '-c', server.file], { env: { ...options.env, REDIS_URL: url } });
    expect(checked.code, checked.err).toBe(0);
    expect(checked.out).toMatch(/secret: "?\*\*\*/);
    expect(checked.out).toMatch(/redis:\/\/:\*\*\*@/);
    expectClean(checked.out + checked.err);
    expect(server.log()).toContain('level=debug');
    expectClean(server.log());
  });

  test('a wrong password is not told either', async () => {
    const broker = { kind: 'redis', redis: { url_file: files.file('url', redis.url.replace('//', `//u:${WRONG}@`)) } };
    const file = files.file('wrong.yaml', JSON.stringify(configFor({ config: { broker, jwt: { secret: JWT } } })));
    const server = start(['serve', '-c', file]);
    await until('what Redis says of it', () => server.err().includes('WRONGPASS'));
    server.signal('SIGTERM');
    expectClean((await server.done).err);
  });
});

describe('commands', () => {
  /** Takes connections and says nothing. */
  let silent: Server;
  let port: number;
  beforeAll(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    port = (silent.address() as { port: number }).port;
  });
  afterAll(() => silent.close());

  const CASES = (at: number): string[][] => [
    ['publish', '--broadcast', '--url', `http://127.0.0.1:${at}`, '--key', KEY, '1'],
    ['publish', '--broadcast', '--redis', `redis://:${PASSWORD}@127.0.0.1:${at}/0`, '1'],
    ['listen', '--token', token, `ws://127.0.0.1:${at}/ws`],
    ['listen', `ws://127.0.0.1:${at}/ws?token=${token}`],
    ['bench', 'connect', `ws://127.0.0.1:${at}/ws`, '-n', '1', `--secret=${JWT}`],
  ];

  test('the arguments of one that runs are clean', async () => {
    const started: Running[] = CASES(port).map((args) => start(args));
    try {
      for (const one of started) {
        await until('the arguments', () => /\*\*\*/.test(argumentsOf(one.pid)));
        expectClean(argumentsOf(one.pid));
      }
    } finally {
      for (const one of started) one.signal('SIGKILL');
      for (const one of started) await one.done;
    }
  });

  test('what one says that fails is clean', async () => {
    const nobody = await freePort();
    for (const ran of await Promise.all(CASES(nobody).map((args) => run(args)))) {
      expect(ran.code).not.toBe(0);
      expect(ran.out + ran.err).not.toBe('');
      expectClean(ran.out + ran.err);
    }
  });

  test('mistakes in secrets are told without them', async () => {
    const cases: Record<string, unknown>[] = [
      { jwt: { secret: 'classified' } },
      { jwt: { secret: ['classified'] } },
      { api: { keys: 'classified\u0001' } },
      { api: { keys: [{ key: KEY }, { key: KEY, name: 'twice' }] } },
      { api: { keys: [{ name: 'x', key: 'classified key' }] } },
      { broker: { redis: { url: 'redis:/:classified@h' } } },
      { broker: { redis: { url: 'redis://:classified@h:x' } } },
      { broker: { redis: { url: 'redis://:classified%zz@h' } } },
      { jwt: { jwks_url: 'https://u:classified@' } },
      { jwt: { jwks_url: 'http://u:classified@h/keys' } },
    ];
    for (const [number, config] of cases.entries()) {
      const file = files.file(`wrong-${number}.yaml`, '');
      writeFileSync(file, JSON.stringify(configFor({ config })));
      const ran = await run(['check', '-c', file]);
      expect(ran.code, ran.out).toBe(1);
      expectClean(ran.out + ran.err);
    }
    for (const variable of ['TIDINGS_API_KEYS=["classified"', 'TIDINGS_JWT_SECRET_FILE_=classified', 'REDIS_URL=classified']) {
      const [name, value] = variable.split(/=(.*)/s) as [string, string];
      const ran = await run(['check'], { env: { JWT_SECRET_KEY: JWT, [name]: value } });
      expect(ran.code, variable).toBe(1);
      expectClean(ran.out + ran.err);
    }
  });
});
