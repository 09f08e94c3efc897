// SPDX-License-Identifier: MIT
// Case groups 12 and 13 of the Autobahn TestSuite: permessage-deflate (RFC 7692) with all kinds of data and agreements.
import { randomBytes } from 'node:crypto';
import { constants } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { binary, frame, fragments, more, OP, ping, text } from './support/frame';
import { agreed, deflate, inflate, type Agreed } from './support/deflate';
import { expectCleanClose, expectFail, expectPong, MIB, sharedEcho } from './support/echo';
import { BLOAT } from './support/tidings';
import type { RawClient } from './support/rawClient';

const echo = sharedEcho({ max_message_bytes: MIB });
const COMPRESSED = 4; // RSV1

/** A client that offers this, and what the server made of it. */
async function offering(offer: string): Promise<{ client: RawClient; agreement: Agreed | undefined }> {
  const client = await echo.open({ 'Sec-WebSocket-Extensions': offer });
  return { client, agreement: agreed(client.upgrade.headers['sec-websocket-extensions']) };
}

async function agreeing(offer: string): Promise<{ client: RawClient; agreement: Agreed }> {
  const { client, agreement } = await offering(offer);
  expect(agreement, `the offer "${offer}" is taken`).toBeDefined();
  return { client, agreement: agreement! };
}

async function expectEcho(
  client: RawClient,
  agreement: Agreed,
  opcode: number,
  payload: Buffer,
): Promise<void> {
  const back = await client.message(20_000);
  expect(back.opcode).toBe(opcode);
  const plain = inflate(back, agreement.serverBits);
  expect(plain.length).toBe(payload.length);
  expect(plain.equals(payload), 'the payload').toBe(true);
}

const repeated = (piece: string, size: number): Buffer => {
  const all = Buffer.alloc(size, Buffer.from(piece));
  let end = size;
  while (!isText(all.subarray(0, end))) end--; // not within a character
  return all.subarray(0, end);
};
const isText = (bytes: Buffer): boolean => {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};

const SIZES = [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072];
const DATA: [string, number, (size: number) => Buffer][] = [
  [
    '12.1 JSON',
    OP.text,
    (size) => repeated('{"id": 4711, "name": "AUTO", "tags": ["a", "b"], "at": 1.5}, ', size),
  ],
  [
    '12.2 text beyond ASCII',
    OP.text,
    (size) => repeated('Wer reitet so spät durch Nacht und Wind? Άσμα 漢字 🎻 ', size),
  ],
  ['12.3 what cannot be compressed', OP.binary, (size) => randomBytes(size)],
  ['12.4 zeros', OP.binary, (size) => Buffer.alloc(size)],
  [
    '12.5 far repeats of noise',
    OP.binary,
    (size) => {
      const noise = randomBytes(Math.max(1, Math.floor(size / 4)));
      return Buffer.concat([noise, noise, noise, noise, Buffer.alloc(3)]).subarray(0, size);
    },
  ],
];

const rounds = (size: number): number => Math.max(4, Math.min(60, Math.floor(600_000 / size)));

describe.each(DATA)('%s', (_, opcode, payloadOf) => {
  test.each(SIZES)('messages of %i bytes', async (size) => {
    const { client, agreement } = await agreeing('permessage-deflate; client_max_window_bits');
    const payload = payloadOf(size);
    const message = frame(opcode, deflate(payload, agreement.clientBits), { rsv: COMPRESSED });
    for (let i = 0; i < rounds(size); i++) {
      client.write(message);
      await expectEcho(client, agreement, opcode, payload);
    }
    await expectCleanClose(client);
  });

  test.each(SIZES)('messages of %i bytes in fragments, all at once', async (size) => {
    const { client, agreement } = await agreeing('permessage-deflate');
    const payload = payloadOf(size);
    const compressed = deflate(payload, agreement.clientBits);
    const message = Buffer.concat(
      fragments(opcode, compressed, Math.max(1, compressed.length >> 3), COMPRESSED),
    );
    const count = Math.min(8, rounds(size));
    for (let i = 0; i < count; i++) client.write(message);
    for (let i = 0; i < count; i++) await expectEcho(client, agreement, opcode, payload);
    await expectCleanClose(client);
  });
});

