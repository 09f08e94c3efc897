// SPDX-License-Identifier: MIT
// Listening sockets that come from elsewhere: from a supervisor, which also hears how the server is, or from the
// process before this one.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { SLOWNESS, startTidings, test, Tidings, type TidingsOptions } from './support/tidings';
import { sleep, until } from './support/wait';
import { dial, listen, type Listener } from './support/wsClient';

const supervised = (sockets: number, options: TidingsOptions = {}): TidingsOptions => ({
  ...options,
  endpoint: { connections: 0 },
  shell: `set -- "${join(__dirname, 'support/supervisor.py')}" ${sockets} "$@"`,
});
const told = (server: Tidings): string[] => server.out().split('\n').filter((line) => line !== '');
const connect = (server: Tidings): Promise<Listener> => listen(`${server.wsUrl}?token=${server.token('u1')}`);

/** Connects again and again until `isOver`; who connected, and how many could not. */
async function storm(server: Tidings, isOver: () => boolean): Promise<{ came: Listener[]; refused: unknown[] }> {
  const came: Listener[] = [];
  const refused: unknown[] = [];
  while (!isOver()) {
    const client = dial(`${server.wsUrl}?token=${server.token('u1')}`, { handshakeTimeout: 20_000 });
    await client.opened.then(
      () => came.push(client),
      (problem) => refused.push(problem),
    );
    await sleep(5);
  }
  return { came, refused };
}

describe.concurrent('a supervisor', () => {
  test('hands its sockets over, and hears what becomes of the server', async ({ tidings }) => {
    const server = await tidings(supervised(2));
    expect(server.log()).toMatch(/msg=listening address=\S+ serves=endpoints tls=\w+ inherited=yes/);
    expect(server.log()).toMatch(/level=warning msg="inherited socket is not used" address=127\.0\.0\.1:\d+ /);
    await until('READY', () => told(server).includes('READY=1'));
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect(server)));
    expect(await server.publish({ user: 'u1' }, 'hello')).toEqual([20]);
    for (const client of clients) await client.next();
    expect((await server.reload(supervised(2))).join()).toMatch(/configuration reloaded/);
    await until('READY again', () => told(server).filter((line) => line === 'READY=1').length === 2);
    await server.stop();
    const said = told(server);
    expect(said[3]).toMatch(/^MONOTONIC_USEC=\d+$/);
    said.splice(3, 1);
    expect(said.pop()).toMatch(/^EXTEND_TIMEOUT_USEC=\d{7,8}$/);
    const ready = ['READY=1', 'STATUS=serving'];
    expect(said).toEqual([...ready, 'RELOADING=1', ...ready, 'STOPPING=1', 'STATUS=draining']);
  });

  test('starts it anew, and nobody is refused', async ({ tidings }) => {
    const server = await tidings(supervised(1));
    const before = await connect(server);
    let isBack = false;
    const connecting = [0, 1, 2].map(() => storm(server, () => isBack));
    await sleep(100);
    server.signal('SIGUSR1');
    expect((await before.close(20_000)).code).toBe(1012);
    await until('the second one', () => told(server).filter((line) => line === 'READY=1').length === 2, 15_000 * SLOWNESS);
    const after = await connect(server);
    isBack = true;
    const { came, refused } = (await Promise.all(connecting)).reduce((all, one) => ({
      came: [...all.came, ...one.came],
      refused: [...all.refused, ...one.refused],
    }));
    expect(refused).toEqual([]);
    expect(came.length).toBeGreaterThan(10);
    expect(await server.publish({ user: 'u1' }, 'hello').then(([heard]) => heard)).toBeGreaterThan(0);
    await after.leave();
  });
});

describe.concurrent('an upgrade', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-takeover-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const upgradable = (name: string, config: Record<string, unknown> = {}): TidingsOptions => ({
    endpoint: { connections: 0 },
    config: { takeover_path: join(folder, name), ...config },
  });

  test.concurrent.each([1, 2, 3])('from two workers to %i refuses nobody', async (workers) => {
    const first = await startTidings(upgradable(`to-${workers}`, { workers: 2, drain_delay_seconds: 60 }));
    const path = join(folder, `to-${workers}`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = await connect(first);
    let isOver = false;
    const connecting = storm(first, () => isOver);
    const second = await startTidings(upgradable(`to-${workers}`, { workers, listen: first.address }));
    expect(second.log()).toMatch(/msg=listening address=\S+ serves=endpoints tls=\w+ inherited=yes/);
    expect((await before.close(20_000)).code).toBe(1012);
    expect((await first.exited).code).toBe(0);
    expect(first.log()).toContain('sockets taken over by the next process');
    const after = await Promise.all([1, 2, 3, 4].map(() => connect(second)));
    isOver = true;
    const { came, refused } = await connecting;
    expect(refused).toEqual([]);
    expect(came.length).toBeGreaterThan(10);
    expect((await second.publish({ user: 'u1' }, 'hello'))[0]).toBeGreaterThanOrEqual(4);
    for (const client of after) expect(await client.next()).toBe('"hello"');
    await first.stop();
    await second.stop();
    expect(existsSync(path)).toBe(false);
  });

  test('that fails leaves all as it was', async ({ tidings }) => {
    const server = await tidings(upgradable('fails', { store: { kind: 'sqlite', path: join(folder, 'shop.db') } }));
    const client = await connect(server);
    const failing = new Tidings({
      ...upgradable('fails', { listen: server.address, store: { kind: 'sqlite', path: join(folder, 'shop.db') } }),
      exitCode: 1,
      allowErrors: /cannot start/,
    });
    expect((await failing.exited).code).toBe(1);
    await until('the line', () => server.log().includes('took the sockets and did not start'));
    await (await connect(server)).leave();
    await server.publish({ user: 'u1' }, 'hello');
    expect(await client.next()).toBe('"hello"');
    await client.leave();
  });

  test('begins where a killed server left its socket, and spares what is no socket', async ({ tidings }) => {
    const killed = await startTidings({ ...upgradable('killed') });
    killed.signal('SIGKILL');
    await killed.exited;
    expect(existsSync(join(folder, 'killed'))).toBe(true);
    await (await connect(await tidings(upgradable('killed')))).leave();
    writeFileSync(join(folder, 'file'), 'a file');
    const refused = new Tidings(upgradable('file'));
    expect((await refused.exited).code).toBe(1);
    expect(refused.log()).toMatch(/takeover_path: \S+ is there and no socket/);
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('a file');
  });
});
