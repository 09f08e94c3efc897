// SPDX-License-Identifier: MIT
// A server that sends every data message back, and what the conformance tests expect of it.
import { expect } from 'vitest';
import { OP, close, type Frame } from './frame';
import { RawClient } from './rawClient';
import { sharedTidings, type Tidings } from './tidings';

export const MIB = 1024 * 1024;

const ECHO = {
  inbound: 'echo',
  connections: 0,
  messages_per_minute: 0,
  max_message_bytes: 16 * MIB,
  max_queue_bytes: 64 * MIB,
  write_seconds: 60,
  unfinished_seconds: 0,
};

export interface Echo {
  server: () => Tidings;
  /** A client that is through with the handshake. */
  open: (headers?: Record<string, string | null>) => Promise<RawClient>;
}

/** One echoing server for a file. */
export function sharedEcho(endpoint: Record<string, unknown> = {}): Echo {
  const server = sharedTidings({ endpoint: { ...ECHO, ...endpoint }, config: { log_level: 'info' } });
  return {
    server,
    open: (headers) => RawClient.open(server().port, `/ws?token=${server().token('echo')}`, headers),
  };
}

/** The next frame is this message, whole and bare. */
export async function expectMessage(
  client: RawClient,
  opcode: number,
  payload: Buffer | string,
  ms?: number,
): Promise<void> {
  const frame = await client.frame(ms);
  expect(plain(frame)).toEqual({ opcode, fin: true, rsv: 0, length: Buffer.byteLength(payload) });
  // Not toEqual: on megabytes that takes minutes to say "different".
  expect(frame.payload.equals(Buffer.from(payload)), `the payload, ${frame.payload.length} bytes`).toBe(true);
}

const plain = (frame: Frame) => ({
  opcode: frame.opcode,
  fin: frame.fin,
  rsv: frame.rsv,
  length: frame.payload.length,
});

export const expectText = (client: RawClient, payload: Buffer | string, ms?: number): Promise<void> =>
  expectMessage(client, OP.text, payload, ms);
export const expectBinary = (client: RawClient, payload: Buffer | string, ms?: number): Promise<void> =>
  expectMessage(client, OP.binary, payload, ms);
export const expectPong = (client: RawClient, payload: Buffer | string, ms?: number): Promise<void> =>
  expectMessage(client, OP.pong, payload, ms);

/** The connection is failed with `code`: a close frame is next, and an orderly end once we go. */
export async function expectFail(client: RawClient, code: number): Promise<void> {
  expect((await client.close()).code).toBe(code);
  client.finish();
  expect(await client.end()).toBe('end');
}

/** We close, the server answers with our code and is the one to end the stream (RFC 6455 §7.1.1). */
export async function expectCleanClose(client: RawClient): Promise<void> {
  client.write(close(1000));
  expect((await client.close()).code).toBe(1000);
  expect(await client.end()).toBe('end');
}
