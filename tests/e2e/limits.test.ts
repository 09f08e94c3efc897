// SPDX-License-Identifier: MIT
// Every limit of an endpoint: what it allows, where it bites, in which words, and that nobody else notices.
import { describe, expect } from 'vitest';
import { MIB } from './support/echo';
import { binary, more, OP, ping, pong, text } from './support/frame';
import { RawClient } from './support/rawClient';
import {
  expectRefused,
  expectWords,
  TOO_MANY_ATTEMPTS,
  TOO_MANY_CONNECTIONS,
  UNAUTHORIZED,
  type Words,
} from './support/refused';
import { BLOAT, SLOWNESS, test, type Tidings } from './support/tidings';
import { IS_TLS } from './support/tls';
import { sleep, until, within } from './support/wait';
import { dial, listen, mayStay, refusal, type Listener } from './support/wsClient';

const urlOf = (server: Tidings, user = 'u1'): string => `${server.wsUrl}?token=${server.token(user)}`;
const openRaw = (server: Tidings, user = 'u1', options: { from?: string } = {}): Promise<RawClient> =>
  RawClient.open(server.port, `/ws?token=${server.token(user)}`, {}, options);

const TOO_MANY_MESSAGES: Words = { ...TOO_MANY_ATTEMPTS, message: expect.any(String) as unknown as string };

/** Of so many clients at once, how many stay, and what became of the others. */
async function crowd(
  count: number,
  connect: (i: number) => Listener,
): Promise<{ stay: Listener[]; codes: number[] }> {
  const all = Array.from({ length: count }, (_, i) => connect(i));
  const stays = await Promise.all(all.map(mayStay));
  const refused = all.filter((_, i) => !stays[i]);
  const codes = await Promise.all(refused.map(async (each) => (await each.close()).code));
  return { stay: all.filter((_, i) => stays[i]), codes };
}

describe.concurrent('connections of a user', () => {
  test('five, and the sixth is refused while the others stay', async ({ tidings }) => {
    const server = await tidings();
    const five: Listener[] = [];
    for (let i = 0; i < 5; i++) five.push(await listen(urlOf(server)));
    await expectRefused(urlOf(server), TOO_MANY_CONNECTIONS);
    await expectRefused(urlOf(server), TOO_MANY_CONNECTIONS);

    const other = await listen(urlOf(server, 'u2'));
    expect(await server.publish({ users: ['u1', 'u2'] }, 'all')).toEqual([5, 1]);
    for (const each of [...five, other]) expect(await each.next()).toBe('"all"');

    await five[2]!.leave();
    await server.connections(5);
    await (await listen(urlOf(server))).leave();
    for (const each of [...five.filter((_, i) => i !== 2), other]) await each.leave();
  });

  test('are counted right when all come at once, on every worker', async ({ tidings }) => {
    const server = await tidings({ endpoint: { connections: 20 }, config: { workers: 2 } });
    const { stay, codes } = await crowd(60, () => dial(urlOf(server)));
    expect(codes).toEqual(Array(40).fill(4000));
    expect(stay).toHaveLength(20);
    expect(await server.publish({ user: 'u1' }, 1)).toEqual([20]);
    for (const each of stay) expect(await each.next()).toBe('1');

    // And right again after all have gone, some without a word.
    for (const [i, each] of stay.entries()) i % 2 ? each.socket.terminate() : each.socket.close();
    await server.connections(0);
    const again = await crowd(25, () => dial(urlOf(server)));
    expect(again.codes).toEqual(Array(5).fill(4000));
    for (const each of again.stay) await each.leave();
  });

  test('a plain GET tells it beforehand', async ({ tidings }) => {
    const server = await tidings({ endpoint: { connections: 1 } });
    const one = await listen(urlOf(server));
    const answer = await server.ask(`/ws?token=${server.token('u1')}`);
    expect(answer.status).toBe(429);
    expect(answer.json).toEqual(TOO_MANY_CONNECTIONS);
    await one.leave();
  });
});

