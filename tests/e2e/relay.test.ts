// SPDX-License-Identifier: MIT
// What a backend publishes reaches the right clients: byte for byte, in one order, once. And what is refused, and how.
import { describe, expect } from 'vitest';
import { execFileSync } from 'node:child_process';
import { agreed, inflate } from './support/deflate';
import { OP } from './support/frame';
import { python } from './support/python';
import { handshake, RawClient } from './support/rawClient';
import { API_KEY, sharedTidings, test, type Tidings } from './support/tidings';
import { IS_TLS, trust, web } from './support/tls';
import { dial, listen, type Listener } from './support/wsClient';

const shared = sharedTidings({ endpoint: { connections: 0 } });
let users = 0;
const newUser = (): string => `user-${++users}`;
const urlOf = (user: string, server: Tidings = shared()): string =>
  `${server.wsUrl}?token=${server.token(user)}`;
const errorOf = (code: string | RegExp) => ({
  error: {
    code: typeof code === 'string' ? code : expect.stringMatching(code),
    message: expect.stringMatching(/./),
  },
});

describe('byte for byte', () => {
  const TEXTS: [string, string][] = [
    ['an object', '{"a":1,"b":[true,false,null]}'],
    ['odd white space', '{ "a" :\t1 ,\r\n"b":[ ]\n}'],
    ['escapes as they were written', '{"\\u0061":"\\/\\"\\\\\\b\\f\\n\\r\\t\\u00e4\\uD83C\\uDFBB"}'],
    ['half of a surrogate pair', '"\\ud800"'],
    [
      'numbers that no double holds',
      '[123456789012345678901234567890, 0.1000000000000000055511151231257827, 1e400, -0, 1E+2]',
    ],
    ['a member twice', '{"a":1,"a":2}'],
    ['nested deep', '['.repeat(120) + ']'.repeat(120)],
    ['beyond ASCII', '{"ä":"漢字 🎻 \u2028 \u007f"}'],
    ['markup', '"<script>alert(1)</script>"'],
    ['a string', '"text"'],
    ['an empty string', '""'],
    ['a number', '-12.50e-3'],
    ['true', 'true'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['what looks like a target', '{"user":"other","data":{"channel":"broadcast"}}'],
    ['125 bytes', `"${'x'.repeat(123)}"`],
    ['126 bytes', `"${'x'.repeat(124)}"`],
    ['65535 bytes', `"${'x'.repeat(65533)}"`],
    ['65536 bytes', `"${'x'.repeat(65534)}"`],
  ];

  test.each(TEXTS)('%s', async (_, data) => {
    const user = newUser();
    const client = await RawClient.open(shared().port, `/ws?token=${shared().token(user)}`);
    expect(await shared().publishText({ user }, data)).toEqual([1]);
    const frame = await client.frame();
    expect([frame.opcode, frame.fin, frame.rsv]).toEqual([OP.text, true, 0]);
    expect(frame.payload.toString()).toBe(data);
    client.destroy();
  });

  test('wherever `data` stands in the body, without the white space around it', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    const bodies: [string, string][] = [
      [`{"data":{"n":1},"user":"${user}"}`, '{"n":1}'],
      [` {\n "user" : "${user}" ,\n "data" :  [ 2 ]  \n} `, '[ 2 ]'],
      [`{"d\\u0061ta":3,"user":"${user}"}`, '3'],
      [`{"idempotency_key":"k","data":"4","user":"${user.replace('u', '\\u0075')}"}`, '"4"'],
    ];
    for (const [body, data] of bodies) {
      const answer = await shared().call('/api/v1/publish', body);
      expect(answer.status, answer.text).toBe(200);
      expect(await client.next()).toBe(data);
    }
    await client.leave();
  });

  test('by curl to `ws`', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    const data = '{"notification_type": "batch_files_uploaded", "payload": {"n": 1.0}}';
    const out = execFileSync(
      'curl',
      [
        '-sS',
        '-m',
        '10',
        '-w',
        '\n%{http_code} %{content_type}',
        '-H',
        `Authorization: Bearer ${API_KEY}`,
        '-d',
        `{"user":"${user}","data":${data}}`,
        `${shared().url}/api/v1/publish`,
      ],
      { encoding: 'utf8' },
    );
    expect(out).toBe(`{"published":[{"channel":"ws:${user}","deliveries":1}]}\n200 application/json`);
    expect(await client.next()).toBe(data);
    await client.leave();
  });
});

