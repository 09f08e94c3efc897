// SPDX-License-Identifier: MIT
// What TLS adds: versions, names, ALPN, tickets; certificates that change under a running server, and bad ones. That
// everything else works over it is for the rest of the suite, run with TIDINGS_TLS=1.
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, TLSSocket, type ConnectionOptions } from 'node:tls';
import { afterAll, describe, expect } from 'vitest';
import { ask } from './support/http';
import { run } from './support/run';
import { SLOWNESS, sharedTidings, test, type Tidings } from './support/tidings';
import { makeCertificate, type Certificate } from './support/tls';
import { sleep, until, within } from './support/wait';
import { listen } from './support/wsClient';

const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-certs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const first = makeCertificate(folder, 'first');
const second = makeCertificate(folder, 'second');
const named = makeCertificate(folder, 'named', { names: ['DNS:a.test', 'DNS:*.b.test'] });
const rsa = makeCertificate(folder, 'rsa', { names: ['DNS:rsa.test'], kind: ['-algorithm', 'RSA'] });
const expired = makeCertificate(folder, 'expired', { days: -1 });
const stranger: Certificate = { cert_file: first.cert_file, key_file: second.key_file };

/** A handshake and nothing else. Whom to trust is not asked: the tests look at what they were shown. */
async function shake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await within(
    10_000,
    'a TLS handshake',
    new Promise<void>((done, fail) => socket.once('secureConnect', done).once('error', fail)),
  );
  return socket;
}

/** Goes in order, so that the server has had all of the handshake. */
async function leave(socket: TLSSocket): Promise<void> {
  const closed = new Promise<void>((done) => socket.once('close', () => done()));
  socket.resume().end();
  await within(10_000, 'the end', closed);
}

/** The same, and what the other side showed and chose. */
async function shown(
  port: number,
  options: ConnectionOptions = {},
): Promise<{ name: string; alpn: string | false | null; version: string | null }> {
  const socket = await shake(port, options);
  const name = socket.getPeerCertificate().subject.CN as string;
  const seen = { name, alpn: socket.alpnProtocol, version: socket.getProtocol() };
  await leave(socket);
  return seen;
}

const failure = (port: number, options: ConnectionOptions): Promise<string> =>
  shown(port, options).then(
    (seen) => `none: ${JSON.stringify(seen)}`,
    (error) => `${error.code} ${error.message}`,
  );

const urlOf = (server: Tidings): string => `${server.wsUrl}?token=${server.token('u1')}`;
const heard = (server: Tidings): Promise<Awaited<ReturnType<typeof listen>>> =>
  listen(urlOf(server), { ca: server.ca });

