// SPDX-License-Identifier: MIT
// The endpoints besides huleedu, and those that a configuration invents: every way in which one can differ.
import { describe, expect } from 'vitest';
import { OP, ping, text } from './support/frame';
import { SECRET, type Claims } from './support/jwt';
import { RawClient } from './support/rawClient';
import {
  expectRefused,
  TOO_MANY_ATTEMPTS,
  TOO_MANY_CONNECTIONS,
  UNAUTHORIZED,
  type Words,
} from './support/refused';
import { run, scratch } from './support/run';
import { sharedTidings, SLOWNESS, test, type Tidings, type TidingsOptions } from './support/tidings';
import { sleep, until, within } from './support/wait';
import { dial, listen, refusal, type Closed, type Listener } from './support/wsClient';

type Keys = Record<string, unknown>;

/** A server whose endpoint `name` has these keys beside its own, and no limit on attempts. */
const having = (name: string, keys: Keys = {}, config: Keys = {}): TidingsOptions => ({
  config: { endpoints: [{ name, attempts_per_minute: 0, ...keys }], ...config },
});

const ws = (server: Tidings, path: string): string => `ws://${server.address}${path}`;
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const PONG = { type: 'pong', timestamp: TIME };

/** Connects and is let in: who is refused by a close frame was connected too, but is not answered any more. */
async function enter(url: string, options: Parameters<typeof listen>[1] = {}): Promise<Listener> {
  const client = await listen(url, options);
  const answered = new Promise<void>((done) => client.socket.once('pong', () => done()));
  client.socket.ping();
  const end = await within(10_000, 'a pong', Promise.race([answered, client.closed]));
  if (end !== undefined) throw new Error(`refused: ${end.code} ${end.reason}`);
  return client;
}

/** Is let in, and goes. */
const visit = async (url: string, options: Parameters<typeof listen>[1] = {}): Promise<Closed> =>
  (await enter(url, options)).leave();

/** Connects and is refused by a close frame alone. */
async function expectClosed(url: string, closed: Closed, options: Parameters<typeof dial>[1] = {}): Promise<void> {
  const client = dial(url, options);
  expect(await client.close()).toEqual(closed);
  expect(client.messages).toEqual([]);
}

/** Asks with a handshake and with a plain GET; both are answered so. */
async function expectStatus(
  server: Tidings,
  path: string,
  status: number,
  json: unknown,
  headers: Record<string, string> = {},
): Promise<void> {
  const answers = [await refusal(ws(server, path), { headers }), await server.ask(path, { headers })];
  for (const answer of answers) {
    expect({ status: answer.status, json: JSON.parse(answer.text) }).toEqual({ status, json });
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
  }
}

/** Sends `count` messages; gives what came back and how it ended, if it did. */
async function flood(url: string, count: number): Promise<{ client: Listener; end: Closed | undefined }> {
  const client = await enter(url);
  for (let i = 0; i < count; i++) client.socket.send('hm');
  return { client, end: await Promise.race([client.closed, sleep(500 * SLOWNESS).then(() => undefined)]) };
}

/** The largest message passes, a byte more ends the connection. */
async function expectLargest(server: Tidings, path: string, bytes: number, skip = 0): Promise<void> {
  const client = await RawClient.open(server.port, path);
  for (let i = 0; i < skip; i++) await client.frame();
  client.write(Buffer.concat([text('x'.repeat(bytes)), ping('after it')]));
  while ((await client.frame()).opcode !== OP.pong); // others publish to all meanwhile
  client.write(text('x'.repeat(bytes + 1)));
  expect((await client.untilClose()).close.code).toBe(1009);
  client.destroy();
}

/** A silent client is pinged and then given up; one that answers stays. */
async function expectHeartbeat(server: Tidings, path: string, skip = 0): Promise<void> {
  const [dead, alive] = [await RawClient.open(server.port, path), await enter(ws(server, path))];
  const { frames, close } = await dead.untilClose();
  expect(close).toEqual({ code: 4008, reason: 'Idle timeout' });
  expect(frames.slice(skip).length).toBeGreaterThanOrEqual(2);
  for (const each of frames.slice(skip)) expect(each.opcode).toBe(OP.ping);
  expect(alive.pings.length).toBeGreaterThanOrEqual(2);
  expect(alive.socket.readyState).toBe(1);
  await alive.leave();
  dead.destroy();
}

