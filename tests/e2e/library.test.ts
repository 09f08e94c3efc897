// SPDX-License-Identifier: MIT
// The library as its users meet it: installed, found by pkg-config, in a C and a C++ program, linked both ways, publishing
// to a Redis and to a node that real clients listen to.
import Ajv2020 from 'ajv/dist/2020';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kafka } from './support/kafka';
import { hear, startNodes } from './support/nodes';
import { RedisClient, startRedis } from './support/redis';
import { freePort } from './support/run';
import { API_KEY, startTidings } from './support/tidings';
import { makeCertificate } from './support/tls';
import { listen } from './support/wsClient';

const BUILD = resolve(process.env.TIDINGS_LIBRARY ?? join(__dirname, '../../build/check'));
const folder = mkdtempSync(join(tmpdir(), 'tidings-library-'));
const root = join(folder, 'root');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sh(command: string): string {
  const ran = spawnSync('sh', ['-c', command], { encoding: 'utf8', timeout: 60_000 });
  expect(ran.status, `${command}\n${ran.stdout}${ran.stderr}`).toBe(0);
  return ran.stdout.trim();
}

let environment = '';
let libraries = '';

beforeAll(() => {
  if (!existsSync(join(BUILD, 'build.ninja'))) throw new Error(`no library in ${BUILD}: set TIDINGS_LIBRARY`);
  sh(`meson install -C ${BUILD} --no-rebuild --destdir ${root}`);
  const pkgconfig = sh(`dirname $(find ${root} -name tidings.pc)`);
  libraries = resolve(pkgconfig, '..');
  environment = `PKG_CONFIG_PATH=${pkgconfig} PKG_CONFIG_SYSROOT_DIR=${root}`;
});

/** Builds a program of tests/e2e/library. */
function built(source: string, compiler: string, links: string): string {
  const program = join(folder, `${source}-${links.length}`);
  const strict = '-Wall -Wextra -Werror -pedantic';
  const ask = (flags: string) => sh(`${environment} pkg-config ${flags} tidings`);
  const linked =
    links === ''
      ? `${ask('--libs')} -Wl,-rpath,${libraries}`
      : `-L${libraries} -l:libtidings.a ${sh(`pkg-config --libs ${ask('--print-requires-private').replace(/\s+/g, ' ')}`)}`;
  sh(`${compiler} ${strict} ${join(__dirname, 'library', source)} -o ${program} ${ask('--cflags')} ${linked} -pthread`);
  return program;
}

/** Runs it with these lines on its standard input. */
function ran(program: string, args: string[], lines: string[]): Promise<{ code: number | null; out: string[] }> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 60_000 });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stdin.end(lines.map((line) => `${line}\n`).join(''));
  return new Promise((done) => child.on('close', (code) => done({ code, out: out.trim().split('\n') })));
}

describe.each([
  ['C, shared', 'publish.c', 'cc -std=c99', ''],
  ['C, static', 'publish.c', 'cc -std=c99', 'static'],
  ['C++', 'publish.cc', 'c++ -std=c++11', ''],
])('%s', (_name, source, compiler, links) => {
  test('publishes to Redis, and every node delivers the very bytes', async () => {
    const program = built(source, compiler, links);
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const ears = [await hear(a!, 'u1'), await hear(b!, 'u1')];
    const texts = ['{"n" : 1e400}', '{"s":"é\\u00e9"}', '3'];
    const { code, out } = await ran(program, [redis.url, '', 'u1'], texts);
    expect(code).toBe(0);
    expect(out.map((line) => line.trim())).toEqual(['1 ws:u1 ok', '2 ws:u1 ok', '3 ws:u1 ok']);
    for (const ear of ears) for (const text of texts) expect(await ear.next()).toBe(text);
    await Promise.all([a!.stop(), b!.stop()]);
  });
});

test('publishes to a node over HTTP, and says what the node refuses', async () => {
  const program = built('publish.c', 'cc -std=c99', '');
  const server = await startTidings();
  const ear = await listen(`${server.wsUrl}?token=${server.token('u1')}`);
  const texts = Array.from({ length: 2500 }, (_, n) => `{"n":${n}}`);
  const { code, out } = await ran(program, [`${server.url}/`, API_KEY, 'u1'], ['{', ...texts]);
  expect([code, out.length, out[0]]).toEqual([0, 2501, '- invalid']);
  expect(out.slice(1).every((line) => /^\d+ ws:u1 ok/.test(line))).toBe(true);
  for (const text of texts) expect(await ear.next()).toBe(text);
  const denied = await ran(program, [server.url, 'wrong', 'u1'], ['1']);
  expect(denied.out[0]).toMatch(/^1 ws:u1 refused the node refused it: .*API key/);
  await server.stop();
  const gone = await ran(program, ['http://127.0.0.1:9', API_KEY, 'u1'], ['1']);
  expect(gone.out[0]).toMatch(/^1 ws:u1 expired/);
});