describe('a server with certificates', () => {
  const shared = sharedTidings({ config: { tls: { ...first, certificates: [named, rsa] } } });
  const results = (result: string): Promise<number | undefined> =>
    shared().metric('tls_handshakes_total', { result });

  test('speaks https:// and wss:// on all of its addresses', async () => {
    const server = shared();
    expect((await server.ask('/healthz')).status).toBe(200);
    const client = await heard(server);
    await server.publish({ user: 'u1' }, 'ä'.repeat(20_000));
    expect(JSON.parse(await client.next())).toBe('ä'.repeat(20_000));
    await client.leave();
    expect(server.log()).toMatch(/msg=listening address=\S+ serves=endpoints tls=yes/);
  });

  test('speaks 1.2 and 1.3 and nothing older', async () => {
    const only = (version: string): ConnectionOptions =>
      ({ minVersion: version, maxVersion: version, ciphers: 'ALL:@SECLEVEL=0' }) as ConnectionOptions;
    const { port } = shared();
    expect((await shown(port, only('TLSv1.2'))).version).toBe('TLSv1.2');
    expect((await shown(port, only('TLSv1.3'))).version).toBe('TLSv1.3');
    expect(await failure(port, only('TLSv1.1'))).toMatch(/PROTOCOL_VERSION|protocol version/i);
    await until('its count', async () => (await results('version'))! >= 1);
    // Neither without forward secrecy nor with CBC.
    for (const ciphers of ['AES256-GCM-SHA384', 'ECDHE-ECDSA-AES256-SHA'])
      expect(await failure(port, { maxVersion: 'TLSv1.2', ciphers })).toMatch(/handshake failure/i);
  });

  test('shows the certificate that has the name', async () => {
    const { port } = shared();
    const cases: [string | undefined, string][] = [
      [undefined, 'first'],
      ['a.test', 'named'],
      ['A.TEST', 'named'],
      ['x.b.test', 'named'],
      ['b.test', 'first'],
      ['x.y.b.test', 'first'],
      ['rsa.test', 'rsa'],
      ['unknown.test', 'first'],
    ];
    for (const [servername, name] of cases)
      expect([servername, (await shown(port, { servername })).name]).toEqual([servername, name]);
  });

  test('chooses http/1.1, and tells who speaks something else only', async () => {
    const { port } = shared();
    expect((await shown(port)).alpn).toBe(false);
    expect((await shown(port, { ALPNProtocols: ['h2', 'http/1.1'] })).alpn).toBe('http/1.1');
    expect((await shown(port, { ALPNProtocols: ['http/1.0'] })).alpn).toBe('http/1.0');
    expect(await failure(port, { ALPNProtocols: ['h2'] })).toMatch(/no.application.protocol/i);
    await until('its count', async () => (await results('alpn'))! >= 1);
  });

  test('answers plain HTTP with words, and what is neither not at all', async () => {
    const { port } = shared();
    const say = (words: string): Promise<string> =>
      new Promise((done) => {
        let text = '';
        const socket = connectPlain(port, '127.0.0.1', () => socket.write(words));
        socket.on('data', (part) => (text += part.toString('latin1')));
        socket.on('error', () => undefined);
        socket.on('close', () => done(text));
      });
    const answer = await within(10_000, 'an answer', say('GET /ws?token=x HTTP/1.1\r\nHost: a\r\n\r\n'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*This port speaks HTTPS/s);
    expect(answer).toMatch(/connection: close/i);
    const other = await within(10_000, 'the end', say('\x05\x01\x00'));
    expect(other).not.toMatch(/HTTP/);
    await until('its count', async () => (await results('not_tls'))! >= 1);
    expect(await results('plain_http')).toBe(1);
  });

  test('knows who was here before', async () => {
    const { port } = shared();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const before = (await shared().metric('tls_resumptions_total'))!;
      const session = await ticketOf(port, { maxVersion });
      const again = await shake(port, { maxVersion, session });
      expect(again.isSessionReused()).toBe(true);
      await leave(again);
      const now = async (): Promise<number> => (await shared().metric('tls_resumptions_total'))!;
      await until('its count', async () => (await now()) === before + 1);
    }
  });

  test('is understood by curl and openssl', async () => {
    const server = shared();
    const curl = execFileSync('curl', ['-sS', '--cacert', first.cert_file, `${server.url}/healthz`]).toString();
    expect(JSON.parse(curl).status).toBeDefined();
    const args = ['s_client', '-connect', server.address, '-servername', 'x.b.test', '-alpn', 'http/1.1'];
    const trust = ['-CAfile', named.cert_file, '-verify_return_error', '-verify_hostname', 'x.b.test'];
    const said = execFileSync('openssl', [...args, ...trust], {
      input: 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      stdio: ['pipe', 'pipe', 'ignore'],
    }).toString();
    expect(said).toContain('Verify return code: 0 (ok)');
    expect(said).toContain('ALPN protocol: http/1.1');
    expect(said).toMatch(/Secure Renegotiation IS (NOT )?supported|New, TLSv1\.3/);
  });

  test('has the expiry of the first that expires among its metrics', async () => {
    const at = (await shared().metric('tls_certificate_expires_timestamp_seconds'))!;
    expect(Math.abs(at - (Date.now() / 1000 + 30 * 86_400))).toBeLessThan(3600);
  });
});