describe('to whom', () => {
  const published = async (body: object): Promise<[string, number][]> => {
    const answer = await shared().call('/api/v1/publish', body);
    expect(answer.status, answer.text).toBe(200);
    return answer.json.published.map((one: any) => {
      expect(Object.keys(one)).toEqual(['channel', 'deliveries']);
      return [one.channel, one.deliveries];
    });
  };

  test('a user, several, a channel, several, all', async () => {
    const [a, b] = [newUser(), newUser()];
    const [a1, a2, b1] = await Promise.all([listen(urlOf(a)), listen(urlOf(a)), listen(urlOf(b))]);
    expect(await published({ user: a, data: 1 })).toEqual([[`ws:${a}`, 2]]);
    expect(await published({ users: [b, a], data: 2 })).toEqual([
      [`ws:${b}`, 1],
      [`ws:${a}`, 2],
    ]);
    expect(await published({ channel: `ws:${b}`, data: 3 })).toEqual([[`ws:${b}`, 1]]);
    expect(await published({ channels: [`ws:${a}`, 'broadcast'], data: 4 })).toEqual([
      [`ws:${a}`, 2],
      ['broadcast', 3],
    ]);
    const all = await shared().call('/api/v1/broadcast', { data: 5 });
    expect(all.status).toBe(200);
    expect(all.json).toEqual({ published: [{ channel: 'broadcast', deliveries: 3 }] });
    expect(await a1.count(5)).toEqual(['1', '2', '4', '4', '5']);
    expect(await a2.count(5)).toEqual(['1', '2', '4', '4', '5']);
    expect(await b1.count(4)).toEqual(['2', '3', '4', '5']);
    for (const each of [a1, a2, b1]) await each.leave();
  });

  test('a target named twice is sent once', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    expect(await published({ users: [user, user], data: 1 })).toEqual([[`ws:${user}`, 1]]);
    expect(await published({ channels: [`ws:${user}`, 'x', `ws:${user}`], data: 2 })).toEqual([
      [`ws:${user}`, 1],
      ['x', 0],
    ]);
    expect(await client.count(2)).toEqual(['1', '2']);
    await client.leave();
  });

  test('nobody', async () => {
    expect(await published({ user: 'nobody', data: 1 })).toEqual([['ws:nobody', 0]]);
    expect(await published({ channel: 'nothing', data: 1 })).toEqual([['nothing', 0]]);
  });

  test('names of every kind', async () => {
    for (const user of ['é'.repeat(64), '漢字', 'a b', '{user_id}', '*', 'ws:x', '0', '"']) {
      const client = await listen(urlOf(user));
      expect(await published({ user, data: user })).toEqual([[`ws:${user}`, 1]]);
      expect(await client.next()).toBe(JSON.stringify(user));
      await client.leave();
    }
  });

  test('a thousand users in one call', async () => {
    const many = Array.from({ length: 1000 }, (_, i) => `many-${i}`);
    const clients = await Promise.all([0, 499, 999].map((i) => listen(urlOf(`many-${i}`))));
    const answer = await published({ users: many, data: 'x' });
    expect(answer).toEqual(many.map((user, i) => [`ws:${user}`, [0, 499, 999].includes(i) ? 1 : 0]));
    for (const each of clients) {
      expect(await each.next()).toBe('"x"');
      await each.leave();
    }
  });
});

