// SPDX-License-Identifier: MIT
// Several nodes over one Redis: what one hears all hear, and what must be shared is shared. The foreign clients are
// redis-cli, curl's cousins and npm's `ws`.
import { describe, expect, test } from 'vitest';
import { declare, hear, nodeOptions, startNode, startNodes, submission, watch } from './support/nodes';
import { Proxy } from './support/proxy';
import { RedisClient, startRedis } from './support/redis';
import { run } from './support/run';
import { API_KEY, SLOWNESS, startTidings, type Tidings } from './support/tidings';
import { sleep, until } from './support/wait';
import { dial } from './support/wsClient';

const stopAll = (...nodes: Tidings[]) => Promise.all(nodes.map((node) => node.stop()));
const types = (texts: string[]) => texts.map((text) => JSON.parse(text).type);

describe('one message, every node', () => {
  test('a plain PUBLISH reaches the user on every node byte for byte', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const ears = [await hear(a!, 'u1'), await hear(b!, 'u1'), await hear(b!, 'u1')];
    const other = await hear(b!, 'u2');
    const text = '{"notification_type" : "batch_results_ready",\t"n": 1e400, "s":"\\u00e9é𝄞"}';
    expect(redis.cli('PUBLISH', 'ws:u1', text)).toBe('2'); // one subscriber a node
    for (const ear of ears) expect(await ear.next()).toBe(text);
    redis.cli('PUBLISH', 'broadcast', '{"to":"all"}');
    for (const ear of [...ears, other]) expect(await ear.next()).toBe('{"to":"all"}');
    expect(other.messages.length).toBe(1);
    await stopAll(a!, b!);
  });

  test('what is published on one node is heard on all, and by other subscribers, as it stood', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const near = await hear(a!, 'u1');
    const far = await hear(b!, 'u1');
    const foreign = await RedisClient.to(redis);
    foreign.send('SUBSCRIBE', 'ws:u1');
    await foreign.hears(/subscribe\r\n/);
    const data = '{"a": 1,   "b":[1.0, "x"]}';
    // Deliveries are those of the node that was asked.
    expect(await a!.publishText({ user: 'u1' }, data)).toEqual([1]);
    expect(await near.next()).toBe(data);
    expect(await far.next()).toBe(data);
    await foreign.hears(new RegExp(`message\\r\\n\\$5\\r\\nws:u1\\r\\n\\$${data.length}\\r\\n`));
    expect((await b!.call('/api/v1/broadcast', '{"data":7}')).json).toEqual({
      published: [{ channel: 'broadcast', deliveries: 1 }],
    });
    for (const ear of [near, far]) expect(await ear.next()).toBe('7');
    const ran = await run(['publish', '--url', b!.url, '--key', API_KEY, '--user', 'u1', '{"by":"cli"}']);
    expect(ran.code, ran.err).toBe(0);
    for (const ear of [near, far]) expect(await ear.next()).toBe('{"by":"cli"}');
    foreign.end();
    await stopAll(a!, b!);
  });

  test('a batch is answered in order and its messages keep theirs', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const far = await hear(b!, 'u1');
    const commands = Array.from({ length: 1000 }, (_, n) => ({ publish: { user: 'u1', data: n } }));
    commands.splice(500, 0, { publish: { user: '', data: 0 } });
    commands.pop();
    const answer = await a!.call('/api/v1/batch', { commands });
    expect(answer.status).toBe(200);
    expect(answer.json.results[500].error.code).toBe('invalid_user');
    const good = answer.json.results.filter((one: { published?: unknown }) => one.published);
    expect(good.length).toBe(999);
    const heard = await far.count(999, 20_000);
    expect(heard.map(Number)).toEqual(Array.from({ length: 999 }, (_, n) => n));
    await stopAll(a!, b!);
  });

  test('pipelined publishes on one connection arrive in their order', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const ears = [await hear(a!, 'u1'), await hear(b!, 'u1')];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => a!.call('/api/v1/publish', { user: 'u1', data: { n } })),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    const [first, second] = await Promise.all(ears.map((ear) => ear.count(50)));
    expect(first).toEqual(second); // whatever it was, all listeners had the same
    await stopAll(a!, b!);
  });

  test('who has seen the handshake answered misses nothing that is published then, on any node', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    for (let n = 0; n < 50; n++) {
      const ear = await hear(a!, `new${n}`);
      await b!.publish({ user: `new${n}` }, { n });
      expect(JSON.parse(await ear.next()).n).toBe(n);
    }
    await stopAll(a!, b!);
  });

  test('what is no UTF-8 or too large is dropped, counted and logged', async () => {
    const redis = await startRedis();
    const node = await startNode(redis, { config: { publish: { max_bytes: 1000 } } });
    const ear = await hear(node, 'u1');
    const client = await RedisClient.to(redis);
    client.send('PUBLISH', 'ws:u1', Buffer.from([0x22, 0xff, 0x22]));
    client.send('PUBLISH', 'ws:u1', 'x'.repeat(1001));
    client.send('PUBLISH', 'ws:u1', 'x'.repeat(1000));
    expect((await ear.next()).length).toBe(1000);
    expect(ear.messages.length).toBe(1);
    expect(await node.metric('websocket_messages_dropped_total', { reason: 'not_utf8' })).toBe(1);
    expect(await node.metric('websocket_messages_dropped_total', { reason: 'larger_than_publish_allows' })).toBe(1);
    await expect.poll(() => node.log()).toMatch(/published message dropped.*ws:u1/);
    client.end();
    await node.stop();
  });
});

