// SPDX-License-Identifier: MIT
// Whom the server runs as, and what it gives up. Most of it only root can try.
import { chmodSync, chownSync, copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { run } from './support/run';
import { SECRET } from './support/jwt';
import { API_KEY, BINARY, configFor, isSanitized, test, type Tidings } from './support/tidings';
import { listen } from './support/wsClient';

const NOBODY = 65534;
const isRoot = process.getuid!() === 0;
const WARNING = /level=warning/;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-user-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A line of /proc/PID/task/TID/status of every thread. */
const threads = (server: Tidings, name: string): string[] =>
  readdirSync(`/proc/${server.pid}/task`).map((thread) => {
    const status = readFileSync(`/proc/${server.pid}/task/${thread}/status`, 'utf8');
    return new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)![1]!.replace(/\s+/g, ' ');
  });
const all = (server: Tidings, name: string): string[] => [...new Set(threads(server, name))];
const lines = (server: Tidings, words: RegExp): string[] =>
  server.log().split('\n').filter((line) => words.test(line));

/** It serves: a client hears what is published. */
async function works(server: Tidings): Promise<void> {
  const client = await listen(`${server.wsUrl}?token=${server.token('u1')}`);
  await server.publish({ user: 'u1' }, 'hello');
  expect(await client.next()).toBe('"hello"');
  await client.leave();
}

describe.runIf(isRoot).concurrent('started by root', () => {
  test('it listens on a low port, and is nobody then', async ({ tidings }) => {
    const listenAt = `127.0.${process.pid & 255}.9:1023`;
    const server = await tidings({ config: { user: 'nobody', listen: listenAt } });
    expect(server.address).toBe(listenAt);
    for (const name of ['Uid', 'Gid']) expect(all(server, name)).toEqual([Array(4).fill(NOBODY).join(' ')]);
    expect(all(server, 'Groups')).toEqual([String(NOBODY)]);
    for (const name of ['CapPrm', 'CapEff']) expect(all(server, name)).toEqual(['0000000000000000']);
    expect(lines(server, /privileges dropped/)[0]).toMatch(/level=info .*user=nobody uid=65534 gid=65534/);
    await works(server);
    expect(await server.metric('process_open_fds')).toBeGreaterThan(5);
  });

  test('the group may be another', async ({ tidings }) => {
    const server = await tidings({ config: { user: String(NOBODY), group: 'daemon' } });
    expect(all(server, 'Gid')).toEqual(['1 1 1 1']);
    expect(all(server, 'Groups')).toEqual(['1']);
  });

  test('what a reload will not be able to read is said at once, and then refused', async ({ tidings }) => {
    const server = await tidings({ config: { user: 'nobody' }, allowErrors: /configuration (mistake|not reloaded)/ });
    const said = lines(server, WARNING);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("without root's privileges a reload will be refused");
    expect(said[0]).toContain(`${server.file}: cannot be read: Permission denied`);
    const refused = await server.reload({ config: { user: 'nobody' } });
    expect(refused.join()).toMatch(/configuration not reloaded/);
    chmodSync(dirname(server.file), 0o755);
    expect((await server.reload({ config: { user: 'nobody' }, endpoint: { idle_seconds: 7 } })).join()).toMatch(/configuration reloaded/);
  });

  test('the store is made by whom it becomes', async ({ tidings }) => {
    const shop = mkdtempSync(join(folder, 'store-'));
    chownSync(shop, NOBODY, NOBODY);
    const server = await tidings({ config: { user: 'nobody', store: { kind: 'sqlite', path: join(shop, 'tidings.db') } } });
    await server.call('/api/v1/submissions', { submission_id: 1 });
    await server.publish({ channel: 'submission:1' }, { type: 'status' });
    await server.stop();
    for (const file of readdirSync(shop)) expect(statSync(join(shop, file)).uid).toBe(NOBODY);
    expect(readdirSync(shop)).toContain('tidings.db');
  });

  test('who stays root is warned', async ({ tidings }) => {
    const server = await tidings();
    expect(lines(server, WARNING)).toHaveLength(1);
    expect(lines(server, WARNING)[0]).toContain('msg="running as root"');
    const meant = await tidings({ config: { user: 'root' } });
    expect(lines(meant, WARNING)).toEqual([]);
  });

  test.each([
    [{ user: 'no-such-user' }, 'user: there is no user \\"no-such-user\\"'],
    [{ user: 'nobody', group: 'no-such-group' }, 'group: there is no group \\"no-such-group\\"'],
    [{ user: '54321' }, 'user: 54321 is in no user database, so `group` must be given too'],
  ])('%o is not served', async (config, words) => {
    const file = join(folder, `${Math.random()}.yaml`);
    writeFileSync(file, JSON.stringify(configFor({ config })));
    const ran = await run(['serve', '-c', file]);
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('msg="cannot start"');
    expect(ran.err).toContain(words);
  });
});

describe.runIf(isRoot).concurrent('started by an ordinary user', () => {
  const AS_NOBODY = `set -- setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups "$@"`;
  let binary: string;
  beforeAll(() => {
    binary = join(folder, 'tidings');
    copyFileSync(BINARY, binary);
    chmodSync(binary, 0o755);
  });
  test('it is served as that user', async ({ tidings }) => {
    // The fixture's file is its own: all that matters comes by variables.
    const server = await tidings({
      shell: `set -- '${binary}' serve; ${AS_NOBODY}`,
      env: {
        JWT_SECRET_KEY: SECRET,
        TIDINGS_LISTEN: '127.0.0.1:0',
        TIDINGS_USER: 'nobody',
        TIDINGS_API_KEYS: JSON.stringify([API_KEY]),
      },
    });
    expect(all(server, 'Uid')).toEqual([Array(4).fill(NOBODY).join(' ')]);
    expect(lines(server, WARNING)).toEqual([]);
    await works(server);
    expect(await server.metric('process_open_fds')).toBeGreaterThan(5);
  });

  test('it can become nobody else', async () => {
    const file = join(folder, 'daemon.yaml');
    writeFileSync(file, JSON.stringify(configFor({ config: { user: 'daemon' } })));
    const ran = await run(['serve', '-c', file], { shell: `shift; set -- '${binary}' "$@"; ${AS_NOBODY}` });
    expect(ran.code).toBe(1);
    expect(ran.err).toContain('user: cannot become user 1, group 1: Operation not permitted');
  });
});

describe.skipIf(isSanitized).concurrent('the sandbox', () => {
  test('is around every thread', async ({ tidings }) => {
    const server = await tidings();
    await works(server);
    expect(all(server, 'NoNewPrivs')).toEqual(['1']);
    expect(all(server, 'Seccomp')).toEqual(['2']);
    expect(lines(server, /sandbox/)).toEqual([]);
  });

  test('can be left out', async ({ tidings }) => {
    const server = await tidings({ config: { sandbox: false } });
    await works(server);
    expect(all(server, 'NoNewPrivs')).toEqual(['0']);
    expect(all(server, 'Seccomp')).toEqual(['0']);
  });
});
