// SPDX-License-Identifier: MIT
// The program as a client by TLS: `listen`, `publish` and `bench` against a server that we did not write.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { run, type Ran } from './support/run';
import { makeCertificate, type Certificate } from './support/tls';

const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-tls-client-'));
const LARGE = 'x'.repeat(300_000);
let ours: Certificate;
let strangers: Certificate;
let server: Server;
let mutual: Server;
let port: number;
let mutualPort: number;

/** Who connects hears `LARGE` and a close; who publishes is heard by all and answered as Tidings does. */
function relay(options: object): Promise<Server> {
  const sockets = new WebSocketServer({ noServer: true });
  const made = createServer(
    { cert: readFileSync(ours.cert_file), key: readFileSync(ours.key_file), ...options },
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        for (const socket of sockets.clients) socket.send(Buffer.concat(chunks), { binary: false });
        const cipher = (request.socket as TLSSocket).getProtocol();
        response.end(JSON.stringify({ published: [{ channel: cipher, deliveries: 1, skipped: 0 }] }));
      });
    },
  );
  made.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => undefined);
      if (request.url !== '/once') return;
      ws.send(LARGE);
      ws.close(1000);
    });
  });
  return new Promise((done) => made.listen(0, '127.0.0.1', () => done(made)));
}

beforeAll(async () => {
  ours = makeCertificate(folder, 'ours');
  strangers = makeCertificate(folder, 'strangers');
  server = await relay({});
  mutual = await relay({ requestCert: true, ca: readFileSync(ours.cert_file) });
  port = (server.address() as AddressInfo).port;
  mutualPort = (mutual.address() as AddressInfo).port;
});
afterAll(() => {
  for (const one of [server, mutual]) {
    one.closeAllConnections();
    one.close();
  }
  rmSync(folder, { recursive: true, force: true });
});

const ca = () => ['--ca', ours.cert_file];
const listen = (...more: string[]): Promise<Ran> => run(['listen', `wss://127.0.0.1:${port}/once`, ...more]);
const publish = (at: number, ...more: string[]): Promise<Ran> =>
  run(['publish', '--url', `https://127.0.0.1:${at}`, '--broadcast', ...more, '1']);

describe.concurrent('listen', () => {
  test.for([
    ['the authorities that are given', () => ca()],
    ['anybody', () => ['--insecure']],
  ] as const)('trusts %s', async ([, more]) => {
    const ran = await listen(...more());
    expect(ran.err).toMatch(/closed with 1000/);
    expect(ran.code).toBe(0);
    expect(ran.out).toBe(`${LARGE}\n`);
  });

  test('by name too', async () => {
    const ran = await run(['listen', `wss://localhost:${port}/once`, ...ca()]);
    expect(ran.code).toBe(0);
  });

  test.for([
    ['a stranger', () => ['--ca', strangers.cert_file]],
    ['one that the system does not know', () => []],
  ] as const)('does not trust %s', async ([, more]) => {
    const ran = await listen(...more());
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/^tidings listen: its certificate is refused: self-signed certificate\n$/);
  });

  test('says what is wrong with a file', async () => {
    const missing = await listen('--ca', '/nowhere');
    expect(missing).toMatchObject({ code: 1, out: '' });
    expect(missing.err).toMatch(/^tidings listen: --ca: \/nowhere cannot be read: No such file[^\n]*\n$/);
    const none = await listen('--ca', ours.key_file);
    expect(none).toMatchObject({ code: 1, out: '' });
    expect(none.err).toMatch(/^tidings listen: TLS: [^\n]+\n$/);
  });

  test('says who speaks TLS and who does not', async () => {
    const plain = await run(['listen', `ws://127.0.0.1:${port}/once`]);
    expect(plain).toMatchObject({ code: 1, out: '' });
    const misused = await run(['listen', `ws://127.0.0.1:${port}/once`, '--insecure']);
    expect(misused).toMatchObject({ code: 2, out: '' });
  });
});

describe.concurrent('publish', () => {
  test('over HTTPS', async () => {
    expect(await publish(port, ...ca())).toMatchObject({ code: 0, out: 'TLSv1.3 1\n', err: '' });
    const ran = await publish(port);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/certificate is refused/);
  });

  test('with a certificate of its own', async () => {
    const both = join(folder, 'both.pem');
    writeFileSync(both, readFileSync(ours.cert_file, 'utf8') + readFileSync(ours.key_file, 'utf8'));
    expect(await publish(mutualPort, ...ca(), '--cert', both)).toMatchObject({ code: 0, err: '' });
    const ran = await publish(mutualPort, ...ca());
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/it refuses us in TLS: .*certificate/);
  });
});

test('bench', async () => {
  const args = ['-n', '20', '-w', '8', '-s', '1', '--warmup', '0', '--publish-body', '{data}', '--json'];
  const ran = await run(['bench', 'fan-out', `wss://127.0.0.1:${port}/`, ...args, ...ca()], { ms: 25_000 });
  expect(ran).toMatchObject({ code: 0, err: '' });
  const figures = JSON.parse(ran.out) as Record<string, unknown>;
  expect(figures).toMatchObject({ is_clean: true, opened: 20, lost: 0, duplicates: 0, reordered: 0 });
  const refused = await run(['bench', 'connect', `wss://127.0.0.1:${port}/`, '-n', '2', '--json']);
  expect(JSON.parse(refused.out)).toMatchObject({ refused: 2, complaint: expect.stringMatching(/certificate is refused/) });
});