describe('subscriptions', () => {
  const subscribers = (redis: { cli: (...args: string[]) => string }, channel: string) =>
    Number(redis.cli('PUBSUB', 'NUMSUB', channel).split('\n')[1]);

  test('a node listens from its first listener until some seconds after its last', async () => {
    const redis = await startRedis();
    const node = await startNode(redis);
    expect(subscribers(redis, 'ws:u1')).toBe(0);
    const first = await hear(node, 'u1');
    const second = await hear(node, 'u1');
    expect(subscribers(redis, 'ws:u1')).toBe(1);
    await first.leave();
    await second.leave();
    await sleep(1000);
    expect(subscribers(redis, 'ws:u1')).toBe(1); // who reconnects costs nothing
    const commands = () => Number(/cmdstat_subscribe:calls=(\d+)/.exec(redis.cli('INFO', 'commandstats'))![1]);
    const before = commands();
    await (await hear(node, 'u1')).leave();
    expect(commands()).toBe(before);
    await until('the end of the subscription', () => subscribers(redis, 'ws:u1') === 0, 20_000);
    await node.stop();
  });

  test('thousands come and go with few commands', async () => {
    const redis = await startRedis();
    const node = await startNode(redis, { config: { log_level: 'info' } });
    const count = 1500;
    const ears = await Promise.all(Array.from({ length: count }, (_, n) => hear(node, `crowd${n}`)));
    expect(subscribers(redis, `ws:crowd${count - 1}`)).toBe(1);
    await Promise.all(ears.map((ear) => ear.leave()));
    await until('all subscriptions to end', () => redis.cli('PUBSUB', 'CHANNELS', 'ws:*') === '', 30_000);
    await node.stop();
  });
});

