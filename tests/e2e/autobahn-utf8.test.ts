// SPDX-License-Identifier: MIT
// Case group 6 of the Autobahn TestSuite: text must be UTF-8, and is refused at the first byte that cannot be.
import { describe, expect, test } from 'vitest';
import { binary, close, fragments, frame, more, OP, ping, text } from './support/frame';
import {
  expectBinary,
  expectCleanClose,
  expectFail,
  expectPong,
  expectText,
  sharedEcho,
} from './support/echo';

const echo = sharedEcho();
const FIRST = { fin: false };
const hex = (digits: string): Buffer => Buffer.from(digits.replace(/ /g, ''), 'hex');
const GREEK = Buffer.from('\u03ba\u1f79\u03c3\u03bc\u03b5'); // five characters of two, three, two, two and two bytes
const bytesOf = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const spaced = (from: number, to: number): Buffer =>
  Buffer.from(bytesOf(from, to).flatMap((byte) => [byte, 0x20]));

describe('6.1 empty texts', () => {
  test('6.1.1 unfragmented', async () => {
    const client = await echo.open();
    client.write(text(''));
    await expectText(client, '');
    await expectCleanClose(client);
  });

  test('6.1.2 in three fragments', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([text('', FIRST), more('', FIRST), more('')]));
    await expectText(client, '');
    await expectCleanClose(client);
  });

  test('6.1.3 in three fragments, the middle one not empty', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([text('', FIRST), more('middle', FIRST), more('')]));
    await expectText(client, 'middle');
    await expectCleanClose(client);
  });
});

describe('6.2 good texts in fragments', () => {
  const good = Buffer.from('Hello-µ@ßöäüàá-UTF-8!!');

  test('6.2.1 unfragmented', async () => {
    const client = await echo.open();
    client.write(text(good));
    await expectText(client, good);
    await expectCleanClose(client);
  });

  test('6.2.2 cut at every place', async () => {
    const client = await echo.open();
    for (let cut = 0; cut <= good.length; cut++) {
      client.write(Buffer.concat([text(good.subarray(0, cut), FIRST), more(good.subarray(cut))]));
    }
    for (let cut = 0; cut <= good.length; cut++) await expectText(client, good);
    await expectCleanClose(client);
  });

  test.each([
    ['6.2.3', good],
    ['6.2.4', GREEK],
  ])('%s a fragment for each byte, with pings between', async (_, payload) => {
    const client = await echo.open();
    client.write(Buffer.concat(fragments(OP.text, payload, 1).flatMap((each) => [ping(), each])));
    for (let i = 0; i < payload.length; i++) await expectPong(client, '');
    await expectText(client, payload);
    await expectCleanClose(client);
  });
});

/* A bad text is refused whichever way it comes. */
const bad: [string, Buffer][] = [
  ['6.3 a surrogate after good text', Buffer.concat([GREEK, hex('eda080'), Buffer.from('edited')])],
  ...[1, 3, 4, 6, 8, 10].map((length): [string, Buffer] => [
    `6.6 a good text cut within a character, after ${length} bytes`,
    GREEK.subarray(0, length),
  ]),
  ['6.8.1 five bytes', hex('f888808080')],
  ['6.8.2 six bytes', hex('fc8480808080')],
  ['6.10.1 past U+1FFFFF', hex('f7bfbfbf')],
  ['6.10.2 the last of five bytes', hex('fbbfbfbfbf')],
  ['6.10.3 the last of six bytes', hex('fdbfbfbfbfbf')],
  ['6.11.5 U+110000', hex('f4908080')],
  ['6.12.1 a continuation byte alone', hex('80')],
  ['6.12.2 the last continuation byte alone', hex('bf')],
  ...[2, 3, 4, 5, 6].map((n): [string, Buffer] => [
    `6.12.${n + 1} ${n} continuation bytes`,
    hex('80bf80bf80bf').subarray(0, n),
  ]),
  ['6.12.8 all continuation bytes', Buffer.from(bytesOf(0x80, 0xbf))],
  ['6.13.1 lonely starts of two bytes', spaced(0xc0, 0xdf)],
  ['6.13.2 lonely starts of three bytes', spaced(0xe0, 0xef)],
  ['6.13.3 lonely starts of four bytes', spaced(0xf0, 0xf7)],
  ['6.13.4 lonely starts of five bytes', spaced(0xf8, 0xfb)],
  ['6.13.5 lonely starts of six bytes', spaced(0xfc, 0xfd)],
  ...['c0', 'e080', 'f08080', 'f8808080', 'fc80808080', 'df', 'efbf', 'f7bfbf', 'fbbfbfbf', 'fdbfbfbfbf'].map(
    (digits, i): [string, Buffer] => [`6.14.${i + 1} the last continuation missing`, hex(digits)],
  ),
  ['6.15.1 all of these in a row', hex('c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf')],
  ['6.16.1 fe', hex('fe')],
  ['6.16.2 ff', hex('ff')],
  ['6.16.3 fe fe ff ff', hex('fefeffff')],
  ...['c0af', 'e080af', 'f08080af', 'f8808080af', 'fc80808080af'].map((digits, i): [string, Buffer] => [
    `6.17.${i + 1} an overlong slash`,
    hex(digits),
  ]),
  ...['c1bf', 'e09fbf', 'f08fbfbf', 'f887bfbfbf', 'fc83bfbfbfbf'].map((digits, i): [string, Buffer] => [
    `6.18.${i + 1} the last that is overlong`,
    hex(digits),
  ]),
  ...['c080', 'e08080', 'f0808080', 'f880808080', 'fc8080808080'].map((digits, i): [string, Buffer] => [
    `6.19.${i + 1} an overlong NUL`,
    hex(digits),
  ]),
  ...['eda080', 'edadbf', 'edae80', 'edafbf', 'edb080', 'edbe80', 'edbfbf'].map(
    (digits, i): [string, Buffer] => [`6.20.${i + 1} a surrogate alone`, hex(digits)],
  ),
  ...[
    'eda080edb080',
    'eda080edbfbf',
    'edadbfedb080',
    'edadbfedbfbf',
    'edae80edb080',
    'edae80edbfbf',
    'edafbfedb080',
    'edafbfedbfbf',
  ].map((digits, i): [string, Buffer] => [`6.21.${i + 1} a surrogate pair`, hex(digits)]),
];