describe.concurrent('attempts of an address', () => {
  test('ten a minute, failed ones too, then a minute of refusal', async ({ tidings }) => {
    const server = await tidings({ endpoint: { attempts_per_minute: 10, connections: 0 } });
    for (let i = 0; i < 4; i++) await (await listen(urlOf(server))).leave();
    for (let i = 0; i < 4; i++) await expectRefused(server.wsUrl, UNAUTHORIZED);
    expect((await server.ask('/ws')).status).toBe(401);
    expect((await server.ask(`/ws?token=${server.token('u1')}`)).status).toBe(426);

    const said = await expectRefused(urlOf(server), TOO_MANY_ATTEMPTS);
    expect(said.retry_after_seconds).toBeGreaterThanOrEqual(59);
    expect(said.retry_after_seconds).toBeLessThanOrEqual(60);
    // Judged before any token is read.
    await expectRefused(server.wsUrl, TOO_MANY_ATTEMPTS);
    const plain = await server.ask('/ws');
    expect(plain.status).toBe(429);
    expect(plain.json).toEqual(TOO_MANY_ATTEMPTS);
    expect(Number(plain.headers['retry-after'])).toBeGreaterThanOrEqual(58);
    expect(Number(plain.headers['retry-after'])).toBeLessThanOrEqual(60);

    await (await listen(urlOf(server), { from: '127.0.0.2' })).leave();
    expect((await server.ask('/healthz')).status).toBe(200);
  });

  test('the block is not prolonged by trying, counts down, and then all starts afresh', async ({
    tidings,
  }) => {
    const server = await tidings({ endpoint: { attempts_per_minute: 3, block_seconds: 3, connections: 0 } });
    for (let i = 0; i < 3; i++) await (await listen(urlOf(server))).leave();
    const left: number[] = [];
    const since = Date.now();
    await until(
      'the end of the block',
      async () => {
        const client = dial(urlOf(server));
        if (await mayStay(client)) return client.leave();
        expect(await client.close()).toEqual({ code: 4000, reason: 'Rate limit exceeded' });
        left.push(expectWords(client.messages[0]!, TOO_MANY_ATTEMPTS).retry_after_seconds);
        await sleep(100);
        return false;
      },
      10_000,
    );
    const took = Date.now() - since;
    expect(took).toBeGreaterThan(2_800);
    expect(took).toBeLessThan(5_000 * SLOWNESS);
    expect(left[0]).toBe(3);
    expect(left.at(-1)).toBeLessThan(3);
    expect(left).toEqual([...left].sort((a, b) => b - a));

    for (let i = 0; i < 2; i++) await (await listen(urlOf(server))).leave();
    await expectRefused(urlOf(server), TOO_MANY_ATTEMPTS);
  });

  test('are counted right when all come at once, on every worker', async ({ tidings }) => {
    const server = await tidings({
      endpoint: { attempts_per_minute: 15, connections: 0 },
      config: { workers: 2 },
    });
    const { stay, codes } = await crowd(40, (i) => dial(urlOf(server, `u${i}`)));
    expect(codes).toEqual(Array(25).fill(4000));
    expect(stay).toHaveLength(15);
    for (const each of stay) await each.leave();
  });

  test('no limit, none counted', async ({ tidings }) => {
    const server = await tidings({ endpoint: { attempts_per_minute: 0 } });
    for (let i = 0; i < 30; i++) await expectRefused(server.wsUrl, UNAUTHORIZED);
    await (await listen(urlOf(server))).leave();
  });
});