/** Eight peers of another process, this one being busy with `meanwhile`, shake hands without a pause. */
async function tempest<T>(port: number, meanwhile: () => Promise<T>): Promise<T> {
  const peer = `
import socket, ssl, sys, threading
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
counts = [0] * 8
def go(i):
    while not over.is_set():
        with socket.create_connection(("127.0.0.1", ${port})) as bare:
            context.wrap_socket(bare).close()
        counts[i] += 1
over = threading.Event()
threads = [threading.Thread(target=go, args=(i,)) for i in range(8)]
for thread in threads: thread.start()
sys.stdin.read()
over.set()
for thread in threads: thread.join()
print(sum(counts))
`;
  const child = spawn('/usr/bin/python3', ['-c', peer], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (text) => (out += text));
  const done = new Promise<void>((resolve) => child.on('close', () => resolve()));
  try {
    return await meanwhile();
  } finally {
    child.stdin.end();
    await within(20_000, 'the end of the storm', done);
    if (Number(out) === 0) throw new Error(`no storm: ${out}`);
  }
}

/** A ticket, which TLS 1.3 sends after the handshake. */
async function ticketOf(port: number, options: ConnectionOptions = {}): Promise<Buffer> {
  const socket = await shake(port, options);
  let session = socket.getProtocol() === 'TLSv1.2' ? socket.getSession() : undefined;
  socket.on('session', (ticket) => (session = ticket));
  const got = await until('a ticket', () => session);
  await leave(socket);
  return got;
}