describe('13 agreements', () => {
  const OFFERS: [string, string, number][] = [
    ['13.1', 'permessage-deflate', 15],
    ['13.2', 'permessage-deflate; server_no_context_takeover', 15],
    ['13.3', 'permessage-deflate; server_max_window_bits=9', 9],
    ['13.4', 'permessage-deflate; server_max_window_bits=15', 15],
    ['13.5', 'permessage-deflate; server_no_context_takeover; server_max_window_bits=9', 9],
    ['13.6', 'permessage-deflate; server_no_context_takeover; server_max_window_bits=15', 15],
    [
      '13.7',
      'permessage-deflate; server_no_context_takeover; server_max_window_bits=9, permessage-deflate; server_no_context_takeover, permessage-deflate',
      9,
    ],
    ['each server window: 10', 'permessage-deflate; server_max_window_bits=10', 10],
    ['each server window: 11', 'permessage-deflate; server_max_window_bits=11', 11],
    ['each server window: 12', 'permessage-deflate; server_max_window_bits=12', 12],
    ['each server window: 13', 'permessage-deflate; server_max_window_bits=13', 13],
    ['each server window: 14', 'permessage-deflate; server_max_window_bits=14', 14],
    ['the client will keep to any window', 'permessage-deflate; client_max_window_bits', 15],
    ['the client will keep to 9', 'permessage-deflate; client_max_window_bits=9', 15],
    ['the client will keep to 15', 'permessage-deflate; client_max_window_bits=15', 15],
    ['the client will forget', 'permessage-deflate; client_no_context_takeover', 15],
    ['what browsers offer', 'permessage-deflate; client_max_window_bits', 15],
    ['a quoted value', 'permessage-deflate; server_max_window_bits="10"', 10],
    ['odd white space', 'permessage-deflate ;\tserver_max_window_bits=10 ;client_no_context_takeover', 10],
    ['another extension first', 'x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=10', 10],
    [
      'what zlib cannot do, then what it can',
      'permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=9',
      9,
    ],
  ];

  test.each(OFFERS)('%s: %s', async (_, offer, mostBits) => {
    const { client, agreement } = await agreeing(offer);
    expect(agreement.serverBits).toBeLessThanOrEqual(mostBits);
    // Neither side keeps a window between messages; only an offered client_max_window_bits may be answered.
    expect(agreement.names).toEqual(
      expect.arrayContaining(['client_no_context_takeover', 'server_no_context_takeover']),
    );
    if (!offer.includes('client_max_window_bits'))
      expect(agreement.names).not.toContain('client_max_window_bits');

    const payloads = DATA.flatMap(([, opcode, payloadOf]) =>
      [16, 256, 4096, 65536].map((size): [number, Buffer] => [opcode, payloadOf(size)]),
    );
    for (const [opcode, payload] of payloads) {
      client.write(frame(opcode, deflate(payload, Math.max(9, agreement.clientBits)), { rsv: COMPRESSED }));
      await expectEcho(client, agreement, opcode, payload);
    }
    await expectCleanClose(client);
  });

  test.each([
    ['a window that zlib cannot keep to', 'permessage-deflate; server_max_window_bits=8'],
    ['a window too small', 'permessage-deflate; server_max_window_bits=7'],
    ['a window too large', 'permessage-deflate; server_max_window_bits=16'],
    ['a window with a leading zero', 'permessage-deflate; server_max_window_bits=010'],
    ['a window that is no number', 'permessage-deflate; server_max_window_bits=ten'],
    ['a server window without a value', 'permessage-deflate; server_max_window_bits'],
    ['a client window too large', 'permessage-deflate; client_max_window_bits=16'],
    ['a value where none belongs', 'permessage-deflate; server_no_context_takeover=1'],
    ['a parameter twice', 'permessage-deflate; server_no_context_takeover; server_no_context_takeover'],
    ['a parameter that nobody knows', 'permessage-deflate; window=10'],
    ['another extension', 'permessage-bzip2'],
  ])('declined: %s', async (_, offer) => {
    const { client, agreement } = await offering(offer);
    expect(agreement).toBeUndefined();
    client.write(text('plain'));
    expect(await client.text()).toBe('plain');
    client.write(text(deflate('compressed'), { rsv: COMPRESSED }));
    await expectFail(client, 1002);
  });
});

