// SPDX-License-Identifier: MIT
// Submissions: declared, told about, asked about, watched from the beginning by whoever comes late.
import { describe, expect } from 'vitest';
import { inflate } from './support/deflate';
import { OP, ping } from './support/frame';
import { RawClient } from './support/rawClient';
import { API_KEY, SLOWNESS, sharedTidings, test, type Tidings, type TidingsOptions } from './support/tidings';
import { sleep, until, within } from './support/wait';
import { dial, listen, type Listener } from './support/wsClient';

type Keys = Record<string, unknown>;

/** A server whose submissions have these keys, and no limit on attempts or watchers. */
const having = (keys: Keys = {}, config: Keys = {}): TidingsOptions => ({
  config: { endpoints: [{ name: 'submissions', attempts_per_minute: 0, connections: 0, ...keys }], ...config },
});

const SUBMISSIONS = '/api/v1/submissions';
const channelOf = (id: number): string => `submission:${id}`;
const pathOf = (server: Tidings, id: number, user = 'u'): string =>
  `/ws/submissions/${id}?token=${server.token(user)}`;
const urlOf = (server: Tidings, id: number, user?: string): string =>
  `ws://${server.address}${pathOf(server, id, user)}`;
const DONE = { type: 'complete', final_status: 'passed' };
const COMPLETE = { code: 1000, reason: 'Complete' };

async function declare(server: Tidings, body: Keys = {}): Promise<number> {
  const answer = await server.call(SUBMISSIONS, body);
  expect(answer.status).toBe(201);
  return answer.json.submission_id;
}

const tell = (server: Tidings, id: number, data: unknown): Promise<number[]> =>
  server.publish({ channel: channelOf(id) }, data);

/** Publishes {"n": from} to {"n": to}, many with each call; `more` stands in each. */
async function tellAll(server: Tidings, id: number, from: number, to: number, more: Keys = {}): Promise<void> {
  const size = Math.max(1, Math.min(100, Math.floor(900_000 / JSON.stringify(more).length)));
  for (let at = from; at <= to; at += size) {
    const numbers = Array.from({ length: Math.min(size, to - at + 1) }, (_, i) => at + i);
    const commands = numbers.map((n) => ({ publish: { channel: channelOf(id), data: { n, ...more } } }));
    const answer = await server.call('/api/v1/batch', { commands });
    expect(answer.status).toBe(200);
    for (const result of answer.json.results) expect(result).toHaveProperty('published');
  }
}

/** 1 to `count`, each once. */
function expectAll(messages: string[], count: number): void {
  const wrong = messages.findIndex((message, i) => JSON.parse(message).n !== i + 1);
  expect(wrong < 0 ? 'in order' : `${wrong + 1}. is ${messages[wrong]}`).toBe('in order');
  expect(messages).toHaveLength(count);
}

async function watchAll(server: Tidings, id: number, count: number, ms = 20_000): Promise<Listener> {
  const watcher = dial(urlOf(server, id));
  expectAll(await watcher.count(count, ms), count);
  return watcher;
}

const problem = (code: string): unknown => ({ error: { code, message: expect.any(String) } });