describe.concurrent('attempts behind a proxy', () => {
  const LIMITED = { attempts_per_minute: 2, connections: 0 };

  /** How often `forwarded` may try, of four times. */
  async function tries(server: Tidings, forwarded: string[] | string, from = '127.0.0.1'): Promise<number> {
    let allowed = 0;
    for (let i = 0; i < 4; i++) {
      const answer = await server.ask('/ws', { from, headers: { 'X-Forwarded-For': forwarded } });
      expect([401, 429]).toContain(answer.status);
      if (answer.status === 401) allowed++;
    }
    return allowed;
  }

  test('are those of the client that a listed proxy names', async ({ tidings }) => {
    const server = await tidings({
      endpoint: LIMITED,
      config: { trusted_proxies: ['127.0.0.1/32', '10.0.0.0/8', 'fd00::/8'] },
    });
    expect(await tries(server, '203.0.113.1')).toBe(2);
    expect(await tries(server, '203.0.113.2')).toBe(2);
    // What the client itself wrote stands to the left and is not believed.
    expect(await tries(server, '198.51.100.7, 203.0.113.2')).toBe(0);
    expect(await tries(server, '198.51.100.8, 203.0.113.3')).toBe(2);
    expect(await tries(server, '198.51.100.9, 203.0.113.3')).toBe(0);
    // Proxies on the way are passed over.
    expect(await tries(server, '203.0.113.4, 10.1.2.3, 127.0.0.1')).toBe(2);
    expect(await tries(server, '203.0.113.4')).toBe(0);
    expect(await tries(server, ['203.0.113.5', 'fd00::1, 10.0.0.1'])).toBe(2);
    expect(await tries(server, '203.0.113.5')).toBe(0);
    // Behind what cannot be read the last that could be counts.
    expect(await tries(server, '203.0.113.6, nonsense, 10.9.9.9')).toBe(2);
    expect(await tries(server, '203.0.113.7, , 10.9.9.9')).toBe(0);
    // IPv6 by /64.
    expect(await tries(server, '2001:db8::1')).toBe(2);
    expect(await tries(server, '2001:db8::2:3:4:5')).toBe(0);
    expect(await tries(server, '2001:db8:0:1::1')).toBe(2);
    // Nobody else may say so.
    expect(await tries(server, '203.0.113.9', '127.0.0.2')).toBe(2);
    expect(await tries(server, '203.0.113.10', '127.0.0.2')).toBe(0);
  });

  test('at most 16 hops are followed', async ({ tidings }) => {
    const server = await tidings({
      endpoint: LIMITED,
      config: { trusted_proxies: ['127.0.0.1/32', '10.0.0.0/8'] },
    });
    const hops = (count: number): string =>
      Array.from({ length: count }, (_, i) => `10.0.0.${i + 1}`).join(', ');
    expect(await tries(server, `203.0.113.1, ${hops(15)}`)).toBe(2);
    expect(await tries(server, '203.0.113.1')).toBe(0);
    expect(await tries(server, `203.0.113.2, ${hops(40)}`)).toBe(2);
    expect(await tries(server, '203.0.113.2')).toBe(2);
  });

  test('a proxy that is not listed is warned about, once', async ({ tidings }) => {
    const server = await tidings({ endpoint: LIMITED });
    expect(await tries(server, '203.0.113.1')).toBe(2);
    expect(await tries(server, '203.0.113.2')).toBe(0);
    const warnings = () =>
      server
        .log()
        .split('\n')
        .filter((line) => /level=warning/.test(line) && /trusted_proxies/.test(line));
    // The log is written by a thread of its own, a moment later.
    await expect.poll(warnings).toHaveLength(1);
  });
});