describe('the samples of RFC 7692 §7.2.3', () => {
  const hex = (digits: string): Buffer => Buffer.from(digits.replace(/ /g, ''), 'hex');

  test.each([
    ['one block', 'f2 48 cd c9 c9 07 00'],
    ['a block without compression', '00 05 00 fa ff 48 65 6c 6c 6f 00'],
    ['a block with BFINAL', 'f3 48 cd c9 c9 07 00 00'],
    ['two blocks', 'f2 48 05 00 00 00 ff ff ca c9 c9 07 00'],
  ])('%s', async (_, digits) => {
    const { client, agreement } = await agreeing('permessage-deflate');
    client.write(text(hex(digits), { rsv: COMPRESSED }));
    await expectEcho(client, agreement, OP.text, Buffer.from('Hello'));
    await expectCleanClose(client);
  });

  test('two fragments with a ping between them', async () => {
    const { client, agreement } = await agreeing('permessage-deflate');
    client.write(text(hex('f2 48 cd'), { rsv: COMPRESSED, fin: false }));
    client.write(Buffer.concat([ping('between'), more(hex('c9 c9 07 00'))]));
    await expectPong(client, 'between');
    await expectEcho(client, agreement, OP.text, Buffer.from('Hello'));
    await expectCleanClose(client);
  });

  test('an empty message', async () => {
    const { client, agreement } = await agreeing('permessage-deflate');
    client.write(text(hex('00'), { rsv: COMPRESSED }));
    await expectEcho(client, agreement, OP.text, Buffer.alloc(0));
    await expectCleanClose(client);
  });

  test('a message that is not compressed, among others', async () => {
    const { client, agreement } = await agreeing('permessage-deflate');
    client.write(
      Buffer.concat([text('plain'), text(deflate('packed'), { rsv: COMPRESSED }), text('plain again')]),
    );
    for (const word of ['plain', 'packed', 'plain again'])
      await expectEcho(client, agreement, OP.text, Buffer.from(word));
    await expectCleanClose(client);
  });

  test('no context is kept from the message before', async () => {
    const { client } = await agreeing('permessage-deflate');
    client.write(text(hex('f2 48 cd c9 c9 07 00'), { rsv: COMPRESSED }));
    expect(inflate(await client.message()).toString()).toBe('Hello');
    client.write(text(hex('f2 00 11 00 00'), { rsv: COMPRESSED })); // refers back to it
    await expectFail(client, 1007);
  });
});

describe('what is wrong in a compressed message', () => {
  test('bytes that are no deflate', async () => {
    const { client } = await agreeing('permessage-deflate');
    client.write(binary(Buffer.from([0xff, 0xff, 0xff, 0xff]), { rsv: COMPRESSED }));
    await expectFail(client, 1007);
  });

  test('text that is no UTF-8', async () => {
    const { client } = await agreeing('permessage-deflate');
    client.write(text(deflate(Buffer.from([0x61, 0xed, 0xa0, 0x80])), { rsv: COMPRESSED }));
    await expectFail(client, 1007);
  });

  test('text that ends within a character', async () => {
    const { client } = await agreeing('permessage-deflate');
    client.write(text(deflate(Buffer.from([0x61, 0xc3])), { rsv: COMPRESSED }));
    await expectFail(client, 1007);
  });

  test.each([
    ['a continuation', () => [text('a', { fin: false }), more('b', { rsv: COMPRESSED })]],
    ['a ping', () => [ping('a', { rsv: COMPRESSED })]],
    ['a close', () => [frame(OP.close, Buffer.from([0x03, 0xe8]), { rsv: COMPRESSED })]],
    ['another reserved bit', () => [text(deflate('a'), { rsv: 2 })]],
    ['both', () => [text(deflate('a'), { rsv: 6 })]],
  ])('the bit on %s', async (_, frames) => {
    const { client } = await agreeing('permessage-deflate');
    client.write(Buffer.concat(frames()));
    await expectFail(client, 1002);
  });

  test.each([
    ['in one frame', 64 * MIB, 0],
    ['in fragments', 64 * MIB, 1000],
    ['a byte too large', MIB + 1, 0],
  ])('a bomb %s is too big, and costs no memory', async (_, size, piece) => {
    const before = echo.server().rss();
    const { client } = await agreeing('permessage-deflate');
    const packed = deflate(Buffer.alloc(size, '!'), 15, constants.Z_BEST_COMPRESSION);
    client.write(Buffer.concat(fragments(OP.text, packed, piece || packed.length, COMPRESSED)));
    await expectFail(client, 1009);
    expect(echo.server().rss() - before).toBeLessThan(16 * MIB * BLOAT);
  });

  test('a message of just the largest size passes', async () => {
    const { client, agreement } = await agreeing('permessage-deflate');
    const payload = Buffer.alloc(MIB, '!');
    client.write(text(deflate(payload), { rsv: COMPRESSED }));
    await expectEcho(client, agreement, OP.text, payload);
    await expectCleanClose(client);
  });

  test('a hundred bombs at once', async () => {
    const packed = deflate(Buffer.alloc(64 * MIB), 15, constants.Z_BEST_COMPRESSION);
    const before = echo.server().rss();
    const clients = await Promise.all(
      Array.from({ length: 100 }, async () => (await agreeing('permessage-deflate')).client),
    );
    for (const client of clients) client.write(binary(packed, { rsv: COMPRESSED }));
    for (const client of clients) await expectFail(client, 1009);
    expect(echo.server().rss() - before).toBeLessThan(64 * MIB * BLOAT);
  });
});

describe('an endpoint without compression', () => {
  const plain = sharedEcho({ compression: false });

  test('declines', async () => {
    const client = await plain.open({ 'Sec-WebSocket-Extensions': 'permessage-deflate' });
    expect(client.upgrade.headers['sec-websocket-extensions']).toBeUndefined();
    client.write(text(deflate('compressed'), { rsv: COMPRESSED }));
    await expectFail(client, 1002);
  });
});