describe.concurrent('declaring', () => {
  const server = sharedTidings(having());
  const post = async (body: unknown, options = {}): Promise<[number, unknown]> => {
    const answer = await server().call(SUBMISSIONS, body, options);
    return [answer.status, answer.json];
  };

  test('is done once, the same again changes nothing, another owner may not', async () => {
    expect(await post({ submission_id: 4001, owner: 'u1' })).toEqual([201, { submission_id: 4001 }]);
    expect(await post({ owner: 'u1', submission_id: 4001 })).toEqual([200, { submission_id: 4001 }]);
    for (const owner of ['u2', 'U1', 'u', null])
      expect(await post({ submission_id: 4001, owner })).toEqual([409, problem('other_owner')]);
    expect(await post({ submission_id: 4001 })).toEqual([409, problem('other_owner')]);
    expect(await post({ submission_id: 4002 })).toEqual([201, { submission_id: 4002 }]);
    expect(await post({ submission_id: 4002, owner: null })).toEqual([200, { submission_id: 4002 }]);
    expect(await post({ submission_id: 4002, owner: 'u1' })).toEqual([409, problem('other_owner')]);
    expect(await post('{"submission_id":4004,"owner":"Zo\\u00eb"}')).toEqual([201, { submission_id: 4004 }]);
    expect(await post({ submission_id: 4004, owner: 'Zoë' })).toEqual([200, { submission_id: 4004 }]);
  });

  test('takes any number that JavaScript holds exactly, from 1', async () => {
    for (const number of [Number.MAX_SAFE_INTEGER, 2 ** 32, 2 ** 31])
      expect(await post({ submission_id: number })).toEqual([201, { submission_id: number }]);
    for (const number of ['0', '-1', '1.5', '1.0', '1e3', '-0', '"1"', 'null', '[]', '{}', 'true', '9007199254740992'])
      expect([number, ...(await post(`{"submission_id":${number}}`))]).toEqual([number, 400, problem('invalid_request')]);
    expect((await post('{"submission_id":01}'))[0]).toBe(400);
  });

  test('takes owners that can be users', async () => {
    const id = await declare(server());
    expect(await post({ submission_id: 4100, owner: 'x'.repeat(128) })).toEqual([201, { submission_id: 4100 }]);
    for (const owner of ['""', `"${'x'.repeat(129)}"`, '"a\\u0000"', '"a\\n"', '"\\ud800"', '7', '[]', '{}', 'false'])
      expect([owner, ...(await post(`{"submission_id":${id},"owner":${owner}}`))]).toEqual([
        owner,
        400,
        problem('invalid_request'),
      ]);
  });

  test('wants one JSON object and nothing unknown in it', async () => {
    for (const body of ['{', '[]', 'null', '7', '"x"', '{"submission_id":1,}', '{"id":1}', '{"owner":"a","x":1}'])
      expect([body, (await post(body))[0]]).toEqual([body, 400]);
    for (const twice of ['{"owner":"a","owner":"a"}', '{"submission_id":1,"submission_id":1}'])
      expect([twice, ...(await post(twice))]).toEqual([twice, 400, problem('invalid_request')]);
    expect((await post(Buffer.from([0x7b, 0xff, 0x7d])))[0]).toBe(400);
    const [status, json] = await post('{\n "submission_id": x}');
    expect(status).toBe(400);
    expect(JSON.stringify(json)).toMatch(/line 2.*column/);
    for (const body of ['', '{}', ' { } ']) expect([body, (await post(body))[0]]).toEqual([body, 201]);
  });

  test('wants a key with the scope', async ({ tidings }) => {
    const headers = { 'X-API-Key': 'wrong' };
    expect(await post({}, { headers })).toEqual([401, problem('unauthorized')]);
    expect((await server().ask(SUBMISSIONS, { method: 'POST', body: '{}' })).status).toBe(401);
    const token = { Authorization: `Bearer ${server().token('u')}` };
    expect((await server().ask(SUBMISSIONS, { method: 'POST', body: '{}', headers: token })).status).toBe(401);
    expect((await server().ask(SUBMISSIONS)).status).toBe(405);

    const keys = [
      { name: 'reader', key: 'key-that-only-reads', scopes: ['read'] },
      { name: 'writer', key: 'key-that-publishes', scopes: ['publish'] },
    ];
    const scoped = await tidings(having({}, { api: { keys } }));
    const by = (key: string) => ({ headers: { 'X-API-Key': key } });
    expect((await scoped.call(SUBMISSIONS, {}, by('key-that-only-reads'))).status).toBe(403);
    expect((await scoped.call(SUBMISSIONS, {}, by('key-that-publishes'))).json).toEqual({ submission_id: 1 });
    expect((await scoped.ask(`${SUBMISSIONS}/1`, by('key-that-only-reads'))).status).toBe(200);
    expect((await scoped.ask(`${SUBMISSIONS}/1`, by('key-that-publishes'))).status).toBe(403);
    const none = await tidings(having({}, { api: { keys: [] } }));
    expect((await none.call(SUBMISSIONS, {})).status).toBe(403);
  });
});