describe.concurrent('certificates that change', () => {
  test('come in by SIGHUP, and nobody who is connected notices', async ({ tidings }) => {
    const server = await tidings({ config: { tls: first } });
    const client = await heard(server);
    const ticket = await ticketOf(server.port);
    const lines = await server.reload({ config: { tls: { ...second, certificates: [named] } } });
    expect(lines.filter((line) => /value changed" key=tls\./.test(line))).toHaveLength(3);
    expect(await shown(server.port)).toMatchObject({ name: 'second' });
    expect(await shown(server.port, { servername: 'a.test' })).toMatchObject({ name: 'named' });
    const again = await shake(server.port, { session: ticket });
    expect(again.isSessionReused()).toBe(true);
    await leave(again);
    const answer = await ask(`${server.url}/healthz`, { ca: readFileSync(second.cert_file) });
    expect(answer.status).toBe(200);
    // Over a connection of before, whose server is another by now.
    client.socket.send('ping');
    expect(JSON.parse(await client.next()).type).toBe('pong');
    await client.leave();
    // The fixture knows the first one alone.
    await server.reload({ config: { tls: first } });
  });

  const ways: [string, (at: string, to: Certificate) => void][] = [
    [
      'are written over',
      (at, to) => {
        copyFileSync(to.cert_file, join(at, 'live', 'cert.pem'));
        copyFileSync(to.key_file, join(at, 'live', 'key.pem'));
      },
    ],
    [
      'are moved into place',
      (at, to) => {
        for (const [from, name] of [
          [to.cert_file, 'cert.pem'],
          [to.key_file, 'key.pem'],
        ] as const) {
          copyFileSync(from, join(at, 'live', `.${name}`));
          renameSync(join(at, 'live', `.${name}`), join(at, 'live', name));
        }
      },
    ],
    [
      'are in a folder that a link leads to elsewhere now',
      (at, to) => {
        mkdirSync(join(at, 'next'));
        copyFileSync(to.cert_file, join(at, 'next', 'cert.pem'));
        copyFileSync(to.key_file, join(at, 'next', 'key.pem'));
        symlinkSync('next', join(at, '.swap'));
        renameSync(join(at, '.swap'), join(at, 'link'));
      },
    ],
  ];
  for (const [how, change] of ways) {
    test(`${how}`, async ({ tidings }) => {
      const at = mkdtempSync(join(folder, 'way-'));
      mkdirSync(join(at, 'live'));
      copyFileSync(first.cert_file, join(at, 'live', 'cert.pem'));
      copyFileSync(first.key_file, join(at, 'live', 'key.pem'));
      symlinkSync('live', join(at, 'link'));
      const tls = { cert_file: join(at, 'link', 'cert.pem'), key_file: join(at, 'link', 'key.pem') };
      const server = await tidings({ config: { tls } });
      const client = await heard(server);
      const ticket = await ticketOf(server.port);
      change(at, second);
      await until('the new one', async () => (await shown(server.port)).name === 'second', 10_000);
      await until('its line', () => /level=info msg="certificates reloaded" certificates=1/.test(server.log()));
      expect(server.log()).not.toMatch(/configuration reloaded|SIGHUP/);
      const again = await shake(server.port, { session: ticket });
      expect(again.isSessionReused()).toBe(true);
      await leave(again);
      client.socket.send('ping');
      expect(JSON.parse(await client.next()).type).toBe('pong');
      await client.leave();
    });
  }

  test('for the worse change nothing, and the log says why, once', async ({ tidings }) => {
    const at = mkdtempSync(join(folder, 'worse-'));
    const tls = { cert_file: join(at, 'cert.pem'), key_file: join(at, 'key.pem') };
    copyFileSync(first.cert_file, tls.cert_file);
    copyFileSync(first.key_file, tls.key_file);
    const allowErrors = /certificates not reloaded|configuration (mistake|not reloaded)/;
    const server = await tidings({ config: { tls }, allowErrors });
    const refusals = (): string[] =>
      server.log().split('\n').filter((line) => line.includes('certificates not reloaded'));
    // The key is late, as when two files are copied one after the other.
    copyFileSync(second.cert_file, tls.cert_file);
    await until('the refusal', () => refusals().length === 1, 10_000);
    expect(refusals()[0]).toContain(tls.cert_file);
    expect(await shown(server.port)).toMatchObject({ name: 'first' });
    await sleep(2500);
    expect(refusals()).toHaveLength(1);
    const lines = await server.reload({ config: { tls } });
    expect(lines.filter((line) => /configuration mistake.*cert\.pem/.test(line))).toHaveLength(1);
    expect(await shown(server.port)).toMatchObject({ name: 'first' });
    copyFileSync(second.key_file, tls.key_file);
    await until('the new pair', async () => (await shown(server.port)).name === 'second', 10_000);
    unlinkSync(tls.key_file);
    await until('another refusal', () => refusals().length === 2, 10_000);
    expect(refusals()[1]).toMatch(/key\.pem cannot be read: No such file/);
    expect(await shown(server.port)).toMatchObject({ name: 'second' });
    expect(server.log()).not.toContain('PRIVATE KEY');
  });

  test('do not switch TLS on or off', async ({ tidings }) => {
    const server = await tidings({ config: { tls: first }, allowErrors: /configuration not reloaded/ });
    const lines = await server.reload({});
    expect(lines.join('\n')).toMatch(/configuration not reloaded.*tls: switched on or off only by a restart/);
    expect(await shown(server.port)).toMatchObject({ name: 'first' });
  });
});

describe.concurrent('a configuration', () => {
  const cases: [string, () => object, RegExp][] = [
    ['a key of another certificate', () => stranger, /tls\.cert_file: .*first\.pem: .*key/],
    ['no such file', () => ({ ...first, cert_file: join(folder, 'none.pem') }), /none\.pem cannot be read: No such file/],
    ['a key that may not be read', () => locked(), /tls\.key_file: .*locked\.key cannot be read: Is a directory/],
    ['no PEM', () => ({ cert_file: write('no.pem', 'nothing'), key_file: first.key_file }), /tls\.cert_file: .*no\.pem: /],
    ['a key with a passphrase', () => ({ ...first, key_file: sealed() }), /tls\.cert_file: .*(passphrase|encrypted)/],
    [
      'a second one that is bad',
      () => ({ ...first, certificates: [named, { ...rsa, key_file: second.key_file }] }),
      /tls\.certificates\[1\]: .*rsa\.pem: .*key/,
    ],
    ['a weak key', () => makeCertificate(folder, 'weak', { kind: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] }), /tls\.cert_file: .*weak\.pem: /],
  ];
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  /** Tests may run as root, whom no mode stops. */
  const locked = (): Record<string, string> => {
    mkdirSync(join(folder, 'locked.key'));
    return { cert_file: first.cert_file, key_file: join(folder, 'locked.key') };
  };
  const sealed = (): string => {
    const file = join(folder, 'sealed.key');
    execFileSync('openssl', ['ec', '-in', first.key_file, '-aes128', '-passout', 'pass:secret', '-out', file], {
      stdio: 'ignore',
    });
    return file;
  };
  const fileOf = (name: string, tls: unknown): string =>
    write(`${name.replaceAll(' ', '-')}.yaml`, JSON.stringify({ listen: '127.0.0.1:0', jwt: { secret: 'x'.repeat(32) }, tls }));

  for (const [name, tls, words] of cases) {
    test(`with ${name} is refused by check and at the start, in words`, async () => {
      const file = fileOf(name, tls());
      for (const command of ['check', 'serve']) {
        const ran = await run([command, '-c', file]);
        expect(ran.code).toBe(1);
        expect(ran.err).toMatch(words);
        expect(ran.err + ran.out).not.toContain('PRIVATE KEY');
      }
    });
  }

  test('with a certificate that has expired is served with a warning', async ({ tidings }) => {
    const ran = await run(['check', '-c', fileOf('expired', expired)]);
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(/warning: tls\.cert_file: .*expired\.pem: .*expired/);
    const server = await tidings({ config: { tls: { ...expired, listen: '127.0.0.1:0' } } });
    await until('the warning', () => /level=warning msg=certificate problem=.*expired\.pem/.test(server.log()), 10_000);
  });

  test('shows files and no keys', async () => {
    const ran = await run(['check', '-c', fileOf('shown', { ...first, certificates: [named] })]);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(`key_file: "${first.key_file}"`);
    expect(ran.out + ran.err).not.toContain('-----');
  });

  test('may have both: plain on listen, TLS on tls.listen', async ({ tidings }) => {
    const server = await tidings({ config: { tls: { ...first, listen: '127.0.0.1:0', min_version: '1.3' } } });
    const other = await until('its line', () => /address=127\.0\.0\.1:(\d+) serves=endpoints tls=yes/.exec(server.log())?.[1]);
    const port = Number(other);
    expect(server.log()).toMatch(/address=127\.0\.0\.1:\d+ serves=endpoints tls=no/);
    const over = await listen(`wss://127.0.0.1:${port}/ws?token=${server.token('u1')}`, {
      ca: readFileSync(first.cert_file),
    });
    const plain = await listen(urlOf(server));
    await server.publish({ user: 'u1' }, 1);
    expect([await over.next(), await plain.next()]).toEqual(['1', '1']);
    expect(await failure(port, { maxVersion: 'TLSv1.2' })).toMatch(/protocol version/i);
    await over.leave();
    await plain.leave();
  });

  test('may have many addresses', async ({ tidings }) => {
    const sixteen = Array.from({ length: 16 }, (_, i) => `127.0.0.${i + 1}:0`);
    const server = await tidings({ config: { listen: sixteen, tls: { ...first, listen: sixteen } } });
    expect(server.log().match(/tls=yes/g)).toHaveLength(16);
  });
});

describe.concurrent('clients that', () => {
  test('are slow with their handshake are dropped, and have time for a request when it is done', async ({ tidings }) => {
    const server = await tidings({ config: { tls: first, handshake_seconds: 2 } });
    const silent = connectPlain(server.port, '127.0.0.1');
    const closed = new Promise<void>((done) => silent.on('close', () => done()).on('error', () => undefined));
    silent.write(Buffer.from('16030102000100', 'hex')); // the beginning of a ClientHello
    await within(8_000, 'its end', closed);
    await until('its count', async () => (await server.metric('tls_handshakes_total', { result: 'too_late' })) === 1);
    const quiet = await shake(server.port);
    const ended = new Promise<void>((done) => quiet.on('close', () => done()));
    quiet.resume();
    await within(8_000, 'the end of one that asks nothing', ended);
  });

  test('come in a storm do not make others wait', async ({ tidings }) => {
    const server = await tidings({ config: { tls: first, log_level: 'info', workers: 1 } });
    const client = await heard(server);
    const beat = async (count: number): Promise<number> => {
      const waits: number[] = [];
      for (let i = 0; i < count; i++) {
        const began = performance.now();
        client.socket.send('ping');
        await client.next(30_000);
        waits.push(performance.now() - began);
        await sleep(5);
      }
      return waits.sort((a, b) => a - b)[Math.floor(waits.length / 2)]!;
    };
    const calm = await beat(20);
    const stormed = await tempest(server.port, () => beat(40));
    expect(stormed).toBeLessThan((calm + 50) * SLOWNESS);
    expect(await server.metric('tls_handshakes_total', { result: 'ok' })).toBeGreaterThan(8);
    await client.leave();
  });
});
