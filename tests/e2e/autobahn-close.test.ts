// SPDX-License-Identifier: MIT
// Case group 7 of the Autobahn TestSuite: the closing handshake.
import { describe, expect, test } from 'vitest';
import { close, closePayload, frame, more, OP, ping, text } from './support/frame';
import { expectFail, expectText, sharedEcho } from './support/echo';
import type { RawClient } from './support/rawClient';

const echo = sharedEcho();

/** The close is answered with `code`, nothing else comes, and the server ends the stream in order. */
async function expectClosed(client: RawClient, code: number): Promise<void> {
  expect((await client.close()).code).toBe(code);
  expect(await client.end()).toBe('end');
}

describe('7.1 what goes around a close', () => {
  test('7.1.1 a message, then a close', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([text('hello'), close(1000)]));
    await expectText(client, 'hello');
    await expectClosed(client, 1000);
  });

  test('7.1.2 two closes', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([close(1000), close(1000)]));
    await expectClosed(client, 1000);
  });

  test('7.1.3 a ping after the close', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([close(1000), ping()]));
    await expectClosed(client, 1000);
  });

  test('7.1.4 a text after the close', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([close(1000), text('late')]));
    await expectClosed(client, 1000);
  });

  test('7.1.5 a close between fragments', async () => {
    const client = await echo.open();
    client.write(Buffer.concat([text('fragment1', { fin: false }), close(1000), more('fragment2')]));
    await expectClosed(client, 1000);
  });

  test('7.1.6 256 KiB, then a close and a ping', async () => {
    const client = await echo.open();
    const payload = Buffer.alloc(256 * 1024, 'B');
    client.write(Buffer.concat([text(payload), close(1000), ping()]));
    await expectText(client, payload);
    await expectClosed(client, 1000);
  });

  test('a close a byte at a time', async () => {
    const client = await echo.open();
    await client.chopped(close(1000, 'a reason that comes in pieces'), 1, 1);
    await expectClosed(client, 1000);
  });
});

describe('7.3 payloads', () => {
  test('7.3.1 none', async () => {
    const client = await echo.open();
    client.write(close());
    const { code } = await client.close();
    expect([1000, 1005]).toContain(code);
    expect(await client.end()).toBe('end');
  });

  test('7.3.2 one byte', async () => {
    const client = await echo.open();
    client.write(frame(OP.close, 'a'));
    await expectFail(client, 1002);
  });

  test('7.3.3 a code', async () => {
    const client = await echo.open();
    client.write(close(1000));
    await expectClosed(client, 1000);
  });

  test.each([
    ['7.3.4 a reason', 'Hello World!'],
    ['7.3.5 the longest reason', '*'.repeat(123)],
  ])('%s', async (_, reason) => {
    const client = await echo.open();
    client.write(close(1000, reason));
    await expectClosed(client, 1000);
  });

  test('7.3.6 a reason that is too long', async () => {
    const client = await echo.open();
    client.write(frame(OP.close, closePayload(1000, '*'.repeat(124))));
    await expectFail(client, 1002);
  });
});

describe('7.7 codes that may be sent', () => {
  test.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    '%i',
    async (code) => {
      const client = await echo.open();
      client.write(close(code, 'a reason'));
      await expectClosed(client, code);
    },
  );
});

describe('7.9 and 7.13 codes that may not', () => {
  test.each([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])('%i', async (code) => {
    const client = await echo.open();
    client.write(close(code, 'a reason'));
    await expectFail(client, 1002);
  });
});

test('a client that closes and goes at once still gets its answer', async () => {
  const client = await echo.open();
  client.write(close(1000));
  client.finish();
  expect((await client.close()).code).toBe(1000);
  expect(await client.end()).toBe('end');
});