test.concurrent('the next free number is found behind as many as there are', async ({ tidings }) => {
  const server = await tidings(having());
  expect(await declare(server)).toBe(1);
  await declare(server, { submission_id: 3 });
  expect(await declare(server)).toBe(2);
  expect(await declare(server, { owner: 'me' })).toBe(4);
  const taken = Array.from({ length: 1500 }, (_, i) => i + 5);
  for (let at = 0; at < taken.length; at += 50)
    await Promise.all(taken.slice(at, at + 50).map((submission_id) => declare(server, { submission_id })));
  expect(await declare(server)).toBe(1505);
  const at_once = await Promise.all(Array.from({ length: 50 }, () => declare(server)));
  expect(new Set(at_once).size).toBe(50);
});

test.concurrent('no more submissions than store.channels', async ({ tidings }) => {
  const server = await tidings(having({}, { store: { channels: 2 } }));
  await declare(server, { submission_id: 7 });
  await declare(server);
  for (const body of [{}, { submission_id: 8 }]) {
    const answer = await server.call(SUBMISSIONS, body);
    expect([answer.status, answer.json]).toEqual([503, problem('too_many_submissions')]);
  }
  expect((await server.call(SUBMISSIONS, { submission_id: 7 })).status).toBe(200);
});

describe.concurrent('publishing', () => {
  const server = sharedTidings(having());
  const publish = async (body: Keys): Promise<[number, any]> => {
    const answer = await server().call('/api/v1/publish', { data: 1, ...body });
    return [answer.status, answer.json];
  };

  test('to what nobody declared is 404 for the whole call', async () => {
    const id = await declare(server());
    const watcher = await listen(urlOf(server(), id));
    const user = await listen(`ws://${server().address}/ws?token=${server().token('p1')}`);
    const missing = [404, problem('not_declared')];
    for (const n of ['404404', 'x', `0${id}`, '-1', '1.0', ` ${id}`])
      expect([n, ...(await publish({ channel: `submission:${n}` }))]).toEqual([n, ...missing]);
    for (const channels of [
      [channelOf(id), 'ws:p1', channelOf(404404)],
      [channelOf(404404), channelOf(id), 'ws:p1'],
    ])
      expect(await publish({ channels })).toEqual(missing);
    // Nor is a key remembered for it.
    const once = { idempotency_key: 'not-yet', channel: channelOf(7007) };
    expect(await publish(once)).toEqual(missing);
    await declare(server(), { submission_id: 7007 });
    expect((await publish(once))[0]).toBe(200);

    const batch = await server().call('/api/v1/batch', {
      commands: [
        { publish: { channels: [channelOf(id), channelOf(404404)], data: 1 } },
        { publish: { channels: [channelOf(id), 'ws:p1'], data: { n: 1 } } },
      ],
    });
    expect(batch.json.results).toEqual([
      problem('not_declared'),
      { published: [{ channel: channelOf(id), deliveries: 1 }, { channel: 'ws:p1', deliveries: 1 }] },
    ]);
    for (const each of [watcher, user]) {
      expect(await each.next()).toBe('{"n":1}');
      await each.leave();
    }
    expectAll((await watchAll(server(), id, 1)).messages, 1);
  });

  test('keeps each in its own order, to many at once too', async () => {
    const ids = [await declare(server()), await declare(server()), await declare(server())];
    for (let n = 1; n <= 20; n++)
      await server().publish({ channels: n % 2 ? ids.map(channelOf) : ids.map(channelOf).reverse() }, { n });
    for (const id of ids) await (await watchAll(server(), id, 20)).leave();
  });

  test('the very bytes are kept', async () => {
    const id = await declare(server());
    const texts = ['{ "a":\t1e400 , "\\u00e9":"\\ud83d\\ude00\\ud800" }', 'null', '"é"', '[ ]', '12345678901234567890.0'];
    for (const text of texts) await server().publishText({ channel: channelOf(id) }, text);
    const watcher = dial(urlOf(server(), id));
    expect(await watcher.count(texts.length)).toEqual(texts);
    await watcher.leave();
  });
});

