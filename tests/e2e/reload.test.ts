// SPDX-License-Identifier: MIT
// SIGHUP: what changes for those who are connected, what for those who come, and that nobody is touched.
import { writeFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { generateKeyPairSync } from 'node:crypto';
import { expectRefused, TOO_MANY_CONNECTIONS, UNAUTHORIZED } from './support/refused';
import { SECRET } from './support/jwt';
import { RawClient } from './support/rawClient';
import { scratch } from './support/run';
import { API_KEY, BLOAT, SLOWNESS, test, type Tidings, type TidingsOptions } from './support/tidings';
import { sleep, until } from './support/wait';
import { listen, refusal, type Listener } from './support/wsClient';

const files = scratch();
const urlOf = (server: Tidings, user = 'u1', path = '/ws'): string =>
  `ws://${server.address}${path}?token=${server.token(user)}`;
const REFUSED = /configuration (mistake|not reloaded)/;
const said = (lines: string[], words: RegExp): string[] => lines.filter((line) => words.test(line));

async function isHeard(server: Tidings, client: Listener, user = 'u1'): Promise<void> {
  const mark = `mark-${Math.random()}`;
  await server.publish({ user }, mark);
  await until('the mark', () => client.messages.includes(JSON.stringify(mark)));
}

describe.concurrent('live connections take', () => {
  test('a shorter time of idleness, which counts from what was heard last', async ({ tidings }) => {
    const server = await tidings();
    const quiet = await RawClient.open(server.port, `/ws?token=${server.token('u1')}`);
    const lines = await server.reload({ endpoint: { idle_seconds: 1 } });
    expect(said(lines, /value changed.*endpoints\.huleedu\.idle_seconds.*before=300 after=1/)).toHaveLength(1);
    expect(said(lines, /configuration reloaded.*changed=1 need_restart=0/)).toHaveLength(1);
    expect((await quiet.close()).code).toBe(4008);
    quiet.destroy();
  });

  test('a longer one', async ({ tidings }) => {
    const server = await tidings({ endpoint: { idle_seconds: 2 } });
    const quiet = await RawClient.open(server.port, `/ws?token=${server.token('u1')}`);
    await server.reload({ endpoint: { idle_seconds: 100 } });
    await sleep(4500);
    await server.connections(1);
    quiet.destroy();
  });

  test('pings, others, and none again', async ({ tidings }) => {
    const server = await tidings();
    const client = await listen(urlOf(server));
    await server.reload({ endpoint: { ping_seconds: 1 } });
    await until('two pings', () => client.pings.length >= 2, 10_000);
    await server.reload({ endpoint: { ping_seconds: 0 } });
    await sleep(200 * SLOWNESS);
    const count = client.pings.length;
    await sleep(2500);
    expect(client.pings.length).toBe(count);
    await isHeard(server, client);
    await client.leave();
  });

  test('the limit of messages', async ({ tidings }) => {
    const server = await tidings();
    const client = await listen(urlOf(server));
    await server.reload({ endpoint: { messages_per_minute: 3, limited_code: 4029 } });
    for (let i = 0; i < 4; i++) client.socket.send('hello');
    expect((await client.close()).code).toBe(4029);
  });

  test('the largest message and notification', async ({ tidings }) => {
    const server = await tidings();
    const client = await listen(urlOf(server));
    await server.reload({ endpoint: { max_notification_bytes: 10, max_message_bytes: 20 } });
    expect(await server.publish({ user: 'u1' }, 'more than ten bytes')).toEqual([0]);
    expect(await server.publish({ user: 'u1' }, 'ten')).toEqual([1]);
    expect(await client.next()).toBe('"ten"');
    client.socket.send('x'.repeat(21));
    expect((await client.close()).code).toBe(1009);
  });

  test('all of that in the midst of a message', async ({ tidings }) => {
    const server = await tidings({ endpoint: { inbound: 'ignore' } });
    const client = await listen(urlOf(server));
    client.socket.send('x'.repeat(3000), { fin: false });
    await sleep(100);
    await server.reload({ endpoint: { inbound: 'echo', max_message_bytes: 8000 } });
    client.socket.send('y'.repeat(3000), { fin: true });
    client.socket.send('whole');
    expect(await client.next()).toBe('whole');
    await client.leave();
  });
});

describe.concurrent('who comes finds', () => {
  test('other limits, with those who are here counted', async ({ tidings }) => {
    const server = await tidings();
    const two = [await listen(urlOf(server)), await listen(urlOf(server))];
    await server.reload({ endpoint: { connections: 2 } });
    await expectRefused(urlOf(server), TOO_MANY_CONNECTIONS);
    await server.reload({ endpoint: { connections: 3 } });
    await (await listen(urlOf(server))).leave();
    for (const each of two) await each.leave();
  });

  test('other channels, while those who are here keep theirs', async ({ tidings }) => {
    const server = await tidings();
    const many = Array.from({ length: 5 }, (_, i) => `news${i}`);
    const before = await listen(urlOf(server));
    await server.reload({ endpoint: { channels: ['ws:{user_id}', ...many] } });
    const after = await listen(urlOf(server));
    expect(await server.publish({ channels: ['broadcast', 'news4', 'ws:u1'] }, 1)).toEqual([1, 1, 2]);
    await server.reload({ endpoint: { channels: ['other'] } });
    expect(await server.publish({ channels: ['broadcast', 'news4', 'ws:u1'] }, 2)).toEqual([1, 1, 2]);
    await before.leave();
    await after.leave();
    await server.connections(0);
    expect(await server.publish({ channels: ['broadcast', 'news4', 'ws:u1'] }, 3)).toEqual([0, 0, 0]);
  });

  test('other origins', async ({ tidings }) => {
    const server = await tidings();
    const origin = 'https://a.example';
    const client = await listen(urlOf(server), { origin });
    await server.reload({ config: { origins: ['https://b.example'] } });
    expect((await refusal(urlOf(server), { origin })).status).toBe(403);
    await (await listen(urlOf(server), { origin: 'https://b.example' })).leave();
    const stats = await server.ask('/api/v1/ws/stats', { headers: { Origin: 'https://b.example' } });
    expect(stats.headers['access-control-allow-origin']).toBe('https://b.example');
    await isHeard(server, client);
    await client.leave();
  });

  test('fewer connections in all, or more', async ({ tidings }) => {
    const server = await tidings({ config: { max_connections: 2 } });
    const two = [await listen(urlOf(server)), await listen(urlOf(server))];
    expect((await refusal(urlOf(server))).status).toBe(503);
    await server.reload({ config: { max_connections: 3 } });
    expect(await server.metric('websocket_max_connections')).toBe(3);
    two.push(await listen(urlOf(server)));
    await server.reload({ config: { max_connections: 1 } });
    expect((await refusal(urlOf(server))).status).toBe(503);
    await server.connections(3);
    for (const each of two) await each.leave();
  });

  test('another size of what may be published, and the statistics closed', async ({ tidings }) => {
    const server = await tidings();
    await server.reload({ config: { publish: { max_bytes: 10 }, api: { public_stats: false } } });
    expect((await server.call('/api/v1/publish', { user: 'u', data: 'x'.repeat(20) })).status).toBe(413);
    expect((await server.ask('/api/v1/ws/stats')).status).toBe(401);
  });
});

describe.concurrent('keys', () => {
  test('of tokens: the old one is refused, the new one accepted, who is here stays', async ({ tidings }) => {
    const server = await tidings();
    const key = 'another secret that is long enough for everybody here';
    const renewed = `${server.wsUrl}?token=${server.token('u1', {}, { key })}`;
    const client = await listen(urlOf(server));
    await expectRefused(renewed, UNAUTHORIZED);
    const lines = await server.reload({ config: { jwt: { secret: key } } });
    expect(lines.join('\n')).not.toContain(key);
    await expectRefused(urlOf(server), UNAUTHORIZED);
    await (await listen(renewed)).leave();
    await isHeard(server, client);
    await client.leave();
  });

  test('in a file are read again', async ({ tidings }) => {
    const pem = (): string =>
      generateKeyPairSync('ec', { namedCurve: 'P-256' })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString();
    const file = files.file('key.pem', pem());
    const config = { jwt: { algorithms: ['HS256', 'ES256'], key_file: file } };
    const server = await tidings({ config, allowErrors: REFUSED });
    const text = JSON.stringify({ listen: '127.0.0.1:0', jwt: { secret: SECRET, ...config.jwt } });
    writeFileSync(file, 'no key');
    expect(said(await server.reload(text), /configuration mistake.*key_file/)).toHaveLength(1);
    await (await listen(urlOf(server))).leave();
    writeFileSync(file, pem());
    expect(said(await server.reload({ config }), /configuration reloaded/)).toHaveLength(1);
  });

  test('of backends, with what they were promised', async ({ tidings }) => {
    const server = await tidings({ config: { api: { keys: ['first-key', API_KEY] } } });
    const publish = (key: string): Promise<{ status: number; text: string }> =>
      server.call(
        '/api/v1/publish',
        { user: 'u1', data: 1, idempotency_key: 'same' },
        { headers: { 'X-API-Key': key } },
      );
    const client = await listen(urlOf(server));
    expect((await publish(API_KEY)).text).toContain('"deliveries":1');
    await client.leave();
    await server.connections(0);
    await server.reload({ config: { api: { keys: [API_KEY, 'third-key'] } } });
    expect((await publish('first-key')).status).toBe(401);
    // Its place in the list is another, and it is remembered all the same.
    expect((await publish(API_KEY)).text).toContain('"deliveries":1');
    expect((await publish('third-key')).text).toContain('"deliveries":0');
  });
});

describe.concurrent('endpoints', () => {
  const mine = { name: 'mine', path: '/mine', channels: ['ws:{user_id}'], attempts_per_minute: 0 };
  const other = { name: 'other', path: '/other', channels: ['other'], attempts_per_minute: 0 };
  const huleedu = { name: 'huleedu', attempts_per_minute: 0 };
  const having = (...endpoints: object[]): TidingsOptions => ({ config: { endpoints } });

  test('are added', async ({ tidings }) => {
    const server = await tidings();
    expect((await refusal(urlOf(server, 'u1', '/mine'))).status).toBe(404);
    const lines = await server.reload(having(huleedu, mine));
    expect(said(lines, /key=endpoints\.mine\.enabled before=false after=true/)).toHaveLength(1);
    const client = await listen(urlOf(server, 'u1', '/mine'));
    await isHeard(server, client);
    expect(
      await server.metric('websocket_connections_opened_total', { endpoint: 'mine', result: 'ok' }),
    ).toBe(1);
    await client.leave();
  });

  test('are removed, and who is connected there stays as it was', async ({ tidings }) => {
    const server = await tidings(having(huleedu, mine, { ...other, idle_seconds: 3 }));
    const client = await listen(urlOf(server, 'u1', '/mine'));
    const quiet = await RawClient.open(server.port, `/other?token=${server.token('u2')}`);
    const lines = await server.reload(having(huleedu));
    expect(said(lines, /key=endpoints\.(mine|other)\.enabled before=true after=false/)).toHaveLength(2);
    expect((await refusal(urlOf(server, 'u1', '/mine'))).status).toBe(404);
    await isHeard(server, client);
    // The path may go to another one.
    await server.reload(having(huleedu, { ...other, name: 'third', path: '/mine', channels: ['third'] }));
    const third = await listen(urlOf(server, 'u1', '/mine'));
    expect(await server.publish({ channels: ['ws:u1', 'third'] }, 1)).toEqual([1, 1]);
    for (let i = 0; i < 5; i++) await server.reload(having(huleedu));
    await isHeard(server, client);
    expect((await quiet.close()).code).toBe(4008);
    quiet.destroy();
    // It comes back with its number, its counters and who is still there.
    await server.reload(having(mine, huleedu, { ...other, idle_seconds: 9 }));
    const again = await listen(urlOf(server, 'u1', '/mine'));
    expect(await server.publish({ user: 'u1' }, 'both')).toEqual([2]);
    expect(
      await server.metric('websocket_connections_opened_total', { endpoint: 'mine', result: 'ok' }),
    ).toBe(2);
    for (const each of [client, third, again]) await each.leave();
    await server.connections(0);
  });

  test('are switched off and on', async ({ tidings }) => {
    const server = await tidings();
    const client = await listen(urlOf(server));
    await server.reload({ endpoint: { enabled: false, idle_seconds: 1 } });
    expect((await refusal(urlOf(server))).status).toBe(404);
    await sleep(2500);
    await isHeard(server, client);
    await server.reload({});
    await (await listen(urlOf(server))).leave();
    await client.leave();
  });

  test('that replay keep what is declared, and go on for who is there', async ({ tidings }) => {
    const server = await tidings();
    const id = 7;
    const channel = `submission:${id}`;
    const url = urlOf(server, 'u1', `/ws/submissions/${id}`);
    expect((await server.call('/api/v1/submissions', { submission_id: id })).status).toBe(201);
    const first = await listen(url);
    expect(await server.publish({ channel }, { type: 'a' })).toEqual([1]);
    await server.reload(having(huleedu, { name: 'submissions', enabled: false }));
    expect((await refusal(url)).status).toBe(404);
    expect(await server.publish({ channel }, { type: 'b' })).toEqual([1]);
    const undeclared = { channel: 'submission:8', data: 1 };
    expect((await server.call('/api/v1/publish', undeclared)).status).toBe(404);
    await server.reload({});
    const second = await listen(url);
    await server.publish({ channel }, { type: 'complete' });
    const all = ['a', 'b', 'complete'].map((type) => JSON.stringify({ type }));
    for (const each of [first, second]) {
      expect(await each.count(3)).toEqual(all);
      expect((await each.close()).code).toBe(1000);
    }
  });
});

describe.concurrent('a bad configuration', () => {
  test('changes nothing, and every mistake is a line with its place', async ({ tidings }) => {
    const server = await tidings({ allowErrors: REFUSED });
    const client = await listen(urlOf(server));
    const text = [
      'listen: 127.0.0.1:0',
      'max_connections: many',
      `jwt: { secret: ${JSON.stringify(SECRET)} }`,
      'endpoints:',
      '  - name: huleedu',
      '    idle_seconds: 1',
      '    idel_seconds: 1',
      '',
    ].join('\n');
    const lines = await server.reload(text);
    const mistakes = said(lines, /level=error msg="configuration mistake"/);
    expect(mistakes).toHaveLength(2);
    expect(mistakes[0]).toContain(`${server.file}:2:18: max_connections`);
    expect(mistakes[1]).toContain(`${server.file}:7:5: `);
    expect(mistakes[1]).toContain('idel_seconds');
    expect(said(lines, /level=error msg="configuration not reloaded" mistakes=2/)).toHaveLength(1);
    expect(said(lines, /configuration reloaded|value changed/)).toHaveLength(0);
    await sleep(2500);
    await isHeard(server, client);
    expect(await server.metric('config_reloads_total', { result: 'refused' })).toBe(1);
    expect(await server.metric('config_reloads_total', { result: 'ok' })).toBe(0);
    await server.reload({ endpoint: { connections: 1 } });
    expect(await server.metric('config_reloads_total', { result: 'ok' })).toBe(1);
    await expectRefused(urlOf(server), TOO_MANY_CONNECTIONS);
    await client.leave();
  });

  test('may be no YAML, or have more connections than descriptors', async ({ tidings }) => {
    const server = await tidings({ allowErrors: REFUSED, shell: 'ulimit -n 1000' });
    expect(said(await server.reload('listen: [\n'), /configuration mistake.*tidings\.yaml:\d+:\d+/)).toHaveLength(1);
    const lines = await server.reload({ config: { max_connections: 5000 }, endpoint: { connections: 1 } });
    expect(said(lines, /configuration not reloaded.*5000/)).toHaveLength(1);
    const two = [await listen(urlOf(server)), await listen(urlOf(server))];
    for (const each of two) await each.leave();
  });

  test('has more endpoints in the course of time than there can be', async ({ tidings }) => {
    const server = await tidings({ allowErrors: REFUSED });
    const endpoints = (head: string): object[] =>
      Array.from({ length: 40 }, (_, i) => ({ name: `${head}${i}`, path: `/${head}/${i}` }));
    await server.reload({ config: { endpoints: endpoints('a') } });
    const lines = await server.reload({ config: { endpoints: endpoints('b') } });
    expect(said(lines, /configuration not reloaded.*more than 64/)).toHaveLength(1);
    await (await listen(urlOf(server, 'u1', '/a/39'))).leave();
  });
});

describe.concurrent('what needs a restart', () => {
  test('is named each time, and the rest is taken', async ({ tidings }) => {
    const server = await tidings();
    const changed = {
      config: { listen: '127.0.0.1:1', workers: 3, keepalive_seconds: 7, store: { keep_seconds: 9 } },
      endpoint: { connections: 1 },
    };
    for (let i = 0; i < 2; i++) {
      const lines = await server.reload(changed);
      const keys = said(lines, /level=warning msg="changed value needs a restart"/).map(
        (line) => /key=(\S+)/.exec(line)![1],
      );
      expect(keys).toEqual(['listen', 'workers', 'keepalive_seconds', 'store.keep_seconds']);
      expect(said(lines, /configuration reloaded.*need_restart=4/)).toHaveLength(1);
    }
    const client = await listen(urlOf(server));
    await expectRefused(urlOf(server), TOO_MANY_CONNECTIONS);
    await client.leave();
  });

  test('is not the log', async ({ tidings }) => {
    const server = await tidings({ config: { log_level: 'info' } });
    await server.reload({ config: { log_level: 'debug' } });
    await (await listen(urlOf(server))).leave();
    await until('a line of debug', () => server.log().includes('level=debug'));
  });

  test('is not the drain, which takes no SIGHUP', async ({ tidings }) => {
    const server = await tidings({ config: { drain_delay_seconds: 60 } });
    await server.reload({ config: { drain_delay_seconds: 1 } });
    server.signal('SIGTERM');
    await until('the drain', () => server.log().includes('msg=draining'));
    server.signal('SIGHUP');
    await until('the refusal', () => server.log().includes('SIGHUP ignored'));
    expect((await server.exited).code).toBe(0);
  });
});

test('a hundred reloads under load: nothing is lost, nobody touched, memory stays', async ({ tidings }) => {
  const variants: TidingsOptions[] = [0, 1].map((odd) => ({
    endpoint: { idle_seconds: odd ? 200 : 300, connections: 0, ping_seconds: odd ? 1 : 0 },
    config: {
      workers: 2,
      log_level: 'info',
      api: { keys: odd ? ['other-key', API_KEY] : [API_KEY] },
      origins: odd ? ['https://a.example'] : [],
    },
  }));
  const server = await tidings(variants[0]);
  const clients = await Promise.all(Array.from({ length: 40 }, (_, i) => listen(urlOf(server, `u${i % 4}`))));
  let isOver = false;
  let published = 0;
  let came = 0;
  const publishing = (async () => {
    while (!isOver) expect(await server.publish({ channel: 'broadcast' }, published++)).toHaveLength(1);
  })();
  const coming = (async () => {
    while (!isOver) {
      const guest = await listen(urlOf(server, `guest${came++}`));
      await isHeard(server, guest, `guest${came - 1}`);
      await guest.leave();
    }
  })();
  const reloads = async (count: number): Promise<void> => {
    for (let i = 1; i <= count; i++) {
      expect(said(await server.reload(variants[i % 2]!), /configuration reloaded/)).toHaveLength(1);
    }
  };
  try {
    await reloads(10);
    const memory = server.rss();
    await reloads(100);
    expect(server.rss() - memory).toBeLessThan(6 * 1024 * 1024 * BLOAT);
    // Many at once come to one or some.
    for (let i = 0; i < 100; i++) server.signal('SIGHUP');
  } finally {
    isOver = true;
  }
  await Promise.all([publishing, coming]);
  expect(published).toBeGreaterThan(100);
  expect(came).toBeGreaterThan(10);
  const all = Array.from({ length: published }, (_, i) => `${i}`);
  for (const client of clients) expect(await client.count(published, 20_000)).toEqual(all);
  await server.connections(clients.length);
  expect(await server.metric('websocket_close_total', { code: '1006' })).toBe(0);
  expect(await server.metric('config_reloads_total', { result: 'ok' })).toBeGreaterThan(110);
  for (const client of clients) await client.leave();
  await server.connections(0);
}, 120_000 * SLOWNESS);