describe.concurrent('messages from a client', () => {
  test('over the limit end that connection and keep its user out, while the others stay', async ({
    tidings,
  }) => {
    const server = await tidings({ endpoint: { messages_per_minute: 5, block_seconds: 4, connections: 0 } });
    const [loud, sibling, other] = [
      await openRaw(server),
      await listen(urlOf(server)),
      await listen(urlOf(server, 'u2')),
    ];
    for (let i = 0; i < 4; i++) loud.write(text(`message ${i}`));
    loud.write(Buffer.concat([ping('a'), ping('b'), pong('c'), ping('d')])); // control frames do not count
    loud.write(text('ping')); // application pings do
    for (const payload of ['a', 'b', 'd']) expect((await loud.frame()).payload.toString()).toBe(payload);
    expect(JSON.parse(await loud.text()).type).toBe('pong');
    await loud.silence(100);

    loud.write(text('one too many'));
    const said = expectWords(await loud.text(), TOO_MANY_MESSAGES);
    expect(said.retry_after_seconds).toBe(4);
    expect(await loud.close()).toEqual({ code: 4000, reason: 'Rate limit exceeded' });
    loud.finish();
    expect(await loud.end()).toBe('end');

    const since = Date.now();
    const refused = await expectRefused(urlOf(server), TOO_MANY_MESSAGES);
    expect(refused.retry_after_seconds).toBeGreaterThanOrEqual(1);
    expect(refused.retry_after_seconds).toBeLessThanOrEqual(4);
    await expectRefused(urlOf(server), TOO_MANY_MESSAGES, { from: '127.0.0.3' });
    const third = await listen(urlOf(server, 'u3'));
    expect(await server.publish({ users: ['u1', 'u2', 'u3'] }, 'on')).toEqual([1, 1, 1]);
    for (const each of [sibling, other, third]) expect(await each.next()).toBe('"on"');

    const back = await until('the end of the block', async () => {
      const client = dial(urlOf(server));
      return (await mayStay(client)) && client;
    });
    expect(Date.now() - since).toBeGreaterThan(1_500);
    for (const each of [sibling, other, third, back]) await each.leave();
  });

  test('a hundred a minute by default, counted for each connection', async ({ tidings }) => {
    const server = await tidings();
    const [one, two] = [await openRaw(server), await openRaw(server)];
    for (const each of [one, two]) each.write(Buffer.concat(Array.from({ length: 100 }, () => text('x'))));
    await Promise.all([one.silence(200), two.silence(0)]);
    one.write(binary('x'));
    expectWords(await one.text(), TOO_MANY_MESSAGES);
    expect((await one.close()).code).toBe(4000);
    await two.silence(100);
    one.destroy();
    two.destroy();
  });

  test('fragments are one message', async ({ tidings }) => {
    const server = await tidings({ endpoint: { messages_per_minute: 2 } });
    const client = await openRaw(server);
    client.write(text('', { fin: false }));
    for (let i = 0; i < 10; i++) client.write(Buffer.from([0x00, 0x80, 0, 0, 0, 0]));
    client.write(Buffer.from([0x80, 0x80, 0, 0, 0, 0]));
    client.write(text('two'));
    await client.silence(100);
    client.write(text('three'));
    expectWords(await client.text(), TOO_MANY_MESSAGES);
    client.destroy();
  });

  // TLS is not worth another minute.
  test.skipIf(IS_TLS)('a minute is a minute from the first', { timeout: 100_000 }, async ({ tidings }) => {
    const server = await tidings({ endpoint: { messages_per_minute: 3, attempts_per_minute: 2 } });
    const client = await openRaw(server);
    const since = Date.now();
    client.write(text('1'));
    await sleep(40_000);
    client.write(Buffer.concat([text('2'), text('3')]));
    await sleep(since + 61_500 - Date.now());
    expect((await server.ask('/ws')).status).toBe(401);
    client.write(Buffer.concat([text('1'), text('2'), text('3')]));
    await client.silence(200);
    client.write(text('4'));
    expectWords(await client.text(), TOO_MANY_MESSAGES);
    expect((await server.ask('/ws')).status).toBe(401);
    expect((await server.ask('/ws')).status).toBe(429);
    client.destroy();
  });

  test('64 KiB are taken, a byte more is too big', async ({ tidings }) => {
    const server = await tidings();
    const client = await openRaw(server);
    client.write(text('x'.repeat(65_536)));
    client.write(binary(Buffer.alloc(65_536)));
    await client.silence(200);
    client.write(text('x'.repeat(65_537)));
    expect((await client.close()).code).toBe(1009);
    client.finish();
    expect(await client.end()).toBe('end');
    expect(await server.metric('websocket_close_total', { code: '1009' })).toBe(1);
  });
});

