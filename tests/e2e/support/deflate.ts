// SPDX-License-Identifier: MIT
// The client's half of permessage-deflate (RFC 7692), made of node's zlib, one message at a time.
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Frame } from './frame';

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The payload of a compressed message, without context from the one before. */
export function deflate(
  payload: Buffer | string,
  windowBits = 15,
  level = constants.Z_DEFAULT_COMPRESSION,
): Buffer {
  const all = deflateRawSync(payload, { windowBits, level, finishFlush: constants.Z_SYNC_FLUSH });
  if (!all.subarray(-4).equals(TAIL)) throw new Error('zlib ended without a sync flush');
  return all.subarray(0, -4);
}

/** What a frame from the server says. A window larger than `windowBits` on its side is an error here. */
export function inflate(frame: Frame, windowBits = 15): Buffer {
  if (frame.rsv === 0) return frame.payload;
  if (frame.rsv !== 4) throw new Error(`reserved bits ${frame.rsv}`);
  return inflateRawSync(Buffer.concat([frame.payload, TAIL]), {
    windowBits,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
}

export interface Agreed {
  serverBits: number;
  clientBits: number;
  names: string[];
}

/** What a Sec-WebSocket-Extensions answer says; undefined when nothing was agreed. */
export function agreed(answer: string | undefined): Agreed | undefined {
  if (answer === undefined) return undefined;
  const [name, ...params] = answer.split(';').map((part) => part.trim());
  if (name !== 'permessage-deflate') throw new Error(`an extension that nobody offered: ${answer}`);
  const bits = (wanted: string): number => {
    const found = params.find((param) => param.startsWith(`${wanted}=`));
    return found === undefined ? 15 : Number(found.split('=')[1]);
  };
  return {
    serverBits: bits('server_max_window_bits'),
    clientBits: bits('client_max_window_bits'),
    names: params.map((param) => param.split('=')[0]!).sort(),
  };
}