describe('submissions', () => {
  test('declared on one node they are known on all and replay completely on each', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const number = await declare(a!, { owner: 'anna' });
    expect(await declare(b!, { submission_id: number, owner: 'anna' })).toBe(number);
    expect((await b!.call('/api/v1/submissions', { submission_id: number, owner: 'bert' })).status).toBe(409);
    const early = await watch(b!, number);
    await a!.publish(submission(number), { type: 'progress', n: 1 });
    await b!.publish(submission(number), { type: 'progress', n: 2 });
    expect((await early.count(2)).map((text) => JSON.parse(text).n)).toEqual([1, 2]);
    const late = await watch(a!, number);
    expect((await late.count(2)).map((text) => JSON.parse(text).n)).toEqual([1, 2]);
    // A raw PUBLISH is live only.
    redis.cli('PUBLISH', `submission:${number}`, '{"type":"raw"}');
    await early.count(3);
    await late.count(3);
    await a!.publish(submission(number), { type: 'complete' });
    for (const watcher of [early, late]) {
      expect((await watcher.close()).code).toBe(1000);
      expect(types(watcher.messages)).toEqual(['progress', 'progress', 'raw', 'complete']);
    }
    const after = await watch(b!, number);
    expect((await after.close()).code).toBe(1000);
    expect(types(after.messages)).toEqual(['progress', 'progress', 'complete']);
    for (const node of [a!, b!]) {
      const state = await node.ask(`/api/v1/submissions/${number}`, { headers: { 'X-API-Key': API_KEY } });
      expect([state.status, state.json.status, state.json.owner]).toEqual([200, 'complete', 'anna']);
      const stranger = await node.ask(`/api/v1/submissions/${number}`, {
        headers: { Authorization: `Bearer ${node.token('bert')}` },
      });
      expect(stranger.status).toBe(404);
    }
    await stopAll(a!, b!);
  });

  test('who may not watch is told so, on every node', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const number = await declare(a!, { owner: 'anna' });
    const stranger = dial(`ws://${b!.address}/ws/submissions/${number}?token=${b!.token('bert')}`);
    expect((await stranger.close()).code).toBe(4003);
    const nothing = dial(`ws://${b!.address}/ws/submissions/${number + 1}?token=${b!.token('bert')}`);
    expect((await nothing.close()).code).toBe(4004);
    const unknown = await b!.call('/api/v1/publish', { ...submission(number + 1), data: {} });
    expect([unknown.status, unknown.json.error.code]).toEqual([404, 'not_declared']);
    await stopAll(a!, b!);
  });

  test('they outlive a restart of every node, and numbers go on', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const number = await declare(a!);
    for (let n = 0; n < 20; n++) await (n % 2 ? a! : b!).publish(submission(number), { type: 'progress', n });
    await stopAll(a!, b!);
    const again = await startNode(redis);
    const watcher = await watch(again, number);
    expect((await watcher.count(20)).map((text) => JSON.parse(text).n)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(await declare(again)).toBe(number + 1);
    await again.stop();
  });

  test('a late watcher sees no gap and no duplicate while both nodes publish', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2, { config: { log_level: 'info' } });
    const number = await declare(a!);
    const total = 400;
    let n = 0;
    const publishing = (async () => {
      while (n < total) {
        const mine = n++;
        await (mine % 2 ? a! : b!).publish(submission(number), { type: 'progress', n: mine });
      }
      await a!.publish(submission(number), { type: 'complete' });
    })();
    const watchers = [];
    while (n < total - 50) {
      watchers.push(await watch(watchers.length % 2 ? a! : b!, number).catch(() => undefined));
      await sleep(20);
      if (watchers.length >= 8) break;
    }
    await publishing;
    for (const watcher of watchers) {
      expect((await watcher!.close(20_000)).code).toBe(1000);
      const heard = watcher!.messages.map((text) => JSON.parse(text));
      expect(heard.pop().type).toBe('complete');
      expect(heard.map((one) => one.n)).toEqual(Array.from({ length: total }, (_, i) => i));
    }
    await stopAll(a!, b!);
  }, 60_000 * SLOWNESS);

  test('a history that is full takes no more, whichever node is asked', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2, { config: { store: { channel_messages: 3 } } });
    const number = await declare(a!);
    for (let n = 0; n < 3; n++) await b!.publish(submission(number), { n });
    const full = await a!.call('/api/v1/publish', { ...submission(number), data: {} });
    expect([full.status, full.json.error.code]).toEqual([409, 'history_full']);
    await stopAll(a!, b!);
  });

  test('what nothing has happened to expires, what is watched stays', async () => {
    const redis = await startRedis();
    const node = await startNode(redis, { config: { store: { keep_seconds: 3 } } });
    const left = await declare(node);
    const watched = await declare(node);
    const watcher = await watch(node, watched);
    await sleep(7000);
    const ask = async (number: number) =>
      (await node.ask(`/api/v1/submissions/${number}`, { headers: { 'X-API-Key': API_KEY } })).status;
    expect(await ask(left)).toBe(404);
    expect(await ask(watched)).toBe(200);
    await watcher.leave();
    await node.stop();
  });
});