describe('huleedu-status', () => {
  const sub = (user: string): Claims => ({ user_id: undefined, sub: user });
  const pathOf = (server: Tidings, user: string, client = user): string =>
    `/ws/v1/status/${encodeURIComponent(client)}?token=${server.token('', sub(user))}`;
  const urlOf = (server: Tidings, user: string, client = user): string => ws(server, pathOf(server, user, client));
  const OF_ANOTHER: Words = { ...UNAUTHORIZED, message: 'Token does not belong to this client' };

  describe.concurrent('with all its defaults but the limit on attempts', () => {
    const server = sharedTidings(having('huleedu-status'));

    test('hears its own channel and broadcasts, and nothing else', async () => {
      const client = await enter(urlOf(server(), 'own'));
      const sent = await server().publish({ channels: ['ws:own', 'ws:other', 'own', 'broadcast'] }, 'news');
      expect(sent.slice(0, 3)).toEqual([1, 0, 0]);
      expect(await client.count(2)).toEqual(['"news"', '"news"']);
      client.socket.send('{"id":1, "type" : "ping"}');
      client.socket.send(' ping ');
      for (const each of (await client.count(4)).slice(2)) expect(JSON.parse(each)).toEqual(PONG);
      await client.leave();
    });

    test('goes by `sub` alone', async () => {
      const both = server().token('another', { sub: 'subject' });
      const client = await enter(ws(server(), `/ws/v1/status/subject?token=${both}`));
      expect(await server().publish({ users: ['subject', 'another'] }, 1)).toEqual([1, 0]);
      await client.leave();
      const without = server().token('subject');
      await expectRefused(ws(server(), `/ws/v1/status/subject?token=${without}`), UNAUTHORIZED);
    });

    test('takes the token from header and subprotocol too', async () => {
      const token = server().token('', sub('ways'));
      const headers = { Authorization: `Bearer ${token}` };
      await visit(ws(server(), '/ws/v1/status/ways'), { headers });
      const protocols = [`bearer.${token}`, 'chat'];
      const client = await enter(ws(server(), '/ws/v1/status/ways'), { protocols });
      expect(client.socket.protocol).toBe('chat');
      await client.leave();
    });

    test('is for the client that the path names', async () => {
      await expectRefused(urlOf(server(), 'me', 'you'), OF_ANOTHER);
      await expectRefused(urlOf(server(), 'me', 'Me'), OF_ANOTHER);
      await expectRefused(urlOf(server(), 'me', 'me '), OF_ANOTHER);
      const plain = await server().ask(pathOf(server(), 'me', 'you'));
      expect({ status: plain.status, json: plain.json }).toEqual({ status: 403, json: OF_ANOTHER });
      expect((await server().ask(pathOf(server(), 'me'))).status).toBe(426);
      for (const odd of ['a/b', 'a b', 'ä{}', '%41']) await visit(urlOf(server(), odd));
    });

    test('refuses in the words of huleedu', async () => {
      await expectRefused(ws(server(), '/ws/v1/status/u'), UNAUTHORIZED);
      await expectRefused(ws(server(), '/ws/v1/status/u?token=x'), UNAUTHORIZED);
      const expired = server().token('', { ...sub('u'), exp: 1 });
      await expectRefused(ws(server(), `/ws/v1/status/u?token=${expired}`), UNAUTHORIZED);
      const endless = server().token('', { ...sub('u'), exp: undefined });
      await expectRefused(ws(server(), `/ws/v1/status/u?token=${endless}`), UNAUTHORIZED);
      for (const path of ['/ws/v1/status', '/ws/v1/status/', '/ws/v1/status/u/more', '/ws/v1/u'])
        expect((await refusal(ws(server(), path))).status).toBe(404);
    });

    test('has five connections for a user, beside those to huleedu', async () => {
      const five = [];
      for (let i = 0; i < 5; i++) five.push(await enter(urlOf(server(), 'five')));
      await expectRefused(urlOf(server(), 'five'), TOO_MANY_CONNECTIONS);
      const elsewhere = await enter(`${server().wsUrl}?token=${server().token('five')}`);
      expect(await server().publish({ user: 'five' }, 1)).toEqual([6]);
      for (const each of [...five, elsewhere]) await each.leave();
    });

    test('takes a hundred messages a minute, of 64 KiB', async () => {
      await expectLargest(server(), pathOf(server(), 'large'), 65_536);
      const few = await flood(urlOf(server(), 'flooder'), 100);
      expect(few.end).toBeUndefined();
      await few.client.leave();
      const many = await flood(urlOf(server(), 'flooder'), 101);
      expect(many.end).toEqual({ code: 4000, reason: 'Rate limit exceeded' });
      expect(JSON.parse(many.client.messages[0]!)).toEqual({
        ...TOO_MANY_ATTEMPTS,
        message: 'Too many messages',
        retry_after_seconds: 60,
      });
      await expectRefused(urlOf(server(), 'flooder'), { ...TOO_MANY_ATTEMPTS, message: 'Temporarily blocked' });
      await visit(`${server().wsUrl}?token=${server().token('flooder')}`);
    });
  });

  test('allows ten attempts a minute, of its own', async ({ tidings }) => {
    const server = await tidings();
    for (let i = 0; i < 10; i++) await expectRefused(urlOf(server, 'a', 'b'), OF_ANOTHER);
    await expectRefused(urlOf(server, 'a'), TOO_MANY_ATTEMPTS);
    await visit(`${server.wsUrl}?token=${server.token('a')}`);
  });

  test('WEBSOCKET_… variables are for both endpoints of HuleEdu', async ({ tidings }) => {
    const server = await tidings({
      ...having('huleedu-status'),
      env: { WEBSOCKET_MAX_CONNECTIONS_PER_USER: '1', WEBSOCKET_IDLE_TIMEOUT: '2' },
    });
    const urls = [urlOf(server, 'u'), `${server.wsUrl}?token=${server.token('u')}`];
    const clients = [await enter(urls[0]!), await enter(urls[1]!)];
    for (const url of urls) await expectRefused(url, TOO_MANY_CONNECTIONS);
    for (const each of clients) expect((await each.close()).code).toBe(4008);
  });
});

