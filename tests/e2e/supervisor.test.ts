// SPDX-License-Identifier: MIT
// Under a supervisor that holds the listening sockets and hears how the server is.
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { SLOWNESS, test, type Tidings, type TidingsOptions } from './support/tidings';
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
    expect(said[2]).toMatch(/^MONOTONIC_USEC=\d+$/);
    said.splice(2, 1);
    expect(said).toEqual(['READY=1', 'RELOADING=1', 'READY=1', 'STOPPING=1']);
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