describe('what is shared', () => {
  test('an idempotency key counts on all nodes', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const ear = await hear(b!, 'u1');
    const body = { user: 'u1', data: { once: true }, idempotency_key: 'k1' };
    const first = await a!.call('/api/v1/publish', body);
    const again = await b!.call('/api/v1/publish', body);
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.json).toEqual(first.json);
    const other = await b!.call('/api/v1/publish', { ...body, data: {} });
    expect([other.status, other.json.error.code]).toEqual([422, 'idempotency_key_reused']);
    await b!.publish({ user: 'u1' }, { end: true });
    await ear.next();
    expect(await ear.next()).toBe('{"end":true}');
    await stopAll(a!, b!);
  });

  test('who was answered may repeat it anywhere at once, however far Redis is', async () => {
    const redis = await startRedis();
    const proxy = await Proxy.start(redis);
    const [near, far] = [await startNode(redis), await startNode({ url: `redis://127.0.0.1:${proxy.port}` })];
    const repeated = async (path: string, body: (key: string) => object, times: number) => {
      for (let n = 0; n < times; n++) {
        for (const [one, other] of [[near, far], [far, near]] as const) {
          const key = `${one === far}${n}`;
          const first = await one.call(path, body(key));
          const again = await other.call(path, body(key));
          expect(again.json).toEqual(first.json);
        }
      }
    };
    const publish = (key: string) => ({ user: 'u1', data: 1, idempotency_key: key });
    const batch = (key: string) => ({ commands: ['a', 'b'].map((one) => ({ publish: publish(key + one) })) });
    await repeated('/api/v1/publish', publish, 100);
    proxy.delay = 20;
    await repeated('/api/v1/batch', batch, 5);
    // Of a call that came to nothing too: it is carried out then.
    const declared = await declare(near);
    const refused = (number: number, key: string) => ({ ...submission(number), data: 1, idempotency_key: key });
    expect((await far.call('/api/v1/publish', refused(declared + 1, 'n'))).status).toBe(404);
    expect((await near.call('/api/v1/publish', refused(declared + 1, 'n'))).status).toBe(404);
    await stopAll(near, far);
    await proxy.end();
  });

  test('connections of a user are counted over all nodes, where the endpoint says so', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2, { endpoint: { limits_scope: 'cluster', connections: 3 } });
    const ears = [await hear(a!, 'u1'), await hear(b!, 'u1'), await hear(a!, 'u1')];
    const refused = await hear(b!, 'u1');
    expect((await refused.close()).code).toBe(4000);
    expect(JSON.parse(refused.messages[0]!).message).toContain('Too many');
    await (await hear(b!, 'u2')).leave();
    await ears[0]!.leave();
    await until('a free place', async () => {
      const next = await hear(b!, 'u1');
      next.socket.send('ping');
      const text = await next.next();
      if (JSON.parse(text).type === 'pong') return true;
      await next.close();
      return false;
    });
    await stopAll(a!, b!);
  });

  test('a killed node gives the places of its users back', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2, { endpoint: { limits_scope: 'cluster', connections: 2 } });
    await hear(a!, 'u1');
    await hear(a!, 'u1');
    const refused = await hear(b!, 'u1');
    expect((await refused.close()).code).toBe(4000);
    a!.signal('SIGKILL');
    await a!.exited;
    await until(
      'a place',
      async () => {
        const ear = await hear(b!, 'u1');
        ear.socket.send('ping');
        const isIn = JSON.parse(await ear.next()).type === 'pong';
        if (!isIn) await ear.close();
        if (!isIn) await sleep(500);
        return isIn;
      },
      30_000,
    );
    await b!.stop();
  }, 60_000);

  test('attempts are counted over all nodes, where the endpoint says so', async () => {
    const redis = await startRedis();
    const endpoint = { limits_scope: 'cluster', attempts_per_minute: 4, connections: 0 };
    const [a, b] = await startNodes(redis, 2, { endpoint });
    for (const node of [a!, b!, a!, b!]) await (await hear(node, 'u1')).leave();
    for (const node of [a!, b!]) {
      const refused = await hear(node, 'u1');
      expect((await refused.close()).code).toBe(4000);
      expect(JSON.parse(refused.messages[0]!).retry_after_seconds).toBeGreaterThan(50);
    }
    await stopAll(a!, b!);
  });

  test('the connections of a user are listed and ended on all nodes', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    const ears = [await hear(a!, 'u1'), await hear(b!, 'u1')];
    const other = await hear(b!, 'u2');
    const headers = { 'X-API-Key': API_KEY };
    const list = await a!.ask('/api/v1/users/u1/connections', { headers });
    expect(list.json.connections.length).toBe(2);
    expect(new Set(list.json.connections.map((one: { id: string }) => one.id)).size).toBe(2);
    const ended = await b!.ask('/api/v1/users/u1/connections', { method: 'DELETE', headers });
    expect(ended.status).toBe(200);
    for (const ear of ears) expect((await ear.close()).code).toBe(1008);
    other.socket.send('ping');
    expect(JSON.parse(await other.next()).type).toBe('pong');
    await stopAll(a!, b!);
  });

  test('figures are those of a node and of all', async () => {
    const redis = await startRedis();
    const [a, b] = await startNodes(redis, 2);
    await hear(a!, 'u1');
    await hear(b!, 'u2');
    await hear(b!, 'u3');
    await until('the total', async () => (await a!.stats()).total_connections === 3, 10_000);
    const overview = await a!.ask('/api/v1/admin/overview', { headers: { 'X-API-Key': API_KEY } });
    expect(overview.json.redis.status).toBe('up');
    expect(overview.json.nodes.length).toBe(2);
    expect(await a!.metric('redis_connected')).toBe(1);
    await stopAll(a!, b!);
  });
});