test('publishes to Redis by TLS, to one whose certificate it trusts', async () => {
  const program = built('publish.c', 'cc -std=c99', '');
  const { cert_file, key_file } = makeCertificate(folder, 'redis');
  const port = await freePort();
  const files = ['--tls-cert-file', cert_file, '--tls-key-file', key_file, '--tls-auth-clients', 'no'];
  const redis = await startRedis(['--tls-port', `${port}`, ...files]);
  const ear = await RedisClient.to(redis);
  ear.send('SUBSCRIBE', 'ws:u1');
  await ear.hears(/subscribe\r\n/);
  const { out } = await ran(program, [`rediss://127.0.0.1:${port}`, '', 'u1', cert_file], ['{"n":1}']);
  expect(out[0]).toMatch(/^1 ws:u1 ok/);
  await ear.hears(/\{"n":1\}/);
  const stranger = await ran(program, [`rediss://127.0.0.1:${port}`, '', 'u1'], ['{"n":2}']);
  expect(stranger.out[0]).toMatch(/^1 ws:u1 expired/);
  const lost = await ran(program, [`rediss://127.0.0.1:${port}`, '', 'u1', '/nowhere.pem'], []);
  expect(lost.code).toBe(1);
  ear.end();
});

/** What a member may be in place of what it is; `undefined`: nothing at all. */
const OTHERS: unknown[] = [
  ...[undefined, null, true, 0, -1, -0.5, 1.5, 100.5, 101, 1e21, 2 ** 53 - 1, 2 ** 53, [], [''], ['a'], [1], [{}], {}],
  ...['', 'x', 'info', 'urgent', 'high', '2025-01-31T09:00:00.5+00:00', '2025-01-31T24:00:00Z'],
];

/** A message with each of its members, however deep, changed into each of these. */
function* changed(message: object, part = message): Generator<string> {
  yield JSON.stringify(message);
  for (const [name, value] of Object.entries(part)) {
    const members = part as Record<string, unknown>;
    for (const other of OTHERS) {
      members[name] = other;
      yield JSON.stringify(message);
    }
    members[name] = value;
    if (value !== null && typeof value === 'object') yield* changed(message, value as object);
  }
}

test('judges messages as another reader of the schemas does', async () => {
  const program = built('check.c', 'cc -std=c99', '');
  const catalogue = join(__dirname, '../../catalogue');
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  const lines: string[] = [];
  const judges = ['huleedu', 'huleedu-status', 'hailango', 'submissions'].map((dialect) => {
    const samples = join(catalogue, 'samples', dialect);
    for (const file of readdirSync(samples).filter((name) => name.endsWith('.json')))
      lines.push(...changed(JSON.parse(readFileSync(join(samples, file), 'utf8')) as object));
    return ajv.compile(JSON.parse(readFileSync(join(catalogue, `${dialect}.json`), 'utf8')) as object);
  });
  const { out } = await ran(program, [], lines);
  expect(out.length).toBe(lines.length);
  const differ = lines.filter((line, i) => judges.some((judge) => judge(JSON.parse(line))) !== out[i]!.startsWith('= '));
  expect(differ).toEqual([]);
  expect(out.filter((line) => line.startsWith('= ')).length).toBeGreaterThan(500);
});

test('the event goes to Kafka and the notification to the screen, and neither waits for the other', async () => {
  const program = built('publish.c', 'cc -std=c99', '');
  const redis = await startRedis();
  const kafka = await Kafka.start('events');
  const ear = await RedisClient.to(redis);
  ear.send('SUBSCRIBE', 'ws:u1');
  await ear.hears(/subscribe\r\n/);
  const texts = ['{"n":1}', '{"n":2}'];
  const both = await ran(program, [redis.url, '', 'u1', '', kafka.brokers, kafka.topic], texts);
  expect(both.out.map((line) => line.trim()).sort()).toEqual(['1 events ok', '1 ws:u1 ok', '2 events ok', '2 ws:u1 ok']);
  expect(kafka.consume(2)).toEqual(texts);
  await ear.hears(/\{"n":2\}/);
  // Without Redis the event arrives; without Kafka the notification does.
  const screenless = await ran(program, ['redis://127.0.0.1:9', '', 'u1', '', kafka.brokers, kafka.topic], ['{"n":3}']);
  expect(screenless.out.map((line) => line.split(' ').slice(1, 3).join(' ')).sort()).toEqual(['events ok', 'ws:u1 expired']);
  const processless = await ran(program, [redis.url, '', 'u1', '', '127.0.0.1:9', kafka.topic], ['{"n":4}']);
  expect(processless.out.map((line) => line.split(' ').slice(1, 3).join(' ')).sort()).toEqual(['events expired', 'ws:u1 ok']);
  ear.end();
});
