// SPDX-License-Identifier: MIT
// Case group 9 of the Autobahn TestSuite: large messages, whole, in fragments and in small chops, and many small ones.
import { describe, expect, test } from 'vitest';
import { binary, frame, fragments, OP, text } from './support/frame';
import { expectCleanClose, expectFail, expectMessage, MIB, sharedEcho } from './support/echo';
import { BLOAT } from './support/tidings';
import { RawClient } from './support/rawClient';

const echo = sharedEcho();
const kinds: [string, number][] = [
  ['text', OP.text],
  ['binary', OP.binary],
];
const WAIT = 20_000;

/** Bytes that are text and do not repeat within a fragment's length, so that one that is lost or doubled is seen. */
function payloadOf(length: number): Buffer {
  const payload = Buffer.alloc(length);
  for (let i = 0; i < length; i++) payload[i] = 0x20 + ((i * 7 + (i >> 12)) % 95);
  return payload;
}

describe.each(kinds)('9 %s', (_, opcode) => {
  test.each([64 * 1024, 256 * 1024, MIB, 4 * MIB, 8 * MIB, 16 * MIB])(
    '9.1, 9.2 %i bytes in one frame',
    async (length) => {
      const client = await echo.open();
      const payload = payloadOf(length);
      client.write(frame(opcode, payload));
      await expectMessage(client, opcode, payload, WAIT);
      await expectCleanClose(client);
    },
  );

  test.each([64, 256, 1024, 4096, 16384, 65536, 262144, MIB, 4 * MIB])(
    '9.3, 9.4 4 MiB in fragments of %i bytes',
    async (size) => {
      const client = await echo.open();
      const payload = payloadOf(4 * MIB);
      client.write(Buffer.concat(fragments(opcode, payload, size)));
      await expectMessage(client, opcode, payload, WAIT);
      await expectCleanClose(client);
    },
  );

  test.each([64, 128, 256, 512, 1024, 2048])('9.5, 9.6 1 MiB in chops of %i bytes', async (size) => {
    const client = await echo.open();
    const payload = payloadOf(MIB);
    await client.chopped(frame(opcode, payload), size);
    await expectMessage(client, opcode, payload, WAIT);
    await expectCleanClose(client);
  });

  test.each([0, 16, 64, 256, 1024, 4096])(
    '9.7, 9.8 1000 messages of %i bytes, each after the last one is back',
    async (length) => {
      const client = await echo.open();
      const payload = payloadOf(length);
      for (let i = 0; i < 1000; i++) {
        client.write(frame(opcode, payload));
        const back = await client.frame(WAIT);
        if (back.opcode !== opcode || !back.payload.equals(payload))
          expect(back).toEqual({ opcode, payload });
      }
      await expectCleanClose(client);
    },
  );
});

describe('the largest message', () => {
  test('one byte more is too big, told from the head alone', async () => {
    const client = await echo.open();
    client.write(frame(OP.binary, '', { form: 64, length: BigInt(16 * MIB + 1) }));
    await expectFail(client, 1009);
  });

  test('fragments add up', async () => {
    const client = await echo.open();
    const half = Buffer.alloc(8 * MIB);
    client.write(Buffer.concat([binary(half, { fin: false }), frame(OP.continuation, half, { fin: false })]));
    client.write(frame(OP.continuation, 'x'));
    await expectFail(client, 1009);
  });

  test('a length of 2^63 - 1 costs nothing', async () => {
    const before = echo.server().rss();
    const client = await echo.open();
    client.write(frame(OP.text, '', { form: 64, length: (1n << 63n) - 1n }));
    await expectFail(client, 1009);
    expect(echo.server().rss() - before).toBeLessThan(32 * MIB * BLOAT);
  });

  test('a length that is only announced costs nothing', async () => {
    const before = echo.server().rss();
    const clients: RawClient[] = [];
    for (let i = 0; i < 50; i++) {
      const client = await echo.open();
      client.write(frame(OP.binary, '', { form: 64, length: BigInt(16 * MIB) }));
      clients.push(client);
    }
    const other = await echo.open();
    other.write(text('still here'));
    await expectMessage(other, OP.text, 'still here');
    expect(echo.server().rss() - before).toBeLessThan(64 * MIB * BLOAT);
    for (const client of clients) client.destroy();
    await expectCleanClose(other);
  });
});
