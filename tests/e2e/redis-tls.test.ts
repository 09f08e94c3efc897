// SPDX-License-Identifier: MIT
// Nodes that share a Redis by TLS, which wants to see a certificate too. Sentinels and a Cluster are in
// tests/unit/redis, where everything that a link does runs by TLS.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { declare, hear, isUp, nodeOptions, submission, watch } from './support/nodes';
import { startRedis, type Redis } from './support/redis';
import { freePort, run } from './support/run';
import { configFor, SLOWNESS, startTidings, Tidings, type TidingsOptions } from './support/tidings';
import { makeCertificate, type Certificate } from './support/tls';
import { until } from './support/wait';

const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-redis-tls-'));
let redis: Redis;
let port: number;
let theirs: Certificate;
let ours: Certificate;

beforeAll(async () => {
  theirs = makeCertificate(folder, 'theirs');
  ours = makeCertificate(folder, 'ours');
  port = await freePort();
  const tls = ['--tls-port', `${port}`, '--tls-cert-file', theirs.cert_file, '--tls-key-file', theirs.key_file];
  redis = await startRedis([...tls, '--tls-ca-cert-file', ours.cert_file]);
  redis.cli('ACL', 'SETUSER', 'tid', 'on', '>hush-hush', '~*', '&*', '+@all');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const url = () => `rediss://tid:hush-hush@127.0.0.1:${port}`;
const node = (tls: Record<string, string>): TidingsOptions => nodeOptions({ url: url(), tls });
const trusting = () => ({ ca_file: theirs.cert_file, ...ours });

test('what one node publishes the other hears, and a stranger with a certificate', async () => {
  const [a, b] = await Promise.all([
    startTidings(node(trusting())),
    startTidings(node({ ...trusting(), server_name: 'localhost' })),
  ]);
  const ear = await hear(b!, 'u1');
  expect(await a!.publish({ user: 'u1' }, 'x'.repeat(50_000))).toEqual([0]);
  expect(await ear.next()).toHaveLength(50_002);
  const number = await declare(a!);
  const watcher = await watch(b!, number);
  await a!.call('/api/v1/publish', { ...submission(number), data: { type: 'progress' } });
  expect(JSON.parse(await watcher.next())).toMatchObject({ type: 'progress' });

  const both = join(folder, 'both.pem');
  writeFileSync(both, readFileSync(ours.cert_file, 'utf8') + readFileSync(ours.key_file, 'utf8'));
  const publish = (...more: string[]) => run(['publish', '--redis', url(), '--user', 'u1', ...more, '"hello"']);
  const ran = await publish('--ca', theirs.cert_file, '--cert', both);
  expect(ran).toMatchObject({ code: 0, err: '', out: 'published to ws:u1: 1 subscriber in Redis\n' });
  expect(await ear.next()).toBe('"hello"');
  const unknown = await publish('--ca', theirs.cert_file);
  expect(unknown).toMatchObject({ code: 1, out: '' });
  expect(unknown.err).toMatch(/it refuses us in TLS: [^\n]*certificate required/);
  await Promise.all([a!.stop(), b!.stop()]);
});

test('who is not trusted is named, and a file that is mended is taken after SIGHUP', async () => {
  const file = join(folder, 'ca.pem');
  writeFileSync(file, readFileSync(ours.cert_file));
  const options = node({ ...trusting(), ca_file: file });
  const one = new Tidings(options);
  const problem = /its certificate is refused: self-signed certificate/;
  await until('the refusal in the log', () => problem.test(one.log()), 10_000 * SLOWNESS);
  writeFileSync(file, readFileSync(theirs.cert_file));
  expect((await one.reload(options)).join()).toMatch(/configuration reloaded/);
  await one.ready();
  await isUp(one, true);
  await one.stop();
});

test.for([
  ['a file that is not there', () => ({ ca_file: '/nowhere' }), /ca_file: \/nowhere cannot be read: No such file/],
  ['a key for authorities', () => ({ ca_file: theirs.key_file }), /ca_file: /],
  ['the key of another', () => ({ cert_file: ours.cert_file, key_file: theirs.key_file }), /cert_file: /],
] as const)('check finds %s', async ([, tls, why]) => {
  const file = join(folder, 'tidings.yaml');
  writeFileSync(file, JSON.stringify(configFor(node(tls()))));
  const ran = await run(['check', '-c', file]);
  expect(ran).toMatchObject({ code: 1, out: '' });
  expect(ran.err).toMatch(why);
  expect(ran.err).not.toContain('hush');
});