describe('how the link is made', () => {
  test('prefix and database keep two systems apart', async () => {
    const redis = await startRedis();
    const plain = await startNode(redis);
    const apart = await startTidings(nodeOptions({ url: redis.url, prefix: 'staging:' }));
    const ears = [await hear(plain, 'u1'), await hear(apart, 'u1')];
    redis.cli('PUBLISH', 'staging:ws:u1', '1');
    redis.cli('PUBLISH', 'ws:u1', '2');
    expect(await ears[0]!.next()).toBe('2');
    expect(await ears[1]!.next()).toBe('1');
    expect(await declare(plain)).toBe(await declare(apart));
    expect(redis.cli('KEYS', '*').split('\n').every((key) => /^(staging:)?tidings:/.test(key))).toBe(true);
    await stopAll(plain, apart);
    const numbered = await startTidings(nodeOptions({ url: `${redis.url}/3` }));
    await declare(numbered);
    expect(redis.cli('-n', '3', 'KEYS', '*')).toContain('tidings:');
    await numbered.stop();
  });

  test('a user with a password, and one whose password is wrong', async () => {
    const redis = await startRedis('--user default off --user tid on >s3cr%t ~* &* +@all'.split(' '));
    const node = await startTidings(nodeOptions({ url: `redis://tid:s3cr%25t@127.0.0.1:${redis.port}` }));
    const ear = await hear(node, 'u1');
    await node.publish({ user: 'u1' }, 1);
    expect(await ear.next()).toBe('1');
    await node.stop();
    expect(node.log()).not.toContain('s3cr');
  });

  test('REDIS_URL alone switches to Redis', async () => {
    const redis = await startRedis();
    const node = await startTidings({ env: { REDIS_URL: redis.url } });
    const ear = await hear(node, 'u1');
    expect(redis.cli('PUBLISH', 'ws:u1', '1')).toBe('1');
    expect(await ear.next()).toBe('1');
    await node.stop();
  });
});