describe.concurrent('messages that mean nothing', () => {
  test('are ignored, and only noted at debug', async ({ tidings }) => {
    const server = await tidings();
    const client = await openRaw(server);
    for (const each of [
      text('not json: secret-payload'),
      text('{"type":"subscribe"}'),
      text('[]'),
      text(''),
      binary('{"type":"ping"}x'),
      text('pinging'),
      text('"ping"'),
      text('{"type":"pong"}'),
      text('{"type":"ping"'),
      text('{"data":{"type":"ping"}}'),
    ]) {
      client.write(each);
    }
    await client.silence(200);
    expect(await server.publish({ user: 'u1' }, 1)).toEqual([1]);
    expect(await client.text()).toBe('1');
    expect(server.log()).not.toContain('secret-payload');
    expect(await server.metric('websocket_messages_received_total')).toBe(10);
    client.destroy();
  });

  test('are not kept in memory while they come', async ({ tidings }) => {
    const server = await tidings({ endpoint: { connections: 0 } });
    const clients = await Promise.all(Array.from({ length: 200 }, () => openRaw(server)));
    const before = server.rss();
    for (const each of clients) await each.written(text('x'.repeat(65_536)).subarray(0, -1));
    expect(await server.publish({ user: 'u1' }, 1)).toEqual([200]);
    for (const each of clients) expect(await each.text()).toBe('1');
    expect(server.rss() - before).toBeLessThan(3 * MIB * BLOAT);
    for (const each of clients) each.destroy();
  });

  test('are judged all the same', async ({ tidings }) => {
    const server = await tidings({ endpoint: { connections: 0 } });
    const client = await openRaw(server);
    client.write(text(Buffer.from([0x61, 0xff])));
    expect((await client.close()).code).toBe(1007);
    client.destroy();
  });
});

