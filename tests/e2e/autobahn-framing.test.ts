// SPDX-License-Identifier: MIT
// Case groups 1 to 4 of the Autobahn TestSuite: framing, pings and pongs, reserved bits, opcodes.
import { describe, test } from 'vitest';
import { binary, frame, OP, ping, pong, text } from './support/frame';
import {
  expectBinary,
  expectCleanClose,
  expectFail,
  expectMessage,
  expectPong,
  expectText,
  sharedEcho,
} from './support/echo';

const echo = sharedEcho();

describe('1 framing', () => {
  const lengths = [0, 125, 126, 127, 128, 65535, 65536];

  describe.each([
    ['1.1 text', OP.text, '*'],
    ['1.2 binary', OP.binary, '\xfe'],
  ])('%s', (_, opcode, letter) => {
    test.each(lengths)('%i bytes', async (length) => {
      const client = await echo.open();
      const payload = Buffer.alloc(length, letter, 'latin1');
      client.write(frame(opcode, payload));
      await expectMessage(client, opcode, payload);
      await expectCleanClose(client);
    });

    test('65536 bytes in chops of 997', async () => {
      const client = await echo.open();
      const payload = Buffer.alloc(65536, letter, 'latin1');
      await client.chopped(frame(opcode, payload), 997);
      await expectMessage(client, opcode, payload);
      await expectCleanClose(client);
    });
  });

  test.each([
    ['0 in 16 bits', 0, 16],
    ['125 in 16 bits', 125, 16],
    ['125 in 64 bits', 125, 64],
    ['65535 in 64 bits', 65535, 64],
  ] as const)('a length not in its shortest form: %s', async (_, length, form) => {
    const client = await echo.open();
    client.write(binary(Buffer.alloc(length), { form }));
    await expectFail(client, 1002);
  });

  test('a length with its highest bit set', async () => {
    const client = await echo.open();
    client.write(binary('', { form: 64, length: 1n << 63n }));
    await expectFail(client, 1002);
  });

  test('a frame that is not masked', async () => {
    const client = await echo.open();
    client.write(text('hello', { mask: false }));
    await expectFail(client, 1002);
  });

  test('a mask of zeros is a mask', async () => {
    const client = await echo.open();
    client.write(text('hello', { mask: Buffer.alloc(4) }));
    await expectText(client, 'hello');
    await expectCleanClose(client);
  });

  test('every payload from 0 to 300 bytes, all in one write', async () => {
    const client = await echo.open();
    const payloads = Array.from({ length: 301 }, (_, length) => Buffer.alloc(length, length));
    client.write(Buffer.concat(payloads.map((payload) => binary(payload))));
    for (const payload of payloads) await expectBinary(client, payload);
    await expectCleanClose(client);
  });
});

describe('2 pings and pongs', () => {
  test.each([
    ['2.1 empty', Buffer.alloc(0)],
    ['2.2 text', Buffer.from('Hello, world!')],
    ['2.3 bytes that are no UTF-8', Buffer.from([0x00, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0x00, 0xff])],
    ['2.4 125 bytes', Buffer.alloc(125, 0xfe)],
  ])('%s', async (_, payload) => {
    const client = await echo.open();
    client.write(ping(payload));
    await expectPong(client, payload);
    await expectCleanClose(client);
  });

  test('2.5 126 bytes are too many', async () => {
    const client = await echo.open();
    client.write(ping(Buffer.alloc(126, 0xfe)));
    await expectFail(client, 1002);
  });

  test('2.6 125 bytes, a byte at a time', async () => {
    const client = await echo.open();
    await client.chopped(ping(Buffer.alloc(125, 0xfe)), 1);
    await expectPong(client, Buffer.alloc(125, 0xfe));
    await expectCleanClose(client);
  });

  test.each([
    ['2.7 empty', ''],
    ['2.8 with a payload', 'unsolicited'],
  ])('a pong that nobody asked for: %s', async (_, payload) => {
    const client = await echo.open();
    client.write(pong(payload));
    await client.silence(100);
    await expectCleanClose(client);
  });

  test('2.9 such a pong, then a ping', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([pong('unsolicited'), ping('asked')]));
    await expectPong(client, 'asked');
    await expectCleanClose(client);
  });

  test.each([
    ['2.10 at once', 100_000],
    ['2.11 a byte at a time', 1],
  ])('ten pings: %s', async (_, size) => {
    const client = await echo.open();
    const payloads = Array.from({ length: 10 }, (_, i) => `payload-${i}`);
    await client.chopped(Buffer.concat(payloads.map((payload) => ping(payload))), size);
    for (const payload of payloads) await expectPong(client, payload);
    await expectCleanClose(client);
  });
});

describe('3 reserved bits without an extension', () => {
  test('3.1 a text with 1', async () => {
    const client = await echo.open();
    client.write(text('*', { rsv: 1 }));
    await expectFail(client, 1002);
  });

  test.each([
    ['3.2 at once', 100_000],
    ['3.3 frame by frame', 0],
    ['3.4 a byte at a time', 1],
  ])('a good text, one with reserved bits, a ping: %s', async (_, size) => {
    const client = await echo.open();
    const frames = [text('good'), text('bad', { rsv: size === 1 ? 3 : 2 }), ping()];
    if (size === 0) for (const each of frames) await client.written(each);
    else await client.chopped(Buffer.concat(frames), size);
    await expectText(client, 'good');
    await expectFail(client, 1002);
  });

  test.each([
    ['3.5 a binary with 5', binary('\x00\xff', { rsv: 5 })],
    ['3.6 a ping with 6', ping('hello', { rsv: 6 })],
    ['3.7 a close with 7', frame(OP.close, Buffer.from([0x03, 0xe8]), { rsv: 7 })],
    ['a text with 4, which means compressed where that was agreed', text('hello', { rsv: 4 })],
  ])('%s', async (_, bytes) => {
    const client = await echo.open();
    client.write(bytes);
    await expectFail(client, 1002);
  });
});

describe('4 opcodes that mean nothing', () => {
  const unknown = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15];

  test.each(unknown)('opcode %i, empty', async (opcode) => {
    const client = await echo.open();
    client.write(frame(opcode));
    await expectFail(client, 1002);
  });

  test.each(unknown)('opcode %i with a payload', async (opcode) => {
    const client = await echo.open();
    client.write(frame(opcode, 'reserved opcode payload'));
    await expectFail(client, 1002);
  });

  test.each(unknown)('a text, opcode %i, a ping', async (opcode) => {
    const client = await echo.open();
    client.write(Buffer.concat([text('good'), frame(opcode, 'payload'), ping()]));
    await expectText(client, 'good');
    await expectFail(client, 1002);
  });

  test.each(unknown)('a text, opcode %i, a ping, a byte at a time', async (opcode) => {
    const client = await echo.open();
    await client.chopped(Buffer.concat([text('good'), frame(opcode, 'payload'), ping()]), 1);
    await expectText(client, 'good');
    await expectFail(client, 1002);
  });
});
