// SPDX-License-Identifier: MIT
// docs/operating.md says what each log line and close code means, and its lines for reverse proxies work as they stand.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';
import { ask } from './support/http';
import { freePort } from './support/run';
import { API_KEY, startTidings, type Tidings } from './support/tidings';
import { ownCertificate } from './support/tls';
import { until, within } from './support/wait';
import { Listener } from './support/wsClient';

const ROOT = join(__dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/operating.md'), 'utf8');
const section = (title: string): string => page.split(`\n## ${title}\n`)[1]!.split('\n## ')[0]!;
const sources = (folder: string): string =>
  readdirSync(join(ROOT, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.c'))
    .map((name) => readFileSync(join(ROOT, 'src', folder, name), 'utf8'))
    .join('\n');
const literals = (code: string): string[] =>
  [...code.replace(/"\s*\n\s*"/g, '').matchAll(/"([^"\\]+)"/g)].map((found) => found[1]!);

describe('the page describes', () => {
  test('each log line', () => {
    const calls = [...sources('').matchAll(/\blog_(?:line|fetch)\(([^;]*?)(?=\blog_(?:text|span|uint|int)\()/g)];
    const said = new Set(calls.flatMap((found) => literals(found[1]!)));
    expect(said.size).toBeGreaterThan(40);
    // What comes behind a comma stands there by itself.
    const known = (message: string): boolean => section('Logs').includes(message) || message.split(/(?=, )/).every((part) => section('Logs').includes(part));
    expect([...said].filter((message) => !known(message))).toEqual([]);
  });

  test('each close code, and each reason that the log has for an end', () => {
    const counted = readFileSync(join(ROOT, 'src/base/count.h'), 'utf8').split('COUNT_STATUS_MAP')[0]!;
    const codes = [...counted.matchAll(/X\((\d{4})\)/g)].map((found) => found[1]!);
    expect(codes.length).toBeGreaterThan(15);
    const text = section('Close codes');
    expect(codes.filter((code) => !text.includes(code))).toEqual([]);
    const reasons = [...sources('session').matchAll(/conn_reason [^;]*?\{ "([a-z ]+)"/g)].map((found) => found[1]!);
    expect(reasons.length).toBeGreaterThan(5);
    expect(reasons.filter((reason) => !text.includes(`\`${reason}\``))).toEqual([]);
  });
});

/** The fenced block of that language, where there is one. */
const block = (language: string): string => {
  const found = [...page.matchAll(new RegExp(`\n\`\`\`${language}\n([^]*?)\n\`\`\``, 'g'))];
  expect(found).toHaveLength(1);
  return found[0]![1]!;
};

const folder = mkdtempSync(join(tmpdir(), 'tidings-proxies-'));
const { cert_file, key_file } = ownCertificate();
const PAIR = join(folder, 'pair.pem');
writeFileSync(PAIR, readFileSync(cert_file, 'utf8') + readFileSync(key_file, 'utf8'));

/** The page's lines, with other ports and files than those of a machine of its own. */
const filled = (text: string, port: number, server: string): string => {
  const swaps: [string, string][] = [
    ['listen 443 ssl', `listen 127.0.0.1:${port} ssl`],
    ['bind :443 ssl', `bind 127.0.0.1:${port} ssl`],
    ['crt /etc/ssl/app.example.com.pem', `crt ${PAIR}`],
    ['/etc/ssl/app.example.com.pem', cert_file],
    ['/etc/ssl/app.example.com.key', key_file],
    ['127.0.0.1:8080', server],
  ];
  return swaps.reduce((all, [from, to]) => all.replaceAll(from, to), text);
};

const PROXIES: Record<string, (lines: string) => string[]> = {
  nginx: (lines) => {
    const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder}/${one};`);
    const file = join(folder, 'nginx.conf');
    const whole = `daemon off;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\naccess_log off;\n${paths.join('\n')}\n${lines}\n}\n`;
    writeFileSync(file, whole);
    return ['/usr/sbin/nginx', '-e', 'stderr', '-c', file];
  },
  haproxy: (lines) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, `${lines}\n`);
    return ['/usr/sbin/haproxy', '-db', '-q', '-f', file];
  },
};

describe.each(Object.keys(PROXIES))('behind %s, with the lines of the page', (name) => {
  let server: Tidings;
  let proxy: ChildProcess;
  let port: number;
  let said = '';
  const from = '127.0.0.77';
  const request = (path: string) =>
    ask(`https://127.0.0.1:${port}${path}`, { from, ca: readFileSync(cert_file) }).catch(() => undefined);

  beforeAll(async () => {
    const tls = { ...ownCertificate(), listen: `127.0.0.8:${await freePort('127.0.0.8')}` };
    server = await startTidings({ config: { tls, trusted_proxies: ['127.0.0.1'] } });
    port = await freePort();
    const [program, ...args] = PROXIES[name]!(filled(block(name), port, server.address)) as [string, ...string[]];
    proxy = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args]);
    for (const stream of [proxy.stdout, proxy.stderr]) stream!.on('data', (text) => (said += text));
    await until(`${name} passes something on: ${said}`, async () => (await request(`/ws?token=${server.token('u0')}`))?.status === 426, 10_000);
  });
  afterAll(async () => {
    const gone = new Promise((done) => proxy.once('close', done));
    proxy.kill('SIGTERM');
    await within(10_000, `the end of ${name}`, gone);
    await server.stop();
  });

  test('wss:// works, and the client has its own address', async () => {
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws?token=${server.token('u1')}`, {
      localAddress: from,
      ca: readFileSync(cert_file),
      headers: { 'X-Forwarded-For': '203.0.113.9' },
    });
    const client = new Listener(socket);
    await client.opened;
    const key = { 'X-API-Key': API_KEY };
    const listed = await ask(`http://${server.address}/api/v1/users/u1/connections`, { headers: key, from: '127.0.0.9', plain: true });
    expect(listed.json.connections.map((one: { remote_address: string }) => one.remote_address)).toEqual([from]);
    const body = JSON.stringify({ user: 'u1', data: 'through' });
    await ask(`http://${server.address}/api/v1/publish`, { method: 'POST', headers: key, body, plain: true });
    expect(await client.next()).toBe('"through"');
    socket.send('{"type":"ping"}');
    expect(await client.next()).toContain('pong');
    await client.leave();
  });

  test('nothing else is there', async () => {
    for (const path of ['/', '/metrics', '/api/v1/ws/stats', '/healthz', '/admin']) expect((await request(path))?.status, path).toBe(404);
  });
});

test('the proxies wait longer than the server, so that it decides', () => {
  const idle = Number(/\| `idle_seconds` \| `(\d+)`/.exec(readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8'))![1]);
  for (const found of `${block('nginx')}${block('haproxy')}`.matchAll(/(?:proxy_\w+_timeout|timeout tunnel) +(\d+)s/g))
    expect(Number(found[1])).toBeGreaterThan(idle);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));
