// SPDX-License-Identifier: MIT
// Case groups 5 and 10 of the Autobahn TestSuite: fragmented messages, and control frames between the fragments.
import { describe, expect, test } from 'vitest';
import { binary, close, fragments, more, OP, ping, pong, text } from './support/frame';
import {
  expectBinary,
  expectCleanClose,
  expectFail,
  expectPong,
  expectText,
  sharedEcho,
} from './support/echo';
import { RawClient } from './support/rawClient';

const echo = sharedEcho();
const FIRST = { fin: false };

type Way = [string, (client: RawClient, frames: Buffer[]) => Promise<void>];
const ways: Way[] = [
  ['at once', (client, frames) => client.written(Buffer.concat(frames))],
  [
    'frame by frame',
    async (client, frames) => {
      for (const each of frames) await client.written(each);
    },
  ],
  ['a byte at a time', (client, frames) => client.chopped(Buffer.concat(frames), 1)],
];

describe.each(ways)('5 sent %s', (_, send) => {
  test('5.1 a ping in two fragments', async () => {
    const client = await echo.open();
    await send(client, [ping('fragment1', FIRST), more('fragment2')]);
    await expectFail(client, 1002);
  });

  test('5.2 a pong in two fragments', async () => {
    const client = await echo.open();
    await send(client, [pong('fragment1', FIRST), more('fragment2')]);
    await expectFail(client, 1002);
  });

  test('5.3 to 5.5 a text in two fragments', async () => {
    const client = await echo.open();
    await send(client, [text('fragment1', FIRST), more('fragment2')]);
    await expectText(client, 'fragment1fragment2');
    await expectCleanClose(client);
  });

  test('a binary in two fragments', async () => {
    const client = await echo.open();
    await send(client, [binary('\x00', FIRST), more(Buffer.from([0xff]))]);
    await expectBinary(client, Buffer.from([0x00, 0xff]));
    await expectCleanClose(client);
  });

  test('5.6 to 5.8 a ping between the fragments is answered at once', async () => {
    const client = await echo.open();
    await send(client, [text('fragment1', FIRST), ping('between')]);
    await expectPong(client, 'between');
    await send(client, [more('fragment2')]);
    await expectText(client, 'fragment1fragment2');
    await expectCleanClose(client);
  });

  test('5.9 to 5.11 a last continuation of nothing', async () => {
    const client = await echo.open();
    await send(client, [more('non-continuation payload'), text('hello')]);
    await expectFail(client, 1002);
  });

  test('5.12 to 5.14 a continuation of nothing, not the last', async () => {
    const client = await echo.open();
    await send(client, [more('non-continuation payload', FIRST), text('hello')]);
    await expectFail(client, 1002);
  });

  test('5.15 a continuation after the message is complete', async () => {
    const client = await echo.open();
    await send(client, [
      text('fragment1', FIRST),
      more('fragment2'),
      more('fragment3', FIRST),
      text('fragment4'),
    ]);
    await expectText(client, 'fragment1fragment2');
    await expectFail(client, 1002);
  });

  test('5.16 a continuation first, then a text in fragments', async () => {
    const client = await echo.open();
    await send(client, [more('fragment1', FIRST), text('fragment2', FIRST), more('fragment3')]);
    await expectFail(client, 1002);
  });

  test('5.17 a last continuation first, then a text in fragments', async () => {
    const client = await echo.open();
    await send(client, [more('fragment1'), text('fragment2', FIRST), more('fragment3')]);
    await expectFail(client, 1002);
  });

  test('5.18 a second text before the first is complete', async () => {
    const client = await echo.open();
    await send(client, [text('fragment1', FIRST), text('fragment2')]);
    await expectFail(client, 1002);
  });

  test('a binary as the second fragment of a text', async () => {
    const client = await echo.open();
    await send(client, [text('fragment1', FIRST), binary('fragment2')]);
    await expectFail(client, 1002);
  });

  test('a close in two fragments', async () => {
    const client = await echo.open();
    const whole = close(1000);
    whole[0]! &= 0x7f;
    await send(client, [whole]);
    await expectFail(client, 1002);
  });

  test('5.19 and 5.20 five fragments with two pings among them', async () => {
    const client = await echo.open();
    await send(client, [text('fragment1', FIRST), more('fragment2', FIRST), ping('pongme 1!')]);
    await expectPong(client, 'pongme 1!');
    await client.silence(50);
    await send(client, [
      more('fragment3', FIRST),
      more('fragment4', FIRST),
      ping('pongme 2!'),
      more('fragment5'),
    ]);
    await expectPong(client, 'pongme 2!');
    await expectText(client, 'fragment1fragment2fragment3fragment4fragment5');
    await expectCleanClose(client);
  });

  test('a pong, empty fragments and a second message right behind', async () => {
    const client = await echo.open();
    await send(client, [text('', FIRST), pong(), more('', FIRST), more('a', FIRST), more(''), binary('b')]);
    await expectText(client, 'a');
    await expectBinary(client, 'b');
    await expectCleanClose(client);
  });
});

describe('10 fragmented by the sender', () => {
  test('10.1.1 64 KiB of text in fragments of 1300 bytes', async () => {
    const client = await echo.open();
    const payload = Buffer.alloc(65536, '*');
    for (const each of fragments(OP.text, payload, 1300)) await client.written(each);
    await expectText(client, payload);
    await expectCleanClose(client);
  });

  test('a message of 20000 fragments of one byte', async () => {
    const client = await echo.open();
    const payload = Buffer.alloc(20_000, 'x');
    client.write(Buffer.concat(fragments(OP.text, payload, 1)));
    await expectText(client, payload);
    await expectCleanClose(client);
  });

  test('a message that never ends does not hold up its neighbours', async () => {
    const [slow, other] = [await echo.open(), await echo.open()];
    slow.write(text('begun', FIRST));
    other.write(text('hello'));
    await expectText(other, 'hello');
    slow.write(more(' and done'));
    await expectText(slow, 'begun and done');
    expect(slow.ending).toBeUndefined();
    await expectCleanClose(other);
    await expectCleanClose(slow);
  });
});