test.concurrent('a full history takes no more, and nothing is sent', async ({ tidings }) => {
  const server = await tidings(having({}, { store: { channel_messages: 5, channel_bytes: 1024 } }));
  const FULL = [409, problem('history_full')];
  const publish = async (channels: string[], data: unknown): Promise<[number, any]> => {
    const answer = await server.call('/api/v1/publish', { channels, data });
    return [answer.status, answer.json];
  };
  const [many, large, other] = [await declare(server), await declare(server), await declare(server)];
  const watchers = [await listen(urlOf(server, many)), await listen(urlOf(server, other))];
  await tellAll(server, many, 1, 5);
  expect(await publish([channelOf(many)], 1)).toEqual(FULL);
  expect(await publish([channelOf(other), channelOf(many), 'broadcast'], 1)).toEqual(FULL);
  expect(await watchers[0]!.count(5)).toHaveLength(5);

  // A JSON string of 1022 letters is 1024 bytes.
  expect(await publish([channelOf(large)], 'x'.repeat(1023))).toEqual(FULL);
  expect((await publish([channelOf(large)], 'x'.repeat(1000)))[0]).toBe(200);
  expect(await publish([channelOf(large)], 'x'.repeat(21))).toEqual(FULL);
  expect((await publish([channelOf(large)], 'x'.repeat(20)))[0]).toBe(200);
  expect(await publish([channelOf(large)], 1)).toEqual(FULL);

  await tell(server, other, { n: 1 });
  expectAll(await watchers[1]!.count(1), 1);
  for (const each of watchers) await each.leave();
  expectAll((await watchAll(server, many, 5)).messages, 5);
});

test.concurrent('the memory of all histories together has a limit', async ({ tidings }) => {
  const server = await tidings(having({}, { store: { bytes: 1 << 20, channel_messages: 100_000 } }));
  const id = await declare(server);
  // Small ones take more memory than their two bytes.
  let taken = 0;
  for (let full = false; !full && taken < 50_000; ) {
    const commands = Array.from({ length: 1000 }, () => ({ publish: { channel: channelOf(id), data: 10 } }));
    const { results } = (await server.call('/api/v1/batch', { commands })).json;
    const good = results.filter((result: any) => result.published).length;
    taken += good;
    full = good < 1000;
    for (const result of results.slice(good)) expect(result).toEqual(problem('history_full'));
  }
  expect(taken).toBeGreaterThan(3_000);
  expect(taken).toBeLessThan(20_000);
});