const good: [string, Buffer][] = [
  ...[2, 5, 7, 9, 11].map((length, i): [string, Buffer] => [
    `6.5.${i + 1} ${i + 1} characters`,
    GREEK.subarray(0, length),
  ]),
  ['6.7.1 NUL', hex('00')],
  ['6.7.2 U+0080', hex('c280')],
  ['6.7.3 U+0800', hex('e0a080')],
  ['6.7.4 U+10000', hex('f0908080')],
  ['6.9.1 U+007F', hex('7f')],
  ['6.9.2 U+07FF', hex('dfbf')],
  ['6.9.3 U+FFFF', hex('efbfbf')],
  ['6.9.4 U+10FFFF', hex('f48fbfbf')],
  ['6.11.1 U+D7FF', hex('ed9fbf')],
  ['6.11.2 U+E000', hex('ee8080')],
  ['6.11.3 U+FFFD', hex('efbfbd')],
  ['6.22.1 U+FFFE', hex('efbfbe')],
  ['6.23.1 specials, U+FFF9 to U+FFFD', hex('efbfb9efbfbaefbfbbefbfbcefbfbd')],
  ...bytesOf(0, 16).flatMap((plane): [string, Buffer][] =>
    [0xfffe, 0xffff].map((low) => {
      const point = plane * 0x10000 + low;
      return [`6.22 the noncharacter U+${point.toString(16)}`, Buffer.from(String.fromCodePoint(point))];
    }),
  ),
];

describe('6 bad texts', () => {
  test.each(bad)('%s', async (_, payload) => {
    const client = await echo.open();
    client.write(text(payload));
    await expectFail(client, 1007);
  });

  test.each(bad)('%s, a fragment for each byte', async (_, payload) => {
    const client = await echo.open();
    client.write(Buffer.concat(fragments(OP.text, payload, 1)));
    await expectFail(client, 1007);
  });

  test.each(bad)('%s, a byte at a time', async (_, payload) => {
    const client = await echo.open();
    await client.chopped(text(payload), 1);
    await expectFail(client, 1007);
  });

  test.each(bad)('%s is no matter in a binary message', async (_, payload) => {
    const client = await echo.open();
    client.write(binary(payload));
    await expectBinary(client, payload);
    await expectCleanClose(client);
  });
});

describe('6 good texts', () => {
  test.each(good)('%s', async (_, payload) => {
    const client = await echo.open();
    client.write(Buffer.concat([text(payload), ...fragments(OP.text, payload, 1)]));
    await expectText(client, payload);
    await expectText(client, payload);
    await expectCleanClose(client);
  });
});

describe('6.4 failing fast', () => {
  test.each([
    ['6.4.1 past U+10FFFF', hex('f4908080')],
    ['6.4.2 its first byte that shows it', hex('f490')],
  ])('%s, in a fragment before the last', async (_, wrong) => {
    const client = await echo.open();
    client.write(text(GREEK, FIRST));
    await client.silence(50);
    client.write(more(wrong, FIRST));
    await expectFail(client, 1007);
  });

  test.each([
    ['6.4.3 past U+10FFFF', hex('f4908080')],
    ['6.4.4 its first byte that shows it', hex('f490')],
  ])('%s, in a frame that is not all there', async (_, wrong) => {
    const client = await echo.open();
    const whole = text(Buffer.concat([GREEK, wrong, Buffer.from('edited')]));
    const head = whole.length - wrong.length - 6;
    client.write(whole.subarray(0, head));
    await client.silence(50);
    client.write(whole.subarray(head, head + wrong.length));
    await expectFail(client, 1007);
  });

  test('a start byte of which the fragment ends is no failure yet', async () => {
    const client = await echo.open();
    client.write(text(hex('f4'), FIRST));
    await client.silence(50);
    client.write(more(hex('8fbfbf')));
    await expectText(client, hex('f48fbfbf'));
    await expectCleanClose(client);
  });

  test('a message that was refused is not sent back', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([text(hex('ff')), text('after'), close(1000)]));
    const { frames, close: said } = await client.untilClose();
    expect(frames).toEqual([]);
    expect(said.code).toBe(1007);
  });

  test('the reason of a close is judged too (7.5.1)', async () => {
    const client = await echo.open();
    client.write(
      frame(OP.close, Buffer.concat([hex('03e8'), hex('cebae1bdb9cf83cebcceb5eda080656469746564')])),
    );
    await expectFail(client, 1007);
  });
});