describe.concurrent('application pings', () => {
  test.for([
    'ping',
    '{"type":"ping"}',
    ' {\t"type" :\r\n "ping" } ',
    '{"id":7,"type":"ping","nested":{"type":"other"}}',
    '{"\\u0074ype":"pin\\u0067"}',
  ])('%s', async (message, { tidings }) => {
    const server = await tidings();
    const client = await openRaw(server);
    const before = Date.now();
    client.write(text(message));
    const answer = await client.text();
    const said = JSON.parse(answer);
    expect(Object.keys(said)).toEqual(['type', 'timestamp']);
    expect(said.type).toBe('pong');
    expect(said.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    expect(Math.abs(Date.parse(said.timestamp) - before)).toBeLessThan(2_000);
    client.write(
      Buffer.concat([text(message.slice(0, 3), { fin: false }), pong(), frameOf(message.slice(3))]),
    );
    expect(JSON.parse(await client.text()).type).toBe('pong');
    client.destroy();
  });
  const frameOf = (rest: string): Buffer => {
    const bytes = text(rest);
    bytes[0] = 0x80; // the last fragment
    return bytes;
  };
});

describe.concurrent('silence', () => {
  test('ends a connection of which nothing is heard with 4008', async ({ tidings }) => {
    const server = await tidings({ endpoint: { idle_seconds: 2 } });
    const since = Date.now();
    const [quiet, talking, answering] = [await openRaw(server), await openRaw(server), await openRaw(server)];
    const chatter = setInterval(() => {
      talking.write(text('hm'));
      answering.write(pong());
    }, 500);
    try {
      // Being spoken to is not being heard.
      const publishing = setInterval(() => void server.publish({ channel: 'broadcast' }, 'news'), 700);
      const { frames, close } = await quiet.untilClose();
      clearInterval(publishing);
      expect(close.code).toBe(4008);
      expect(frames.every((each) => each.payload.toString() === '"news"')).toBe(true);
      const took = Date.now() - since;
      expect(took).toBeGreaterThan(1_900);
      expect(took).toBeLessThan(4_500 * SLOWNESS);
      await sleep(2_000);
      expect(talking.ending).toBeUndefined();
      expect(answering.ending).toBeUndefined();
      expect(await server.publish({ user: 'u1' }, 1)).toEqual([2]);
    } finally {
      clearInterval(chatter);
      for (const each of [quiet, talking, answering]) each.destroy();
    }
  });

  test('is broken by the server itself where it pings', async ({ tidings }) => {
    const server = await tidings({ endpoint: { ping_seconds: 1, idle_seconds: 3 } });
    const since = Date.now();
    const [dead, alive] = [await openRaw(server), await listen(urlOf(server))];
    const { frames, close } = await dead.untilClose();
    expect(close.code).toBe(4008);
    expect(Date.now() - since).toBeLessThan(6_000 * SLOWNESS);
    expect(frames.length).toBeGreaterThanOrEqual(2);
    expect(frames.length).toBeLessThanOrEqual(5);
    for (const each of frames) expect(each.opcode).toBe(OP.ping);
    await sleep(2_500); // `ws` answers pings by itself
    expect(alive.pings.length).toBeGreaterThanOrEqual(3);
    expect(alive.socket.readyState).toBe(1);
    await alive.leave();
    dead.destroy();
  });

  test('is no matter with no limit', async ({ tidings }) => {
    const server = await tidings({ endpoint: { idle_seconds: 0, ping_seconds: 0 } });
    const client = await openRaw(server);
    await client.silence(3_000);
    client.destroy();
  });
});

describe.concurrent('messages that are begun', () => {
  test('must be finished in time, else 4008, however one answers and trickles', async ({ tidings }) => {
    const mine = { inbound: 'echo', connections: 0, attempts_per_minute: 0 };
    const endpoints = [
      { name: 'huleedu', ...mine, unfinished_seconds: 2 },
      { name: 'patient', path: '/patient', ...mine, unfinished_seconds: 0 },
    ];
    const server = await tidings({ config: { workers: 1, endpoints } });
    const since = Date.now();
    const patient = await RawClient.open(server.port, `/patient?token=${server.token('u1')}`);
    patient.write(text('at ', { fin: false }));
    const fair = await openRaw(server);
    fair.write(Buffer.concat([text('in ', { fin: false }), ping('seen?')]));
    expect((await fair.frame()).opcode).toBe(OP.pong);
    fair.write(more('time'));
    expect(await fair.text()).toBe('in time');

    const late = await Promise.all(Array.from({ length: 4 }, () => openRaw(server)));
    const [fragment, head, trickle, control] = late as [RawClient, RawClient, RawClient, RawClient];
    fragment.write(text('x'.repeat(60_000), { fin: false }));
    head.write(text('x').subarray(0, 1));
    const drops = text('x'.repeat(1_000));
    let dropped = 0;
    control.write(ping('x').subarray(0, 4));
    const chatter = setInterval(() => {
      fragment.write(Buffer.concat([ping(), more('x', { fin: false })]));
      trickle.write(drops.subarray(dropped, ++dropped));
    }, 200);
    for (const each of late) {
      const { frames, close } = await each.untilClose();
      expect(close).toEqual({ code: 4008, reason: 'Message not finished in time' });
      expect(frames.every((frame) => frame.opcode === OP.pong)).toBe(true);
    }
    clearInterval(chatter);
    expect(Date.now() - since).toBeGreaterThan(1_900);
    expect(await server.metric('websocket_close_total', { code: '4008' })).toBe(4);

    // Who was in time and said nothing since is still there, and so is who has no limit.
    expect(fair.ending).toBeUndefined();
    patient.write(more('last'));
    expect(await patient.text()).toBe('at last');
    expect(await server.metric('websocket_unfinished_bytes')).toBe(0);
    for (const each of [...late, fair, patient]) each.destroy();
  });
});

describe.concurrent('slow consumers', () => {
  const LARGE = 'x'.repeat(60_000);

  test('go with 4013 once too much waits for them, and nobody else notices', async ({ tidings }) => {
    const server = await tidings({ endpoint: { max_queue_bytes: 200_000, connections: 0 } });
    const before = server.rss();
    const slow = await openRaw(server, 'slow');
    const quick = await Promise.all([listen(urlOf(server, 'q1')), listen(urlOf(server, 'q2'))]);
    slow.pause();
    let count = 0;
    let reached = 3;
    // 24 MB are more than all the kernel's buffers. Some more after it is gone, and not so many that its time is over.
    for (let more = 10; count < 400 && more > 0; count++) {
      const [deliveries] = await server.publish({ channel: 'broadcast' }, { i: count, LARGE });
      reached = Math.min(reached, deliveries!);
      if (reached < 3) more--;
    }
    expect(reached).toBe(2);
    for (const each of quick) {
      const got = await each.count(count);
      expect(got.map((message) => JSON.parse(message).i)).toEqual(Array.from({ length: count }, (_, i) => i));
    }
    await until(
      'the metric',
      async () => (await server.metric('websocket_close_total', { code: '4013' })) === 1,
    );
    expect(server.rss() - before).toBeLessThan(32 * MIB * BLOAT);

    // What it reads in the end is in order, without a gap, and the reason comes last.
    slow.resume();
    const { frames, close } = await slow.untilClose();
    expect(close.code).toBe(4013);
    expect(frames.map((each) => JSON.parse(each.payload.toString()).i)).toEqual(frames.map((_, i) => i));
    expect(frames.length).toBeLessThan(count);
    slow.destroy();
    for (const each of quick) await each.leave();
  });

  test('go with 4013 when what waits is not written in time', async ({ tidings }) => {
    const server = await tidings({
      endpoint: { max_queue_bytes: 32 * MIB, write_seconds: 1, connections: 0 },
    });
    const [slow, quick] = [await openRaw(server, 'slow'), await listen(urlOf(server, 'quick'))];
    slow.pause();
    const count = 250;
    for (let i = 0; i < count; i++) await server.publish({ channel: 'broadcast' }, { i, LARGE });
    await until(
      'the metric',
      async () => (await server.metric('websocket_close_total', { code: '4013' })) === 1,
      6_000,
    );
    expect(await quick.count(count)).toHaveLength(count);
    expect(await server.publish({ channel: 'broadcast' }, 1)).toEqual([1]);
    await quick.leave();
    slow.destroy();
  });

  test('a burst that the kernel takes is no matter', async ({ tidings }) => {
    const server = await tidings({ endpoint: { max_queue_bytes: 65_536 } });
    const client = await listen(urlOf(server));
    const commands = Array.from({ length: 200 }, (_, i) => ({
      publish: { user: 'u1', data: { i, filler: 'x'.repeat(4_000) } },
    }));
    const answer = await server.call('/api/v1/batch', { commands });
    expect(answer.status).toBe(200);
    const got = await client.count(200);
    expect(got.map((message) => JSON.parse(message).i)).toEqual(commands.map((_, i) => i));
    await client.leave();
  });
});

describe.concurrent('notifications', () => {
  test('larger than the endpoint takes are not sent there, and counted', async ({ tidings }) => {
    const server = await tidings({ endpoint: { max_notification_bytes: 100 } });
    const clients = [await listen(urlOf(server)), await listen(urlOf(server))];
    const fits = `"${'x'.repeat(98)}"`;
    const over = `"${'x'.repeat(99)}"`;
    const answer = await server.call('/api/v1/publish', `{"user":"u1","data":${over}}`);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ published: [{ channel: 'ws:u1', deliveries: 0, skipped: 2 }] });
    expect(await server.publishText({ user: 'u1' }, fits)).toEqual([2]);
    for (const each of clients) {
      expect(await each.next()).toBe(fits);
      expect(each.messages).toHaveLength(1);
      await each.leave();
    }
    expect(await server.metric('websocket_messages_dropped_total')).toBeGreaterThanOrEqual(1);
  });

  test('larger than may be published are 413', async ({ tidings }) => {
    const server = await tidings({ config: { publish: { max_bytes: 1000 } } });
    const fits = await server.call('/api/v1/publish', `{"user":"u1","data":"${'x'.repeat(998)}"}`);
    expect(fits.status).toBe(200);
    const over = await server.call('/api/v1/publish', `{"user":"u1","data":"${'x'.repeat(999)}"}`);
    expect(over.status).toBe(413);
    expect(over.json.error.message).toMatch(/./);
  });
});

