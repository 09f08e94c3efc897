// SPDX-License-Identifier: MIT
// WebSocket frames as bytes (RFC 6455 §5.2), right and wrong ones alike.
import { randomBytes } from 'node:crypto';

export const OP = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  opcode: number;
  payload: Buffer;
  fin: boolean;
  rsv: number;
}

export interface FrameOptions {
  fin?: boolean;
  /** The three reserved bits as a number from 0 to 7; 4 is the one that permessage-deflate uses. */
  rsv?: number;
  mask?: boolean | Buffer;
  /** The length's form in bits, where not the shortest; and the length itself, where a lie. */
  form?: 7 | 16 | 64;
  length?: bigint;
}

export function frame(opcode: number, payload: Buffer | string = '', options: FrameOptions = {}): Buffer {
  const data = Buffer.from(payload);
  const length = options.length ?? BigInt(data.length);
  const form = options.form ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const isMasked = options.mask !== false;
  const head = Buffer.alloc(2 + (form === 7 ? 0 : form / 8));
  head[0] = (options.fin === false ? 0 : 0x80) | ((options.rsv ?? 0) << 4) | opcode;
  head[1] = (isMasked ? 0x80 : 0) | (form === 7 ? Number(length) : form === 16 ? 126 : 127);
  if (form === 16) head.writeUInt16BE(Number(length), 2);
  if (form === 64) head.writeBigUInt64BE(length, 2);
  if (!isMasked) return Buffer.concat([head, data]);

  const key = Buffer.isBuffer(options.mask) ? options.mask : randomBytes(4);
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; i++) masked[i]! ^= key[i & 3]!;
  return Buffer.concat([head, key, masked]);
}

export const text = (payload: Buffer | string, options?: FrameOptions): Buffer =>
  frame(OP.text, payload, options);
export const binary = (payload: Buffer | string, options?: FrameOptions): Buffer =>
  frame(OP.binary, payload, options);
export const ping = (payload: Buffer | string = '', options?: FrameOptions): Buffer =>
  frame(OP.ping, payload, options);
export const pong = (payload: Buffer | string = '', options?: FrameOptions): Buffer =>
  frame(OP.pong, payload, options);
export const more = (payload: Buffer | string = '', options?: FrameOptions): Buffer =>
  frame(OP.continuation, payload, options);

/** The payload of a close frame. */
export function closePayload(code: number, reason: Buffer | string = ''): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code & 0xffff);
  return Buffer.concat([head, Buffer.from(reason)]);
}
export const close = (code?: number, reason: Buffer | string = ''): Buffer =>
  frame(OP.close, code === undefined ? '' : closePayload(code, reason));

/** A message as several frames of at most `size` bytes each. */
export function fragments(opcode: number, payload: Buffer | string, size: number, rsv = 0): Buffer[] {
  const data = Buffer.from(payload);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < data.length; at += size) {
    const options = { fin: at + size >= data.length, rsv: at === 0 ? rsv : 0 };
    frames.push(frame(at === 0 ? opcode : OP.continuation, data.subarray(at, at + size), options));
  }
  return frames;
}

/** Takes one frame off the front of `bytes`, or tells how many bytes it takes to know more. Servers do not mask. */
export function parseFrame(bytes: Buffer): { frame: Frame; used: number } | number {
  if (bytes.length < 2) return 2;
  let at = 2;
  let length = bytes[1]! & 0x7f;
  if (bytes[1]! & 0x80) throw new Error('the server masked a frame');
  if (length === 126) {
    if (bytes.length < 4) return 4;
    length = bytes.readUInt16BE(2);
    if (length < 126) throw new Error(`the server wrote ${length} in 16 bits`);
    at = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return 10;
    length = Number(bytes.readBigUInt64BE(2));
    if (length < 65536) throw new Error(`the server wrote ${length} in 64 bits`);
    at = 10;
  }
  if (bytes.length < at + length) return at + length;
  return {
    frame: {
      fin: (bytes[0]! & 0x80) !== 0,
      rsv: (bytes[0]! >> 4) & 7,
      opcode: bytes[0]! & 15,
      payload: Buffer.from(bytes.subarray(at, at + length)),
    },
    used: at + length,
  };
}