describe('hailango', () => {
  const UUID = '0f8fad5b-d9cb-469f-a165-70867728950e';
  const claims = { email: 'u@example.com' };
  const pathOf = (server: Tidings, user = UUID, more: Claims = {}): string =>
    `/api/v1/ws?token=${server.token(user, { ...claims, ...more })}`;
  const urlOf = (server: Tidings, user?: string, more?: Claims): string => ws(server, pathOf(server, user, more));

  describe.concurrent('with all its defaults', () => {
    const server = sharedTidings();

    test('welcomes, then relays', async () => {
      const client = await enter(urlOf(server()));
      const welcome = await client.next();
      expect(welcome).toMatch(/^\{"type":"connection_established","payload":\{"userId":/);
      const said = JSON.parse(welcome);
      expect(said).toEqual({
        type: 'connection_established',
        payload: { userId: UUID, message: 'WebSocket connection established', timestamp: TIME },
        timestamp: TIME,
      });
      expect(Math.abs(Date.parse(said.timestamp) - Date.now())).toBeLessThan(10_000 * SLOWNESS);
      await server().publishText({ user: UUID }, '{ "type":"book_ready", "payload":{}}');
      expect(await client.next()).toBe('{ "type":"book_ready", "payload":{}}');
      client.socket.send('{"type":"ping"}');
      expect(JSON.parse(await client.next())).toEqual(PONG);
      await client.leave();
    });

    test('the welcome is first, however soon something is published', async () => {
      const id = UUID.replace('0f', 'cc');
      let isDone = false;
      const publishing = (async () => {
        while (!isDone) await server().publish({ user: id }, 'soon');
      })();
      for (let i = 0; i < 30; i++) {
        const client = await enter(urlOf(server(), id));
        expect(JSON.parse(await client.next()).type).toBe('connection_established');
        expect(await client.next()).toBe('"soon"');
        await client.leave();
      }
      isDone = true;
      await publishing;
    });

    test('comes in the very segment of the handshake’s answer, and uncompressed', async () => {
      const extension = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };
      const client = await RawClient.open(server().port, pathOf(server()), extension);
      const frame = await client.frame();
      expect([frame.opcode, frame.fin, frame.rsv]).toEqual([1, true, 0]);
      client.destroy();
    });

    test('refuses by status, in three sentences', async () => {
      const required = { error: 'Token required' };
      const invalid = { error: 'Invalid or expired token' };
      const user = { error: 'Invalid user ID' };
      await expectStatus(server(), '/api/v1/ws', 401, required);
      await expectStatus(server(), '/api/v1/ws', 401, required, { Authorization: 'Basic dTpw' });
      await expectStatus(server(), '/api/v1/ws?token=', 401, required);
      await expectStatus(server(), '/api/v1/ws?token=x', 401, invalid);
      await expectStatus(server(), '/api/v1/ws', 401, invalid, { Authorization: 'Bearer x' });
      for (const more of [
        { exp: 1 },
        { exp: undefined },
        { email: undefined },
        { email: null },
        { user_id: undefined },
        { user_id: null },
        { user_id: undefined, sub: UUID },
      ])
        await expectStatus(server(), pathOf(server(), UUID, more), 401, invalid);
      for (const id of ['u1', '', UUID.slice(1), `${UUID}0`, `{${UUID}}`, UUID.replaceAll('-', ''), 42, true, [UUID]])
        await expectStatus(server(), pathOf(server(), UUID, { user_id: id }), 400, user);
      await visit(urlOf(server(), UUID.toUpperCase()));
      expect((await server().ask(pathOf(server()))).status).toBe(426);
    });

    test('can be asked by a page of another origin', async () => {
      const answer = await server().ask('/api/v1/ws', { headers: { Origin: 'https://app.example.com' } });
      expect(answer.status).toBe(401);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
    });

    test('has no limit on connections, attempts and messages', async () => {
      for (let i = 0; i < 15; i++) expect((await server().ask('/api/v1/ws')).status).toBe(401);
      const all = [];
      for (let i = 0; i < 12; i++) all.push(await enter(urlOf(server(), UUID.replace('0f', 'aa'))));
      const { client, end } = await flood(urlOf(server()), 300);
      expect(end).toBeUndefined();
      for (const each of [client, ...all]) await each.leave();
    });

    test('takes and gives messages of 512 KiB', async () => {
      await expectLargest(server(), pathOf(server()), 524_288, 1);
      const id = UUID.replace('0f', 'bb');
      const [large, small] = [
        await enter(urlOf(server(), id)),
        await enter(`${server().wsUrl}?token=${server().token(id)}`),
      ];
      const data = 'x'.repeat(524_288 - 2);
      expect(await server().publish({ user: id }, data)).toEqual([1]);
      expect((await large.count(2))[1]).toHaveLength(524_288);
      expect(small.messages).toEqual([]);
      for (const each of [large, small]) await each.leave();
    });
  });

  test.concurrent('pings, and gives up who does not answer', async ({ tidings }) => {
    const server = await tidings(having('hailango', { ping_seconds: 1, idle_seconds: 3 }));
    await expectHeartbeat(server, pathOf(server), 1);
  });

  test.concurrent('answers 429 with Retry-After where limits are set', async ({ tidings }) => {
    const keys = { connections: 1, messages_per_minute: 2, block_seconds: 30, limited_code: 4029 };
    const server = await tidings(having('hailango', keys));
    const client = await enter(urlOf(server));
    await expectStatus(server, pathOf(server), 429, { error: 'Too many connections' });
    expect(Number((await server.ask(pathOf(server))).headers['retry-after'])).toBeGreaterThan(0);
    for (let i = 0; i < 3; i++) client.socket.send('x');
    expect(await client.close()).toEqual({ code: 4029, reason: 'Too many messages' });
    expect(client.messages).toHaveLength(1); // the welcome
    const answer = await refusal(urlOf(server));
    expect(answer.status).toBe(429);
    const left = Number(answer.headers['retry-after']);
    expect(left).toBeGreaterThan(20);
    expect(left).toBeLessThanOrEqual(30);
    expect(JSON.parse(answer.text)).toEqual({ error: 'Temporarily blocked', retry_after_seconds: left });
  });

  test.concurrent('counts attempts where that is asked for, before any token is read', async ({ tidings }) => {
    const server = await tidings(having('hailango', { attempts_per_minute: 2 }));
    await expectStatus(server, '/api/v1/ws', 401, { error: 'Token required' });
    const answer = await refusal(urlOf(server));
    expect(answer.status).toBe(429);
    expect(answer.headers['retry-after']).toBe('60');
    expect(JSON.parse(answer.text)).toEqual({ error: 'Too many connection attempts', retry_after_seconds: 60 });
  });
});

describe('submissions', () => {
  const pathOf = (server: Tidings, id: number | string, user = 'u1'): string =>
    `/ws/submissions/${id}?token=${server.token(user)}`;
  const urlOf = (server: Tidings, id: number | string, user?: string): string => ws(server, pathOf(server, id, user));
  const declare = async (server: Tidings, body: Keys = {}): Promise<number> => {
    const answer = await server.call('/api/v1/submissions', body);
    expect(answer.status).toBe(201);
    return answer.json.submission_id;
  };
  const STRANGER = { code: 4003, reason: 'Unauthorized' };
  const NOWHERE = { code: 4004, reason: 'Submission not found' };
  const LIMITED = { code: 4029, reason: 'Rate limited' };

  describe.concurrent('with all its defaults but the limit on attempts', () => {
    const server = sharedTidings(having('submissions'));

    test('watches one submission', async () => {
      const [id, other] = [await declare(server()), await declare(server())];
      const client = await enter(urlOf(server(), id));
      const channels = [`submission:${id}`, `submission:${other}`, 'ws:u1', 'broadcast'];
      expect(await server().publish({ channels }, 'news')).toEqual([1, 0, 0, 0]);
      expect(await client.next()).toBe('"news"');
      client.socket.send('ping');
      client.socket.send('{"type":"ping"}');
      expect(await client.next()).toBe('pong');
      expect(await client.next()).toBe('pong');
      expect(client.binary).toEqual([false, false, false]);
      await client.leave();
    });

    test('replays what was said, and ends after `complete`', async () => {
      const id = await declare(server());
      const early = await enter(urlOf(server(), id));
      const said = [{ type: 'status_update', status: 'testing' }, { type: 'complete', final_status: 'passed' }];
      for (const each of said) await server().publish({ channel: `submission:${id}` }, each);
      const late = dial(urlOf(server(), id));
      for (const each of [early, late]) {
        expect((await each.close()).code).toBe(1000);
        expect(each.messages.map((message) => JSON.parse(message))).toEqual(said);
      }
    });

    test('refuses with a code and a reason, and no message', async () => {
      const id = await declare(server());
      await expectClosed(ws(server(), `/ws/submissions/${id}`), STRANGER);
      await expectClosed(ws(server(), `/ws/submissions/${id}?token=x`), STRANGER);
      await expectClosed(ws(server(), `/ws/submissions/${id}?token=${server().token('u', { exp: 1 })}`), STRANGER);
      // Who brings no good token does not learn what there is.
      await expectClosed(ws(server(), '/ws/submissions/404404'), STRANGER);
      for (const none of ['404404', '0', 'x', `0${id}`, `%20${id}`, `${id}.0`, '-1', '1e3', '9007199254740993', '%0A'])
        await expectClosed(urlOf(server(), none), NOWHERE);
      for (const path of ['/ws/submissions', '/ws/submissions/', `/ws/submissions/${id}/x`])
        expect((await refusal(ws(server(), path))).status).toBe(404);
    });

    test('is for the owner, if there is one', async () => {
      const owned = await declare(server(), { owner: 'owner' });
      await expectClosed(urlOf(server(), owned, 'other'), STRANGER);
      const client = await enter(urlOf(server(), owned, 'owner'));
      const bySub = server().token('', { user_id: undefined, sub: 'owner' });
      await visit(ws(server(), `/ws/submissions/${owned}?token=${bySub}`));
      await client.leave();
    });

    test('tells a plain GET why', async () => {
      const owned = await declare(server(), { owner: 'owner' });
      const ask = async (path: string): Promise<unknown> => {
        const { status, json } = await server().ask(path);
        return { status, ...json };
      };
      const no = { error: 'Unauthorized', code: 4003, retry_recommended: false };
      expect(await ask(`/ws/submissions/${owned}`)).toEqual({ ...no, status: 401, message: 'A token is required' });
      expect(await ask(`/ws/submissions/${owned}?token=x`)).toEqual({
        ...no,
        status: 401,
        message: 'Invalid or expired token',
      });
      expect(await ask(pathOf(server(), owned))).toEqual({
        ...no,
        status: 403,
        message: "The submission is somebody else's",
      });
      expect(await ask(pathOf(server(), 404404))).toEqual({
        status: 404,
        error: 'Submission not found',
        code: 4004,
        message: 'There is no such submission',
        retry_recommended: false,
      });
      expect((await server().ask(pathOf(server(), owned, 'owner'))).status).toBe(426);
    });

    test('has ten watchers, whoever they are', async () => {
      const [id, other] = [await declare(server()), await declare(server())];
      const ten = [];
      for (let i = 0; i < 10; i++) ten.push(await enter(urlOf(server(), id, i < 7 ? 'one' : `w${i}`)));
      await expectClosed(urlOf(server(), id, 'eleventh'), LIMITED);
      await expectClosed(urlOf(server(), id, 'one'), LIMITED);
      const plain = await server().ask(pathOf(server(), id));
      expect({ status: plain.status, json: plain.json }).toEqual({
        status: 429,
        json: {
          error: 'Rate limited',
          code: 4029,
          message: 'Too many watch this submission',
          retry_recommended: true,
        },
      });
      expect(Number(plain.headers['retry-after'])).toBeGreaterThan(0);
      await visit(urlOf(server(), other, 'one'));
      await ten.pop()!.leave();
      ten.push(await until('a seat', () => enter(urlOf(server(), id)).catch(() => undefined)));
      expect(await server().publish({ channel: `submission:${id}` }, 1)).toEqual([10]);
      for (const each of ten) await each.leave();
    });

    test('takes a hundred messages a minute, of 64 KiB', async () => {
      const id = await declare(server());
      await expectLargest(server(), pathOf(server(), id, 'large'), 65_536);
      const { client, end } = await flood(urlOf(server(), id, 'flooder'), 101);
      expect(end).toEqual(LIMITED);
      expect(client.messages).toEqual([]);
      await expectClosed(urlOf(server(), id, 'flooder'), LIMITED);
      await visit(urlOf(server(), id, 'patient'));
    });
  });

  test.concurrent('counts watchers right when all come at once, on every worker', async ({ tidings }) => {
    const server = await tidings(having('submissions', {}, { workers: 2 }));
    const id = await declare(server);
    const all = Array.from({ length: 40 }, (_, i) => dial(urlOf(server, id, `u${i % 9}`)));
    const ends = await Promise.all(all.map((each) => Promise.race([each.closed, sleep(1_500 * SLOWNESS)])));
    expect(ends.filter((end) => end?.code === 4029)).toHaveLength(30);
    const stay = all.filter((_, i) => ends[i] === undefined);
    expect(stay).toHaveLength(10);
    expect((await server.stats()).connected_users).toBeLessThanOrEqual(9);
    for (const [i, each] of stay.entries()) i % 2 ? each.socket.terminate() : each.socket.close();
    await server.connections(0);
    expect(await server.stats()).toEqual({ connected_users: 0, total_connections: 0 });
    for (const each of await Promise.all(Array.from({ length: 10 }, () => enter(urlOf(server, id))))) await each.leave();
  });

  test.concurrent('counts users, and not submissions, as connected, and lets each watch any number', async ({
    tidings,
  }) => {
    const server = await tidings(having('submissions', { connections: 1 }));
    const [one, two] = [await declare(server), await declare(server)];
    const clients = [await enter(urlOf(server, one)), await enter(urlOf(server, two))];
    await expectClosed(urlOf(server, one), LIMITED);
    expect(await server.stats()).toEqual({ connected_users: 1, total_connections: 2 });
    for (const each of clients) await each.leave();
  });

  test.concurrent('allows ten attempts a minute', async ({ tidings }) => {
    const server = await tidings();
    for (let i = 0; i < 10; i++) await expectClosed(ws(server, '/ws/submissions/1'), STRANGER);
    await expectClosed(urlOf(server, 1), LIMITED);
    const plain = await server.ask(pathOf(server, 1));
    expect(plain.status).toBe(429);
    expect(plain.json.retry_after_seconds).toBe(Number(plain.headers['retry-after']));
  });

  test.concurrent('pings, and gives up who does not answer', async ({ tidings }) => {
    const server = await tidings(having('submissions', { ping_seconds: 1, idle_seconds: 3 }));
    await expectHeartbeat(server, pathOf(server, await declare(server)));
  });

  test.concurrent('a token may be optional; a bad one is refused all the same', async ({ tidings }) => {
    const server = await tidings(having('submissions', { auth: 'optional', messages_per_minute: 3 }));
    const [open, owned] = [await declare(server), await declare(server, { owner: 'owner' })];
    const anonymous = await enter(ws(server, `/ws/submissions/${open}`));
    expect(await server.publish({ channel: `submission:${open}` }, 1)).toEqual([1]);
    expect(await anonymous.next()).toBe('1');
    expect(await server.stats()).toEqual({ connected_users: 0, total_connections: 1 });
    await expectClosed(ws(server, `/ws/submissions/${owned}`), STRANGER);
    await expectClosed(ws(server, `/ws/submissions/${open}?token=x`), STRANGER);
    await expectClosed(ws(server, '/ws/submissions/404404'), NOWHERE);
    await visit(urlOf(server, owned, 'owner'));

    // Who has no name is shut out by address, and only there.
    for (let i = 0; i < 4; i++) anonymous.socket.send('x');
    expect(await anonymous.close()).toEqual(LIMITED);
    await expectClosed(ws(server, `/ws/submissions/${open}`), LIMITED);
    await visit(ws(server, `/ws/submissions/${open}`), { from: '127.0.0.2' });
  });

  test.concurrent('explains where that is asked for', async ({ tidings }) => {
    const server = await tidings(having('submissions', { explain: true, connections: 1 }));
    const id = await declare(server);
    const no: Words = { error: 'Unauthorized', code: 4003, message: 'A token is required', retry_recommended: false };
    await expectRefused(ws(server, `/ws/submissions/${id}`), no);
    const client = await enter(urlOf(server, id));
    await expectRefused(urlOf(server, id, 'u2'), {
      error: 'Rate limited',
      code: 4029,
      message: 'Too many watch this submission',
      retry_recommended: true,
    });
    await client.leave();
  });
});

describe.concurrent('an endpoint that a configuration invents', () => {
  const room = (keys: Keys = {}): TidingsOptions =>
    having('rooms', { path: '/rooms/{room}/{seat}', channels: ['room:{room}', 'ws:{user_id}'], ...keys });

  test('starts from what huleedu has', async ({ tidings }) => {
    const server = await tidings(having('own', { path: '/own' }));
    const url = ws(server, `/own?token=${server.token('u1')}`);
    const five = [];
    for (let i = 0; i < 5; i++) five.push(await enter(url));
    await expectRefused(url, TOO_MANY_CONNECTIONS);
    expect(await server.publish({ channels: ['ws:u1', 'broadcast'] }, 1)).toEqual([5, 5]);
    await five[0]!.count(2); // what another worker has for it a pong may overtake
    five[0]!.socket.send('ping');
    expect(JSON.parse((await five[0]!.count(3))[2]!)).toEqual(PONG);
    await expectRefused(ws(server, '/own'), UNAUTHORIZED);
    for (const each of five) await each.leave();
    // The four that ship are still there.
    expect((await server.ask('/ws')).status).toBe(401);
    expect((await server.ask('/ws/v1/status/u')).status).toBe(401);
    expect((await server.ask('/api/v1/ws')).status).toBe(401);
    expect((await server.ask('/ws/submissions/1')).status).toBe(401);
  });

  test('puts placeholders into channels, and counts connections on the first', async ({ tidings }) => {
    const server = await tidings(room({ connections_per: 'channel', connections: 2, limited_code: 4100 }));
    const urlOf = (path: string, user: string): string => ws(server, `/rooms/${path}?token=${server.token(user)}`);
    const two = [await enter(urlOf('red/1', 'a')), await enter(urlOf('red/2', 'b'))];
    await expectRefused(urlOf('red/3', 'c'), { ...TOO_MANY_CONNECTIONS, code: 4100 });
    const blue = await enter(urlOf('b%C3%BCe/1', 'a'));
    expect(await server.publish({ channels: ['room:red', 'room:büe', 'ws:a', 'ws:b', 'room:1'] }, 1)).toEqual([
      2, 1, 2, 1, 0,
    ]);
    for (const each of [...two, blue]) await each.leave();
    await server.connections(0);
    await visit(urlOf('red/3', 'c'));
  });

  test('may count on a channel that is another user’s own', async ({ tidings }) => {
    const keys = { path: '/of/{who}', channels: ['ws:{who}'], connections_per: 'channel', connections: 1 };
    const server = await tidings(having('of', keys));
    const fan = await enter(ws(server, `/of/star?token=${server.token('fan')}`));
    expect(await server.stats()).toEqual({ connected_users: 1, total_connections: 1 });
    const star = await enter(`${server.wsUrl}?token=${server.token('star')}`);
    expect(await server.publish({ user: 'star' }, 1)).toEqual([2]);
    await expectRefused(ws(server, `/of/star?token=${server.token('star')}`), TOO_MANY_CONNECTIONS);
    const own = await enter(ws(server, `/of/fan?token=${server.token('fan')}`));
    for (const each of [fan, star, own]) await each.leave();
    await server.connections(0);
    expect((await server.stats()).connected_users).toBe(0);
  });

  test('has no channel by a name that cannot be', async ({ tidings }) => {
    const server = await tidings(room({ not_found_code: 4104, explain: false }));
    const urlOf = (name: string): string => ws(server, `/rooms/${name}/1?token=${server.token('u')}`);
    const none = { code: 4104, reason: 'Not found' };
    for (const name of ['%0A', '%FF', 'x'.repeat(196)]) await expectClosed(urlOf(name), none);
    await visit(urlOf('x'.repeat(195)));
    const plain = await server.ask(`/rooms/%0A/1?token=${server.token('u')}`);
    expect({ status: plain.status, code: plain.json.code }).toEqual({ status: 404, code: 4104 });
  });

  test('wants numbers for {submission_id}, wherever it stands', async ({ tidings }) => {
    const keys = { path: '/n/{submission_id}', channels: ['n:{submission_id}'] };
    const server = await tidings(having('numbers', keys));
    const urlOf = (id: string): string => ws(server, `/n/${id}?token=${server.token('u')}`);
    await visit(urlOf('9007199254740991'));
    for (const id of ['9007199254740992', '01', 'x', '+1'])
      expect((await dial(urlOf(id)).close()).code).toBe(4004);
  });

  test('says who it takes, and with which codes it refuses', async ({ tidings }) => {
    const server = await tidings(
      room({
        user_claims: ['tenant', 'name'],
        required_claims: ['exp', 'role'],
        user_format: 'uuid',
        path_user: 'seat',
        dialect: 'submissions',
        explain: true,
        unauthorized_code: 4101,
      }),
    );
    const id = '0f8fad5b-d9cb-469f-a165-70867728950e';
    const urlOf = (claims: Claims, seat = id): string =>
      ws(server, `/rooms/r/${seat}?token=${server.token('ignored', claims)}`);
    const no = (message: string): Words => ({ error: 'Unauthorized', code: 4101, message, retry_recommended: false });
    for (const claims of [{ tenant: id }, { name: id }]) {
      const client = await enter(urlOf({ role: 'x', ...claims }));
      client.socket.send('ping');
      expect(await client.next()).toBe('pong');
      await client.leave();
    }
    await expectRefused(urlOf({ tenant: id }), no('Invalid or expired token'));
    await expectRefused(urlOf({ role: 'x' }), no('Invalid or expired token'));
    await expectRefused(urlOf({ role: 'x', tenant: 'me', name: id }), no('Invalid user ID'));
    await expectRefused(urlOf({ role: 'x', name: id }, 'other'), no('Token does not belong to this client'));
    await expectRefused(ws(server, '/rooms/r/1'), no('A token is required'));
  });

  test('refuses in HTTP in anybody’s words', async ({ tidings }) => {
    const server = await tidings(room({ refuse: 'http' }));
    await expectStatus(server, '/rooms/r/1', 401, UNAUTHORIZED);
    await expectStatus(server, `/rooms/%0A/1?token=${server.token('u')}`, 404, {
      error: 'Not found',
      code: 4004,
      message: 'There is no such channel',
      retry_recommended: false,
    });
  });

  test('may be open to all: who has no name hears what needs none', async ({ tidings }) => {
    const server = await tidings(room({ auth: 'optional', dialect: 'hailango', connections: 1 }));
    const clients = [await enter(ws(server, '/rooms/r/1')), await enter(ws(server, '/rooms/r/2'))];
    const known = await enter(ws(server, `/rooms/r/3?token=${server.token('u')}`));
    expect(await server.publish({ channels: ['room:r', 'ws:', 'ws:u'] }, 1)).toEqual([3, 0, 1]);
    expect(JSON.parse(await clients[0]!.next()).payload.userId).toBe('');
    expect(JSON.parse(await known.next()).payload.userId).toBe('u');
    for (const each of [...clients, known]) await each.leave();
  });

  test('watches submissions by a path of its own', async ({ tidings }) => {
    const keys = { path: '/watch/{n}', channels: ['submission:{n}', 'ws:{user_id}'], declared: true };
    const server = await tidings(having('watch', { ...keys, not_found_code: 4144 }));
    const urlOf = (n: number): string => ws(server, `/watch/${n}?token=${server.token('u')}`);
    expect((await dial(urlOf(7)).close()).code).toBe(4144);
    expect((await server.call('/api/v1/submissions', { submission_id: 7 })).status).toBe(201);
    const client = await enter(urlOf(7));
    expect(await server.publish({ channels: ['submission:7', 'ws:u'] }, 1)).toEqual([1, 1]);
    await client.leave();
  });

  test('is judged in order', async ({ tidings }) => {
    const server = await tidings(
      having(
        'own',
        { path: '/own/{n}', channels: ['submission:{n}'], declared: true, attempts_per_minute: 6, connections: 1 },
        { origins: ['https://good.example'] },
      ),
    );
    const path = (n: number, user = 'u'): string => `/own/${n}?token=${server.token(user)}`;
    const bad = { headers: { Origin: 'https://bad.example' } };
    await server.call('/api/v1/submissions', { submission_id: 1 });
    await server.call('/api/v1/submissions', { submission_id: 2, owner: 'v' });
    // A request that is none, and an origin, are refused before attempts are counted.
    const raw = await RawClient.connect(server.port);
    raw.write('GET /own/1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    expect((await raw.head()).status).toBe(400);
    raw.destroy();
    for (let i = 0; i < 8; i++) expect((await refusal(ws(server, path(1)), bad)).status).toBe(403);
    // The token before existence, that before the limit on connections.
    expect((await server.ask('/own/9')).status).toBe(401);
    expect((await server.ask(path(9))).status).toBe(404);
    const client = await enter(ws(server, path(1)));
    expect((await server.ask(path(9))).status).toBe(404);
    expect((await server.ask(path(2))).status).toBe(403);
    expect((await server.ask(path(1))).status).toBe(429);
    // Attempts before the token, by now; and still the origin before them.
    expect((await server.ask('/own/9')).status).toBe(429);
    expect((await refusal(ws(server, '/own/9'), bad)).status).toBe(403);
    await client.leave();
  });

  test('is refused at the start where it could not work', async () => {
    const files = scratch();
    const attempt = async (keys: Keys): Promise<string> => {
      const config = { listen: '127.0.0.1:0', jwt: { secret: SECRET }, endpoints: [{ name: 'own', ...keys }] };
      const ran = await run(['serve', '-c', files.file('tidings.yaml', JSON.stringify(config))]);
      expect({ code: ran.code, out: ran.out }).toEqual({ code: 1, out: '' });
      return ran.err;
    };
    expect(await attempt({ path: '/metrics' })).toMatch(/own\.path: "\/metrics" and the server's own \/metrics/);
    expect(await attempt({ path: '/{any}' })).toMatch(/own\.path: "\/\{any\}" and the server's own \/\S+ can be the same/);
    expect(await attempt({ path: '/api/v1/submissions/{n}' })).toContain("the server's own /api/v1/submissions/{");
    expect(await attempt({ path: '/ws' })).toContain('and the path of huleedu can be the same');
    expect(await attempt({ path: '/x', declared: true })).toContain('own.declared: ');
    expect(await attempt({ path: '/x', replay: 'all' })).toContain('own.replay: ');
    expect(await attempt({ path: '/x', path_user: 'y' })).toContain('own.path_user: ');
    expect(await attempt({})).toContain('needs a path');
    files.end();
  });
});