describe.concurrent('a process', () => {
  test('that is full answers 503 before any upgrade, and the rest goes on', async ({ tidings }) => {
    const server = await tidings({ config: { max_connections: 3 } });
    const all = await Promise.all([1, 2, 3].map((i) => listen(urlOf(server, `u${i}`))));
    const answer = await refusal(urlOf(server, 'u4'));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(JSON.parse(answer.text).error.message).toMatch(/./);
    // Judged before the token.
    expect((await refusal(server.wsUrl)).status).toBe(503);
    expect((await server.ask('/healthz')).status).toBe(200);
    expect(await server.publish({ channel: 'broadcast' }, 1)).toEqual([3]);

    await all[0]!.leave();
    await server.connections(2);
    all[0] = await listen(urlOf(server, 'u4'));
    for (const each of all) await each.leave();
  });

  test('that is full on all its workers together', async ({ tidings }) => {
    const server = await tidings({ config: { max_connections: 20, workers: 2 } });
    const all = Array.from({ length: 50 }, (_, i) => dial(urlOf(server, `u${i}`)));
    await Promise.all(all.map((each) => each.opened.catch(() => undefined)));
    await server.connections(20);
    const open = all.filter((each) => each.socket.readyState === 1);
    expect(open).toHaveLength(20);
    for (const each of open) await within(5_000, 'leaving', each.leave());
  });

  test('bounds what all clients together leave unfinished', async ({ tidings }) => {
    const server = await tidings({
      endpoint: { connections: 0, inbound: 'echo' }, // of what is ignored next to nothing is kept
      config: { unfinished_bytes_max: MIB },
    });
    const listener = await listen(urlOf(server, 'listener'));
    const greedy = await Promise.all(Array.from({ length: 40 }, (_, i) => openRaw(server, `greedy-${i}`)));
    for (const each of greedy) each.write(binary(Buffer.alloc(60_000)).subarray(0, -1));
    await until('the first to be refused', () => greedy.some((each) => each.rest().length > 0));
    await sleep(200);
    const refused = greedy.filter((each) => each.rest().length > 0);
    // 40 times 60000 bytes are more than twice of what there is.
    expect(refused.length).toBeGreaterThan(10);
    expect(refused.length).toBeLessThan(40);
    for (const each of refused) expect((await each.close()).code).toBe(1013);
    for (const each of greedy) each.destroy();
    expect(await server.publish({ user: 'listener' }, 1)).toEqual([1]);
    expect(await listener.next()).toBe('1');
    // What they held is there again.
    await server.connections(1);
    const next = await openRaw(server, 'next');
    next.write(binary(Buffer.alloc(60_000)));
    expect((await next.message()).payload).toHaveLength(60_000);
    next.destroy();
    await listener.leave();
  });

  test('bounds what waits for all clients together', async ({ tidings }) => {
    const server = await tidings({
      endpoint: { connections: 0, max_queue_bytes: 64 * MIB, max_notification_bytes: 65_536 },
      config: { queue_bytes_max: 4 * MIB },
    });
    const quick = await listen(urlOf(server, 'quick'));
    const slow = await Promise.all(Array.from({ length: 4 }, (_, i) => openRaw(server, `slow-${i}`)));
    for (const each of slow) each.pause();
    const filler = 'x'.repeat(60_000);
    const count = 200; // 12 MB for each
    for (let i = 0; i < count; i++) await server.publish({ channel: 'broadcast' }, filler);
    await until(
      'slow ones to go',
      async () => ((await server.metric('websocket_close_total', { code: '4013' })) ?? 0) > 0,
    );
    expect(await server.metric('websocket_queued_bytes')).toBeLessThan(5 * MIB);
    expect(await quick.count(count)).toHaveLength(count);
    for (const each of slow) each.destroy();
    await server.connections(1);
    await until('all that waited to be given back', async () => (await server.metric('websocket_queued_bytes')) === 0);
    await quick.leave();
  });

  test('outlives a crowd that connects and says nothing', async ({ tidings }) => {
    const server = await tidings({ config: { max_connections: 20, handshake_seconds: 1 } });
    const listener = await listen(urlOf(server));
    const crowd = await Promise.all(Array.from({ length: 1_000 }, () => RawClient.connect(server.port, { bare: true })));
    expect(await listener.socket.readyState).toBe(1);
    await until(
      'the crowd to be gone',
      () => crowd.every((each) => each.ending !== undefined),
      10_000,
    );
    expect(await server.publish({ user: 'u1' }, 1)).toEqual([1]);
    expect(await listener.next()).toBe('1');
    await (await listen(urlOf(server))).leave();
    await listener.leave();
    for (const each of crowd) each.destroy();
  });
});