describe('in one order', () => {
  test('for all listeners of a channel, whoever publishes, on whichever worker', async () => {
    await shared().connections(0);
    const listeners = await Promise.all(Array.from({ length: 16 }, () => listen(urlOf(newUser()))));
    const publishers = 4;
    const each = 300;
    // Counted once a worker: both hear the broadcast, and each user is on one of them.
    expect(await shared().metric('websocket_channel_subscriptions')).toBe(listeners.length + 2);

    const publishAll = async (publisher: number): Promise<void> => {
      const agent = new web.Agent({ keepAlive: true, maxSockets: 1, ...trust() });
      for (let i = 0; i < each; i++) {
        await new Promise<void>((done, fail) => {
          const req = web.request(
            `${shared().url}/api/v1/broadcast`,
            { method: 'POST', agent, headers: { 'X-API-Key': API_KEY } },
            (res) =>
              res
                .resume()
                .on('end', () => (res.statusCode === 200 ? done() : fail(new Error(`${res.statusCode}`)))),
          );
          req.on('error', fail);
          req.end(JSON.stringify({ data: [publisher, i] }));
        });
      }
      agent.destroy();
    };
    await Promise.all(Array.from({ length: publishers }, (_, publisher) => publishAll(publisher)));

    const orders = await Promise.all(listeners.map((one) => one.count(publishers * each)));
    for (const order of orders) expect(order).toEqual(orders[0]);
    for (let publisher = 0; publisher < publishers; publisher++) {
      const own = orders[0]!.map((text) => JSON.parse(text)).filter(([who]) => who === publisher);
      expect(own.map(([, i]) => i)).toEqual(Array.from({ length: each }, (_, i) => i));
    }
    for (const one of listeners) await one.leave();
  });

  test('when everything is published at once, by pipelining and in batches', async () => {
    const user = newUser();
    const listeners = await Promise.all(Array.from({ length: 8 }, () => listen(urlOf(user))));
    const bytes = Array.from({ length: 400 }, (_, i) => {
      const body = `{"user":"${user}","data":"p${i}"}`;
      return `POST /api/v1/publish HTTP/1.1\r\nHost: a\r\nX-API-Key: ${API_KEY}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    }).join('');
    const commands = Array.from({ length: 400 }, (_, i) => ({ publish: { user, data: `b${i}` } }));
    const pipe = await RawClient.connect(shared().port);
    pipe.write(bytes);
    const batch = await shared().call('/api/v1/batch', { commands });
    expect(batch.json.results).toHaveLength(400);
    const orders = await Promise.all(listeners.map((one) => one.count(800)));
    for (const order of orders) expect(order).toEqual(orders[0]);
    for (const letter of ['p', 'b']) {
      expect(orders[0]!.filter((text) => text[1] === letter)).toEqual(
        Array.from({ length: 400 }, (_, i) => `"${letter}${i}"`),
      );
    }
    pipe.destroy();
    for (const one of listeners) await one.leave();
  });

  test('while listeners come and go, those who stay miss nothing and get nothing twice', async () => {
    const user = newUser();
    const stays = await Promise.all(Array.from({ length: 4 }, () => listen(urlOf(user))));
    let isDone = false;
    const churn = Array.from({ length: 6 }, async (_, i) => {
      while (!isDone) {
        const one = await listen(urlOf(user));
        if (i % 2) one.socket.terminate();
        else await one.leave();
      }
    });
    try {
      for (let i = 0; i < 400; i++) {
        const [deliveries] = await shared().publish({ user }, i);
        expect(deliveries).toBeGreaterThanOrEqual(4);
      }
    } finally {
      isDone = true;
      await Promise.all(churn);
    }
    for (const one of stays) {
      expect(await one.count(400)).toEqual(Array.from({ length: 400 }, (_, i) => String(i)));
      await one.leave();
    }
  });
});

test('several queued messages go out in one write', async () => {
  const user = newUser();
  // The kernel counts the segments that carried data; on loopback 64 KiB fit into one.
  const script = `
import socket, ssl, struct, sys, time
port, head, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
s = socket.create_connection(("127.0.0.1", port))
if sys.argv[4] == "tls": s = ssl.create_default_context().wrap_socket(s, server_hostname="127.0.0.1")
segments = lambda: struct.unpack_from("I", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), 152)[0]
s.sendall(head.encode())
got = b""
while b"\\r\\n\\r\\n" not in got: got += s.recv(65536)
before = segments()
print("ready", flush=True)
got = b""
while got.count(b"END") < count: got += s.recv(65536)
print(segments() - before)
`;
  const count = 60;
  const counting = python(script, [
    String(shared().port),
    handshake(shared().port, `/ws?token=${shared().token(user)}`),
    String(count),
    IS_TLS ? 'tls' : 'plain',
  ]);
  await shared().publishWhenHeard({ user }, 'not yet');
  const commands = Array.from({ length: count }, (_, i) => ({ publish: { user, data: `message ${i} END` } }));
  expect((await shared().call('/api/v1/batch', { commands })).status).toBe(200);
  const segments = Number((await counting).split('\n')[1]);
  expect(segments).toBeLessThanOrEqual(4);
});

describe('compressed, where that was agreed', () => {
  const LARGE = JSON.stringify({ text: 'to be or not to be, '.repeat(200) });
  const offering = async (user: string, offer: string) => {
    const client = await RawClient.open(shared().port, `/ws?token=${shared().token(user)}`, {
      'Sec-WebSocket-Extensions': offer,
    });
    return { client, agreement: agreed(client.upgrade.headers['sec-websocket-extensions'])! };
  };

  test('large messages are, small ones are not, and all are the same', async () => {
    const user = newUser();
    const plain = await RawClient.open(shared().port, `/ws?token=${shared().token(user)}`);
    const clients = await Promise.all(
      [
        'permessage-deflate',
        'permessage-deflate; server_max_window_bits=9',
        'permessage-deflate; client_max_window_bits',
      ].map((offer) => offering(user, offer)),
    );
    expect(await shared().publishText({ user }, LARGE)).toEqual([4]);
    expect(await shared().publishText({ user }, '"small"')).toEqual([4]);
    for (const { client, agreement } of clients) {
      const large = await client.message();
      expect(large.rsv).toBe(4);
      expect(large.payload.length).toBeLessThan(LARGE.length / 4);
      expect(inflate(large, agreement.serverBits).toString()).toBe(LARGE);
      const small = await client.message();
      expect(small.rsv).toBe(0);
      expect(small.payload.toString()).toBe('"small"');
      client.destroy();
    }
    expect(await plain.text()).toBe(LARGE);
    expect(await plain.text()).toBe('"small"');
    plain.destroy();
  });

  test('for `ws`, many of them, in order', async () => {
    const user = newUser();
    const client = await listen(urlOf(user), { perMessageDeflate: true });
    expect(client.socket.extensions).toContain('permessage-deflate');
    const commands = Array.from({ length: 100 }, (_, i) => ({
      publish: { user, data: { i, text: 'abc '.repeat((i * 37) % 1000) } },
    }));
    await shared().call('/api/v1/batch', { commands });
    expect((await client.count(100)).map((text) => JSON.parse(text))).toEqual(
      commands.map((each) => each.publish.data),
    );
    await client.leave();
  });

  test('what cannot be compressed arrives too', async () => {
    const user = newUser();
    const { client, agreement } = await offering(user, 'permessage-deflate');
    const noise = JSON.stringify(
      Array.from({ length: 3000 }, (_, i) =>
        Math.sin(i * i)
          .toString(36)
          .slice(2),
      ).join(''),
    );
    await shared().publishText({ user }, noise);
    expect(inflate(await client.message(), agreement.serverBits).toString()).toBe(noise);
    client.destroy();
  });
});

describe('batch', () => {
  const run = (commands: unknown) => shared().call('/api/v1/batch', { commands });

  test('answers each command as the call alone would, in order, and one bad one harms no other', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    const answer = await run([
      { publish: { user, data: 1 } },
      { broadcast: { data: 2 } },
      { publish: { user } },
      { publish: { user, data: 3, channel: 'x' } },
      { nonsense: {} },
      { publish: { user, data: 4 }, broadcast: { data: 5 } },
      {},
      'publish',
      { publish: null },
      { publish: { channels: [`ws:${user}`, 'x'], data: 6 } },
    ]);
    expect(answer.status).toBe(200);
    const bad = errorOf(/^[a-z_]+$/);
    expect(answer.json).toEqual({
      results: [
        { published: [{ channel: `ws:${user}`, deliveries: 1 }] },
        { published: [{ channel: 'broadcast', deliveries: 1 }] },
        bad,
        bad,
        bad,
        bad,
        bad,
        bad,
        bad,
        {
          published: [
            { channel: `ws:${user}`, deliveries: 1 },
            { channel: 'x', deliveries: 0 },
          ],
        },
      ],
    });
    expect(await client.count(3)).toEqual(['1', '2', '6']);
    await client.leave();
  });

  test('relays byte for byte too', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    const data = '{ "n" : 1e400,\n"u":"\\u0041" }';
    await shared().call(
      '/api/v1/batch',
      ` { "commands" : [ {"publish":{"data":${data} ,"user":"${user}"}} ] } `,
    );
    expect(await client.next()).toBe(data);
    await client.leave();
  });

  test('takes a thousand commands, none, and no more', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    const commands = Array.from({ length: 1000 }, (_, i) => ({ publish: { user, data: i } }));
    const answer = await run(commands);
    expect(answer.status).toBe(200);
    expect(answer.json.results).toHaveLength(1000);
    expect(await client.count(1000)).toEqual(commands.map((_, i) => String(i)));
    expect((await run([])).json).toEqual({ results: [] });
    const over = await run([...commands, commands[0]]);
    expect(over.status).toBe(400);
    expect(over.json).toEqual(errorOf(/^[a-z_]+$/));
    expect(await shared().publish({ user }, 'next')).toEqual([1]);
    expect((await client.count(1001))[1000]).toBe('"next"');
    await client.leave();
  });

  test.each([
    ['no commands', '{}'],
    ['commands that are no list', '{"commands":{}}'],
    ['a list alone', '[]'],
    ['broken JSON within', '{"commands":[{"publish":{"user":"u","data":}}]}'],
  ])('400: %s', async (_, body) => {
    const answer = await shared().call('/api/v1/batch', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(errorOf(/^[a-z_]+$/));
  });
});

describe('idempotency keys', () => {
  let keys = 0;
  const newKey = (): string => `key-${++keys}`;

  test('the same again answers the same and sends nothing', async () => {
    const user = newUser();
    const key = newKey();
    const client = await listen(urlOf(user));
    const body = { user, data: 1, idempotency_key: key };
    const first = await shared().call('/api/v1/publish', body);
    expect(first.json).toEqual({ published: [{ channel: `ws:${user}`, deliveries: 1 }] });
    const second = await listen(urlOf(user));
    for (let i = 0; i < 3; i++) {
      const again = await shared().call('/api/v1/publish', body);
      expect([again.status, again.text]).toEqual([200, first.text]);
    }
    await shared().publish({ user }, 2);
    expect(await client.count(2)).toEqual(['1', '2']);
    expect(await second.next()).toBe('2');
    for (const each of [client, second]) await each.leave();
  });

  test('at once from everywhere: sent once', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    const body = { user, data: 'once', idempotency_key: newKey() };
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => shared().call('/api/v1/publish', body)),
    );
    for (const answer of answers) expect([200, 409]).toContain(answer.status);
    expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(1);
    await shared().publish({ user }, 'end');
    expect(await client.count(2)).toEqual(['"once"', '"end"']);
    await client.leave();
  });

  test('with another body: 422', async () => {
    const user = newUser();
    const key = newKey();
    await shared().call('/api/v1/publish', { user, data: 1, idempotency_key: key });
    const other = await shared().call('/api/v1/publish', { user, data: 2, idempotency_key: key });
    expect(other.status).toBe(422);
    expect(other.json).toEqual(errorOf(/^[a-z_]+$/));
    const broadcast = await shared().call('/api/v1/broadcast', { data: 1, idempotency_key: key });
    expect(broadcast.status).toBe(422);
  });

  test('in a batch', async () => {
    const user = newUser();
    const client = await listen(urlOf(user));
    const command = { publish: { user, data: 'b', idempotency_key: newKey() } };
    const answer = await shared().call('/api/v1/batch', {
      commands: [command, command, { publish: { ...command.publish, data: 'c' } }],
    });
    const sent = { published: [{ channel: `ws:${user}`, deliveries: 1 }] };
    expect(answer.json.results).toEqual([sent, sent, errorOf(/^[a-z_]+$/)]);
    await shared().publish({ user }, 'end');
    expect(await client.count(2)).toEqual(['"b"', '"end"']);
    await client.leave();
  });

  test('a call that was refused leaves its key free', async () => {
    const user = newUser();
    const key = newKey();
    expect((await shared().call('/api/v1/publish', { user, idempotency_key: key })).status).toBe(400);
    expect((await shared().call('/api/v1/publish', { user, data: 1, idempotency_key: key })).status).toBe(
      200,
    );
  });

  test("are each API key's own, and only the latest are remembered", async ({ tidings }) => {
    const server = await tidings({
      config: { api: { keys: [API_KEY, 'another-key'], idempotency_entries: 3 } },
    });
    const client = await listen(urlOf('u', server));
    const send = (key: string, from = API_KEY) =>
      server.call(
        '/api/v1/publish',
        { user: 'u', data: key, idempotency_key: key },
        { headers: { 'X-API-Key': from } },
      );
    await send('a');
    await send('a', 'another-key');
    await send('b');
    await send('c'); // forgets the first
    await send('b');
    await send('c');
    await send('a');
    expect(await client.count(5)).toEqual(['"a"', '"a"', '"b"', '"c"', '"a"']);
    await client.leave();
    expect(client.messages).toHaveLength(5);
  });

  test.each([
    ['empty', ''],
    ['129 bytes', 'k'.repeat(129)],
    ['no text', 7],
  ])('400: %s', async (_, key) => {
    const answer = await shared().call('/api/v1/publish', { user: 'u', data: 1, idempotency_key: key });
    expect(answer.status).toBe(400);
  });

  test('128 bytes', async () => {
    const answer = await shared().call('/api/v1/publish', {
      user: 'u',
      data: 1,
      idempotency_key: 'k'.repeat(128),
    });
    expect(answer.status).toBe(200);
  });
});

describe('what is wrong with a body', () => {
  test.each<[string, string | Buffer]>([
    ['no target', '{"data":1}'],
    ['two targets', '{"user":"u","channel":"c","data":1}'],
    ['user and users', '{"user":"u","users":["u"],"data":1}'],
    ['a target twice', '{"user":"u","user":"v","data":1}'],
    ['no data', '{"user":"u"}'],
    ['no user', '{"users":[],"data":1}'],
    ['no channel', '{"channels":[],"data":1}'],
    ['a user that is a list', '{"user":["u"],"data":1}'],
    ['users that are a text', '{"users":"u","data":1}'],
    ['an empty user', '{"user":"","data":1}'],
    ['a user of 129 bytes', `{"user":"${'u'.repeat(129)}","data":1}`],
    ['a user with a line break', '{"user":"a\\nb","data":1}'],
    ['an empty channel', '{"channel":"","data":1}'],
    ['a channel of 201 bytes', `{"channel":"${'c'.repeat(201)}","data":1}`],
    ['a channel with a control character', '{"channel":"a\\u0000","data":1}'],
    ['a channel with half of a surrogate pair', '{"channel":"\\udc00","data":1}'],
    ['a bad one in a list', `{"channels":["good","${'c'.repeat(201)}"],"data":1}`],
    ['a list', '[]'],
    ['a text', '"publish"'],
    ['nothing', ''],
    ['bytes that are no UTF-8', Buffer.from('{"user":"u","data":"\xff"}', 'latin1')],
    ['a byte order mark', '\ufeff{"user":"u","data":1}'],
    ['nested deeper than 128', `{"user":"u","data":${'['.repeat(200)}${']'.repeat(200)}}`],
  ])('400: %s', async (_, body) => {
    const answer = await shared().call('/api/v1/publish', body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual(errorOf(/^[a-z_]+$/));
  });

  test('a broadcast names no target', async () => {
    expect((await shared().call('/api/v1/broadcast', { data: 1, user: 'u' })).status).toBe(400);
    expect((await shared().call('/api/v1/broadcast', {})).status).toBe(400);
  });

  test.each([
    ['{"user":"u","data":}', 1, 20],
    ['{"user":"u",\n "data": {"a": tru}}', 2, 16],
    ['{"user":"u",\n\n"data":"ä",}', 3, 12],
    ['{"user":"u","data":1', 1, 21],
    ['{"user":"u","data":01}', 1, 21],
    ["{'user':1}", 1, 2],
    ['{"user":"u","data":1} {}', 1, 23],
    ['{"user":"u","data":"a\tb"}', 1, 22],
  ])('400 names line and column: %s', async (body, line, column) => {
    const answer = await shared().call('/api/v1/publish', body);
    expect(answer.status).toBe(400);
    expect(answer.json.error.message).toMatch(new RegExp(`line ${line}\\b.*column ${column}\\b`));
  });
});

describe('who may', () => {
  const KEYS = {
    api: {
      keys: [
        'plain-key-of-everything',
        { name: 'backend', key: 'publish-key', scopes: ['publish'] },
        { name: 'monitor', key: 'read-key', scopes: ['read'] },
        { name: 'operator', key: 'admin-key', scopes: ['admin', 'read'] },
      ],
    },
  };
  const scoped = sharedTidings({ config: KEYS });
  const ROUTES: [string, object][] = [
    ['/api/v1/publish', { user: 'u', data: 1 }],
    ['/api/v1/broadcast', { data: 1 }],
    ['/api/v1/batch', { commands: [] }],
  ];
  const statusWith = async (path: string, body: object, headers: Record<string, string>): Promise<number> => {
    const answer = await scoped().ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (answer.status !== 200) expect(answer.json).toEqual(errorOf(/^[a-z_]+$/));
    return answer.status;
  };

  test.each(ROUTES)('%s', async (path, body) => {
    for (const key of ['plain-key-of-everything', 'publish-key']) {
      expect(await statusWith(path, body, { 'X-API-Key': key })).toBe(200);
      expect(await statusWith(path, body, { Authorization: `Bearer ${key}` })).toBe(200);
    }
    for (const key of ['read-key', 'admin-key'])
      expect(await statusWith(path, body, { 'X-API-Key': key })).toBe(403);
    for (const key of [
      'unknown',
      'publish-ke',
      'publish-key2',
      'PUBLISH-KEY',
      '',
      'backend',
      scoped().token('u'),
    ]) {
      expect(await statusWith(path, body, { 'X-API-Key': key })).toBe(401);
      expect(await statusWith(path, body, { Authorization: `Bearer ${key}` })).toBe(401);
    }
    expect(await statusWith(path, body, {})).toBe(401);
    expect(await statusWith(path, body, { Authorization: 'Basic cHVibGlzaC1rZXk=' })).toBe(401);
    expect(await statusWith(`${path}?key=publish-key&token=publish-key`, body, {})).toBe(401);
  });

  test('nobody, where no key is configured', async ({ tidings }) => {
    const server = await tidings({ config: { api: { keys: [] } } });
    for (const [path, body] of ROUTES) {
      for (const headers of [{}, { 'X-API-Key': API_KEY }] as Record<string, string>[]) {
        const answer = await server.ask(path, { method: 'POST', headers, body: JSON.stringify(body) });
        expect(answer.status).toBe(403);
        expect(answer.json).toEqual(errorOf(/^[a-z_]+$/));
      }
    }
  });
});

describe('many at once', () => {
  test('two hundred listeners, each its own messages, nothing lost, nothing mixed up', async () => {
    const names = Array.from({ length: 200 }, () => newUser());
    const listeners: Listener[] = await Promise.all(names.map((user) => listen(urlOf(user))));
    const rounds = 10;
    for (let round = 0; round < rounds; round++) {
      const commands = names.map((user) => ({ publish: { user, data: [user, round] } }));
      const answer = await shared().call('/api/v1/batch', { commands });
      for (const result of answer.json.results) expect(result.published[0].deliveries).toBe(1);
    }
    for (const [i, each] of listeners.entries()) {
      expect(await each.count(rounds)).toEqual(
        Array.from({ length: rounds }, (_, round) => JSON.stringify([names[i], round])),
      );
    }
    await Promise.all(listeners.map((each) => each.leave()));
    await shared().connections(0);
  });

  test('a client gets nothing before it is open and everything after', async () => {
    const user = newUser();
    const client = dial(urlOf(user));
    await client.opened;
    expect(await shared().publish({ user }, 'first')).toEqual([1]);
    expect(await client.next()).toBe('"first"');
    await client.leave();
  });
});
