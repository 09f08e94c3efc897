// SPDX-License-Identifier: MIT
// A client on a bare socket, TCP or TLS: it can send any bytes, split anywhere, and shows every frame it gets.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SLOWNESS } from './binary';
import { parseFrame, OP, type Frame } from './frame';
import { IS_TLS, trust } from './tls';
import { sleep, within } from './wait';

export interface Head {
  status: number;
  reason: string;
  /** Names in lower case; several of one name are joined by a comma. */
  headers: Record<string, string>;
}

export interface Close {
  code: number;
  reason: string;
}

/** How the server ended the stream: with an orderly FIN, or with a reset. */
export type Ending = 'end' | 'reset';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='; // for KEY, RFC 6455 §1.3

/** A handshake's bytes. `headers` replace those of the same name; null drops one. */
export function handshake(
  port: number,
  path: string,
  headers: Record<string, string | null> = {},
  line = `GET ${path} HTTP/1.1`,
): string {
  const all: Record<string, string | null> = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': KEY,
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return [line, ...lines, '', ''].join('\r\n');
}

export class RawClient {
  /** What came and has not been read yet. */
  private bytes = Buffer.alloc(0);
  private parts: Buffer[] = [];
  private wake: (() => void) | undefined;
  private isPaused = false;
  ending: Ending | undefined;
  /** Settles when the server has ended the stream. */
  readonly ended: Promise<Ending>;