describe.concurrent('asking', () => {
  const server = sharedTidings(having());
  const get = (id: number | string, headers: Record<string, string> = { 'X-API-Key': API_KEY }, query = '') =>
    server().ask(`${SUBMISSIONS}/${id}${query}`, { headers });

  test('tells how it stands', async () => {
    const id = await declare(server(), { owner: 'o' });
    const state = async (): Promise<unknown> => {
      const answer = await get(id);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toMatch(/^application\/json/);
      return answer.json;
    };
    const empty = {
      submission_id: id,
      owner: 'o',
      status: null,
      final_status: null,
      summary: null,
      tests: [],
      errors: [],
    };
    expect(await state()).toEqual(empty);
    const [first, second] = [
      { test_name: 'Leader Election', status: 'passed', duration_ms: 1250, timestamp: '2024-01-15T10:40:00Z' },
      { test_name: 'Log "Replication"', status: 'failed', duration_ms: 7, timestamp: '2024-01-15T10:41:00Z' },
    ];
    const error = {
      error: 'Connection refused',
      analysis: 'no peer',
      suggestions: ['a', 'b'],
      timestamp: '2024-01-15T10:42:00Z',
    };
    await tell(server(), id, { type: 'status_update', submission_id: id, status: 'building' });
    expect(await state()).toEqual({ ...empty, status: 'building' });
    await tell(server(), id, { type: 'test_result', submission_id: id, ...first });
    await tell(server(), id, { type: 'status_update', submission_id: id, status: 'testing' });
    await tell(server(), id, { type: 'error_analysis', submission_id: id, ...error });
    await tell(server(), id, { type: 'test_result', submission_id: id, ...second });
    for (const junk of [null, 7, 'status_update', [], {}, { type: 7 }, { type: 'statusupdate', status: 'x' }])
      await tell(server(), id, junk);
    expect(await state()).toEqual({ ...empty, status: 'testing', tests: [first, second], errors: [error] });
    const summary = { total_tests: 2, passed: 1 };
    await tell(server(), id, { type: 'complete', submission_id: id, final_status: 'failed', summary });
    const done = { status: 'complete', final_status: 'failed', summary, tests: [first, second], errors: [error] };
    expect(await state()).toEqual({ ...empty, ...done });
    // A letter written otherwise is the same letter, for whoever watches and for whoever asks.
    const spelt = await declare(server());
    const watcher = await listen(urlOf(server(), spelt));
    await server().publishText({ channel: channelOf(spelt) }, '{"\\u0074ype":"complet\\u0065","final_status":"ok"}');
    expect(await watcher.close()).toEqual(COMPLETE);
    expect((await get(spelt)).json).toMatchObject({ status: 'complete', final_status: 'ok', owner: null });
  });

  test('is for keys, for the owner, for anybody where there is none', async () => {
    const [owned, free] = [await declare(server(), { owner: 'o' }), await declare(server())];
    const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
    const status = async (...args: Parameters<typeof get>): Promise<number> => (await get(...args)).status;
    for (const id of [owned, free]) {
      expect(await status(id)).toBe(200);
      expect(await status(id, bearer(API_KEY))).toBe(200);
      expect(await status(id, bearer(server().token('o')))).toBe(200);
      expect(await status(id, {}, `?token=${server().token('o')}`)).toBe(200);
      expect(await status(id, bearer(server().token('', { user_id: undefined, sub: 'o' })))).toBe(200);
      expect(await status(id, {})).toBe(401);
      expect(await status(id, {}, '?token=x')).toBe(401);
      expect(await status(id, bearer('x'))).toBe(401);
      expect(await status(id, { 'X-API-Key': 'x' })).toBe(401);
      expect(await status(id, bearer(server().token('o', { exp: 1 })))).toBe(401);
    }
    expect(await status(free, bearer(server().token('p')))).toBe(200);
    const [others, nobodys] = [
      await get(owned, bearer(server().token('p'))),
      await get(404404, bearer(server().token('p'))),
    ];
    expect([others.status, others.text]).toEqual([404, nobodys.text]);
    expect(nobodys.json).toEqual(problem('not_found'));
    for (const none of ['404404', '0', 'x', `0${free}`, `${free}.0`, '-1', '9007199254740993', '%20'])
      expect([none, await status(none)]).toEqual([none, 404]);
    expect(await status(`${free}/`)).toBe(200);
    expect(await status(`%3${String(free)[0]}${String(free).slice(1)}`)).toBe(200);
    expect((await server().call(`${SUBMISSIONS}/${free}`, {})).status).toBe(405);
  });

  test('works from other origins', async () => {
    const id = await declare(server());
    const Origin = 'https://app.example';
    const preflight = await server().ask(`${SUBMISSIONS}/${id}`, {
      method: 'OPTIONS',
      headers: { Origin, 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toMatch(/authorization/i);
    const answer = await get(id, { Origin, Authorization: `Bearer ${server().token('u')}` });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([200, '*']);
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });
});

describe.concurrent('watching late', () => {
  test('gets everything in order and at once, then the live ones', async ({ tidings }) => {
    const server = await tidings(having({}, { workers: 1 }));
    const id = await declare(server);
    await tellAll(server, id, 1, 2000);
    const from = Date.now();
    const watcher = await watchAll(server, id, 2000);
    // On a server with nothing else to do, nothing else wakes it.
    expect(Date.now() - from).toBeLessThan(1_000 * SLOWNESS);
    await tellAll(server, id, 2001, 2010);
    expectAll(await watcher.count(2010), 2010);
    watcher.socket.send('ping');
    expect((await watcher.count(2011))[2010]).toBe('pong');
    await watcher.leave();
  });

  test('after the end: all of it, then 1000', async ({ tidings }) => {
    const server = await tidings(having());
    const id = await declare(server);
    await tellAll(server, id, 1, 200);
    const early = await watchAll(server, id, 200);
    await tell(server, id, { n: 201, ...DONE });
    expect(await early.close()).toEqual(COMPLETE);
    expectAll(early.messages, 201);
    // What is said behind the end is kept too.
    await tellAll(server, id, 202, 300);
    for (let i = 0; i < 3; i++) {
      const late = dial(urlOf(server, id));
      expect(await late.close()).toEqual(COMPLETE);
      expectAll(late.messages, 300);
    }
    await server.connections(0);
  });

  test('`complete` in the midst of a replay ends it when all is out', async ({ tidings }) => {
    const server = await tidings(having());
    const id = await declare(server);
    const filler = 'x'.repeat(2_000);
    await tellAll(server, id, 1, 1000, { filler });
    const watchers = Array.from({ length: 20 }, () => dial(urlOf(server, id)));
    await until('some have begun', () => watchers.some((each) => each.messages.length > 0));
    await tell(server, id, { n: 1001, ...DONE });
    for (const each of watchers) {
      expect(await each.close(20_000)).toEqual(COMPLETE);
      expectAll(each.messages, 1001);
    }
  });

  test('what is too large for the endpoint is passed over, and ends it all the same', async ({ tidings }) => {
    const server = await tidings(having({ max_notification_bytes: 100 }));
    const id = await declare(server);
    const early = await listen(urlOf(server, id));
    const large = 'x'.repeat(200);
    await tell(server, id, { n: 1 });
    const skipped = await server.call('/api/v1/publish', { channel: channelOf(id), data: large });
    expect(skipped.json.published).toEqual([{ channel: channelOf(id), deliveries: 0, skipped: 1 }]);
    await tell(server, id, { n: 2 });
    const late = await watchAll(server, id, 2);
    expectAll(await early.count(2), 2);
    const end = await server.call('/api/v1/publish', { channel: channelOf(id), data: { ...DONE, large } });
    expect(end.json.published).toEqual([{ channel: channelOf(id), deliveries: 0, skipped: 2 }]);
    const later = dial(urlOf(server, id));
    for (const each of [early, late, later]) {
      expect(await each.close()).toEqual(COMPLETE);
      expectAll(each.messages, 2);
    }
    expect(await server.metric('websocket_messages_dropped_total', { reason: 'larger_than_endpoint_allows' })).toBe(6);
  });

  test('compressed for who asks for that', async ({ tidings }) => {
    const server = await tidings(having());
    const id = await declare(server);
    const filler = 'tidings '.repeat(100);
    await tellAll(server, id, 1, 300, { filler });
    const offers = ['permessage-deflate', 'permessage-deflate; server_max_window_bits=10', undefined];
    const all = await Promise.all(
      offers.map(async (offer) => {
        const headers: Record<string, string> = offer ? { 'Sec-WebSocket-Extensions': offer } : {};
        const client = await RawClient.open(server.port, pathOf(server, id), headers);
        const frames = [];
        while (frames.length < 300) frames.push(await client.message(10_000));
        client.destroy();
        return frames;
      }),
    );
    const bits = [15, 10, 15];
    all.forEach((frames, i) => {
      expect(frames.every((each) => each.rsv === (offers[i] ? 4 : 0))).toBe(true);
      expectAll(frames.map((each) => inflate(each, bits[i]).toString()), 300);
      if (offers[i]) expect(frames[0]!.payload.length).toBeLessThan(200);
    });
  });

  test('speaking in the midst of it costs nothing', async ({ tidings }) => {
    // More than kernels take, and all of that far more than what may wait for a slow client.
    const server = await tidings(having({ max_queue_bytes: 200_000 }, { store: { channel_bytes: 64 << 20 } }));
    const id = await declare(server);
    await tellAll(server, id, 1, 300, { filler: 'x'.repeat(60_000) });
    const client = await RawClient.open(server.port, pathOf(server, id));
    client.pause();
    for (let i = 0; i < 20; i++) {
      await client.written(ping(`${i}`));
      await sleep(100);
    }
    client.resume();
    const messages: string[] = [];
    let pongs = 0;
    while (messages.length < 300 || pongs < 20) {
      const frame = await client.frame();
      if (frame.opcode === OP.pong) pongs++;
      else if (frame.opcode === OP.text) messages.push(frame.payload.toString());
      else if (frame.opcode !== OP.ping) throw new Error(`opcode ${frame.opcode} ${frame.payload}`);
    }
    expectAll(messages, 300);
    client.destroy();
  });
});

test.concurrent('who reads slowly gets all of it, and the end', async ({ tidings }) => {
  const server = await tidings(having({ max_queue_bytes: 200_000 }, { store: { channel_bytes: 64 << 20 } }));
  const id = await declare(server);
  const total = 200;
  await tellAll(server, id, 1, total - 1, { filler: 'x'.repeat(40_000) });
  await tell(server, id, { n: total, ...DONE });
  const watchers = await Promise.all(
    Array.from({ length: 3 }, () => RawClient.open(server.port, pathOf(server, id))),
  );
  // Eight megabytes at 400 kB a second; kernels hold several of them.
  const read = async (client: RawClient): Promise<void> => {
    const messages: string[] = [];
    let next = Date.now();
    for (;;) {
      const frame = await client.frame(20_000);
      if (frame.opcode === OP.ping) continue;
      if (frame.opcode === OP.close) {
        expect(frame.payload.readUInt16BE(0)).toBe(1000);
        break;
      }
      messages.push(frame.payload.toString());
      if (messages.length % 10 === 0) {
        client.socket.pause();
        await sleep(Math.max(0, (next += 1_000) - Date.now()));
        client.socket.resume();
      }
    }
    expectAll(messages, total);
    client.finish();
  };
  await Promise.all(watchers.map(read));
  expect(await server.metric('websocket_messages_dropped_total', { reason: 'slow_consumer' })).toBe(0);
});

test.concurrent('who leaves in the midst of a replay leaves nothing behind', async ({ tidings }) => {
  const server = await tidings(having());
  const id = await declare(server);
  await tellAll(server, id, 1, 1000, { filler: 'x'.repeat(3_000) });
  for (let round = 0; round < 5; round++) {
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => RawClient.open(server.port, pathOf(server, id))),
    );
    for (const [i, client] of clients.entries()) {
      if (i % 4 === 0) await client.frame();
      if (i % 2) client.reset();
      else client.destroy();
    }
  }
  await server.connections(0);
  await (await watchAll(server, id, 1000)).leave();
});

test.concurrent('is forgotten when nothing happened for long enough', async ({ tidings }) => {
  const server = await tidings(having({}, { store: { keep_seconds: 2 } }));
  const id = await declare(server, { owner: 'u' });
  await tellAll(server, id, 1, 50);
  const old = await watchAll(server, id, 50);
  const state = async (): Promise<number> =>
    (await server.ask(`${SUBMISSIONS}/${id}`, { headers: { 'X-API-Key': API_KEY } })).status;
  // Declaring it again keeps it.
  for (let i = 0; i < 4; i++) {
    await sleep(1_000);
    expect((await server.call(SUBMISSIONS, { submission_id: id, owner: 'u' })).status).toBe(200);
  }
  await old.leave();
  await until('its end', async () => (await state()) === 404, 10_000);
  expect((await server.call('/api/v1/publish', { channel: channelOf(id), data: 1 })).status).toBe(404);
  expect((await dial(urlOf(server, id)).close()).code).toBe(4004);

  // A new life begins with nothing.
  await declare(server, { submission_id: id, owner: 'u' });
  await tell(server, id, { n: 51 });
  const young = dial(urlOf(server, id));
  expect(await young.count(1)).toEqual(['{"n":51}']);
  await young.leave();
});

test.concurrent('is not forgotten while somebody watches, who would hear the next owner', async ({ tidings }) => {
  const server = await tidings(having({}, { workers: 2, store: { keep_seconds: 2 } }));
  const id = await declare(server, { owner: 'u' });
  await tell(server, id, { n: 1 });
  const watcher = await watchAll(server, id, 1);
  const other = async (): Promise<number> =>
    (await server.call(SUBMISSIONS, { submission_id: id, owner: 'somebody else' })).status;
  for (let i = 0; i < 8; i++) {
    await sleep(1_000);
    expect(await other()).toBe(409);
  }
  await tell(server, id, { n: 2 });
  expectAll(await watcher.count(2), 2);

  // The time begins when nobody is left, not with what happened last.
  await watcher.leave();
  const left = performance.now();
  await until('its end', async () => (await other()) === 201, 10_000);
  expect(performance.now() - left).toBeGreaterThan(1_000);
  expect((await dial(urlOf(server, id)).close()).code).toBe(4003);
});

describe('under load', () => {
  /** The age of 200 notifications to one user, in milliseconds, sorted. */
  async function ages(server: Tidings, user: Listener): Promise<number[]> {
    const all: number[] = [];
    for (let i = 0; i < 200; i++) {
      const sent = performance.now();
      await server.publish({ user: 'bystander' }, { i });
      await user.next();
      all.push(performance.now() - sent);
    }
    return all.sort((a, b) => a - b);
  }

  test('every late watcher has every number once, in order', async ({ tidings }) => {
    const server = await tidings(having({}, { workers: 2, log_level: 'info' }));
    const id = await declare(server);
    await tellAll(server, id, 1, 1000);
    const bystander = await listen(`ws://${server.address}/ws?token=${server.token('bystander')}`);
    const watchers: Listener[] = [];
    let [published, isOver] = [1000, false];
    const from = Date.now();
    const publishing = (async () => {
      while (!isOver) {
        const due = 1000 + Math.floor((Date.now() - from) / 10);
        while (published < due) await tell(server, id, { n: ++published });
        await sleep(5);
      }
    })();
    const meanwhile = ages(server, bystander);
    for (let i = 0; i < 200; i++) {
      watchers.push(dial(urlOf(server, id, `w${i}`)));
      if (i % 10 === 9) await sleep(50);
    }
    await Promise.all(watchers.map((each) => within(30_000, 'open', each.opened)));
    await sleep(500);
    isOver = true;
    await publishing;
    await tell(server, id, { n: ++published, ...DONE });
    for (const each of watchers) {
      expect(await each.close(30_000)).toEqual(COMPLETE);
      expectAll(each.messages, published);
    }
    expect(published).toBeGreaterThan(1100);
    const all = await meanwhile;
    expect(all[197], 'the 99th percentile of what a bystander waited, ms').toBeLessThan(500 * SLOWNESS);
    await bystander.leave();
    for (const reason of ['slow_consumer', 'overload', 'out_of_memory'])
      expect(await server.metric('websocket_messages_dropped_total', { reason })).toBe(0);
  });
});