  private constructor(
    readonly socket: Socket,
    /** The same, or what TLS is spoken on. */
    private readonly bare: Socket,
    readonly port: number,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (part) => {
      this.parts.push(part);
      this.wake?.();
    });
    this.ended = new Promise((done) => {
      const end = (how: Ending) => {
        this.ending ??= how;
        done(this.ending);
        this.wake?.();
      };
      socket.on('end', () => end('end'));
      socket.on('error', () => end('reset'));
      socket.on('close', (hadError) => end(hadError ? 'reset' : 'end'));
    });
  }

  /** Connects; `halfOpen` keeps our side open after the server's FIN; `bare`: no TLS, whatever the suite speaks. */
  static async connect(
    port: number,
    options: { from?: string; host?: string; halfOpen?: boolean; bare?: boolean } = {},
  ): Promise<RawClient> {
    const host = options.host ?? '127.0.0.1';
    const allowHalfOpen = options.halfOpen ?? false;
    const bare = connect({ port, host, localAddress: options.from, allowHalfOpen });
    const isTls = IS_TLS && !options.bare;
    const socket = isTls ? connectTls({ socket: bare, host, allowHalfOpen, ...trust() } as object) : bare;
    await within(
      10_000,
      'connect',
      new Promise<void>((done, fail) =>
        socket.once(isTls ? 'secureConnect' : 'connect', done).once('error', fail),
      ),
    );
    return new RawClient(socket, bare, port);
  }

  /** Connects and is done with the handshake. */
  static async open(
    port: number,
    path: string,
    headers: Record<string, string | null> = {},
    options: { from?: string; halfOpen?: boolean } = {},
  ): Promise<RawClient> {
    const client = await RawClient.connect(port, options);
    client.write(handshake(port, path, headers));
    const head = await client.head();
    if (head.status !== 101) throw new Error(`no upgrade: ${head.status} ${client.rest().toString()}`);
    client.upgrade = head;
    return client;
  }

  /** The answer to the handshake, after `open`. */
  upgrade: Head = { status: 0, reason: '', headers: {} };

  write(data: Buffer | string): void {
    this.socket.write(data);
  }

  /** Writes and waits until the kernel has taken it, or nobody is there for it any more. */
  written(data: Buffer | string): Promise<void> {
    return new Promise((done, fail) =>
      this.socket.write(data, (error) => (error && this.ending !== 'end' ? fail(error) : done())),
    );
  }

  /** Writes `size` bytes at a time. Each part leaves on its own; `pause` lets the server see it alone too. */
  async chopped(data: Buffer | string, size: number, pause = 0): Promise<void> {
    const all = Buffer.from(data);
    for (let at = 0; at < all.length; at += size) {
      await this.written(all.subarray(at, at + size));
      if (pause > 0) await sleep(pause);
    }
  }

  /** Reads nothing more from the socket, so that the server's send buffer fills up. */
  pause(): void {
    this.isPaused = true;
    this.socket.pause();
  }
  resume(): void {
    this.isPaused = false;
    this.socket.resume();
  }

  /** Ends our side; the server may still speak when the client was made half open. */
  finish(): void {
    this.socket.end();
  }
  /** Goes without a word. */
  destroy(): void {
    this.socket.destroy();
  }
  /** Goes with a TCP reset. */
  reset(): void {
    this.bare.resetAndDestroy();
  }

  /** Everything that came and was not read yet. */
  rest(): Buffer {
    if (this.parts.length > 0) {
      this.bytes = Buffer.concat([this.bytes, ...this.parts]);
      this.parts = [];
    }
    return this.bytes;
  }

  private get size(): number {
    return this.parts.reduce((sum, part) => sum + part.length, this.bytes.length);
  }

  /** Waits for what `take` finds; where it gives a number, so many bytes are needed before it makes sense to ask again. */
  private async next<T>(
    what: string,
    take: (bytes: Buffer) => { value: T; used: number } | number,
    ms: number,
  ): Promise<T> {
    if (this.isPaused) throw new Error('reading while paused');
    const end = Date.now() + ms * SLOWNESS;
    let need = 0;
    for (;;) {
      const taken = this.size < need ? need : take(this.rest());
      if (typeof taken !== 'number') {
        this.bytes = this.bytes.subarray(taken.used);
        return taken.value;
      }
      need = taken;
      if (this.ending)
        throw new Error(`${what}: the server ended the stream (${this.ending}) after ${show(this.rest())}`);
      const left = end - Date.now();
      if (left <= 0) throw new Error(`${what}: not within ${ms * SLOWNESS} ms, but ${show(this.rest())}`);
      await new Promise<void>((done) => {
        const timer = setTimeout(done, left);
        this.wake = () => {
          clearTimeout(timer);
          done();
        };
      });
      this.wake = undefined;
    }
  }

  /** The head of an HTTP answer. */
  head(ms = 10_000): Promise<Head> {
    return this.next(
      'an HTTP answer',
      (bytes) => {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) return bytes.length + 1;
        const [line, ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n');
        const found = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(line!);
        if (!found) throw new Error(`no HTTP answer: ${line}`);
        const headers: Record<string, string> = {};
        for (const field of fields) {
          const colon = field.indexOf(':');
          const name = field.slice(0, colon).toLowerCase();
          const value = field.slice(colon + 1).trim();
          headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
        }
        return { value: { status: Number(found[1]), reason: found[2]!, headers }, used: end + 4 };
      },
      ms,
    );
  }

  /** So many bytes. */
  take(count: number, ms = 10_000): Promise<Buffer> {
    return this.next(
      `${count} bytes`,
      (bytes) =>
        bytes.length < count ? count : { value: Buffer.from(bytes.subarray(0, count)), used: count },
      ms,
    );
  }

  /** A whole HTTP answer, whose body has the length that the head tells. */
  async answer(ms = 10_000): Promise<Head & { text: string; json: any }> {
    const head = await this.head(ms);
    const length = head.headers['content-length'];
    if (length === undefined && head.status !== 204) throw new Error('an answer without a length');
    const text = (await this.take(Number(length ?? 0), ms)).toString();
    let json: any;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { ...head, text, json };
  }

  /** The next frame, whatever it is. */
  frame(ms = 10_000): Promise<Frame> {
    return this.next(
      'a frame',
      (bytes) => {
        const parsed = parseFrame(bytes);
        return typeof parsed === 'number' ? parsed : { value: parsed.frame, used: parsed.used };
      },
      ms,
    );
  }

  /** The next message, which must be one unfragmented data frame. */
  async message(ms = 10_000): Promise<Frame> {
    const frame = await this.frame(ms);
    if (frame.opcode !== OP.text && frame.opcode !== OP.binary)
      throw new Error(`no message but ${showFrame(frame)}`);
    if (!frame.fin) throw new Error('a fragmented message');
    return frame;
  }
  async text(ms = 10_000): Promise<string> {
    const frame = await this.message(ms);
    if (frame.opcode !== OP.text) throw new Error(`no text but ${showFrame(frame)}`);
    return frame.payload.toString();
  }

  /** The close frame, which must be the next frame. `code` is 1005 where it has none. */
  async close(ms = 10_000): Promise<Close> {
    const frame = await this.frame(ms);
    if (frame.opcode !== OP.close) throw new Error(`no close frame but ${showFrame(frame)}`);
    return closeOf(frame);
  }

  /** Everything up to the close frame: the frames before it, and the close. */
  async untilClose(ms = 10_000): Promise<{ frames: Frame[]; close: Close }> {
    const frames: Frame[] = [];
    for (;;) {
      const frame = await this.frame(ms);
      if (frame.opcode === OP.close) return { frames, close: closeOf(frame) };
      frames.push(frame);
    }
  }

  /** Nothing comes for so long. */
  async silence(ms: number): Promise<void> {
    await sleep(ms);
    if (this.rest().length > 0 || this.ending)
      throw new Error(`no silence but ${this.ending ?? show(this.bytes)}`);
  }

  /** How the server ended the stream, which must be soon, and with nothing more to read. */
  async end(ms = 10_000): Promise<Ending> {
    const how = await within(ms, 'the end of the stream', this.ended);
    if (this.rest().length > 0) throw new Error(`unread at the end: ${show(this.bytes)}`);
    return how;
  }
}

function closeOf(frame: Frame): Close {
  if (frame.payload.length === 0) return { code: 1005, reason: '' };
  return { code: frame.payload.readUInt16BE(0), reason: frame.payload.subarray(2).toString() };
}

const show = (bytes: Buffer): string =>
  bytes.length === 0 ? 'nothing' : JSON.stringify(bytes.subarray(0, 200).toString('latin1'));
const showFrame = (frame: Frame): string =>
  frame.opcode === OP.close
    ? `close ${JSON.stringify(closeOf(frame))}`
    : `opcode ${frame.opcode}, ${show(frame.payload)}`;
