// SPDX-License-Identifier: MIT
// npm's `ws` with a memory: everything that came, in order, and how it ended.
import WebSocket, { type ClientOptions } from 'ws';
import { spoken, trust } from './tls';
import { within } from './wait';

export interface Closed {
  code: number;
  reason: string;
}

export class Listener {
  readonly messages: string[] = [];
  readonly binary: boolean[] = [];
  readonly pings: Buffer[] = [];
  readonly closed: Promise<Closed>;
  readonly opened: Promise<void>;
  private wake: (() => void)[] = [];
  private taken = 0;
  private isClosed: Closed | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data, isBinary) => {
      this.messages.push((data as Buffer).toString('utf8'));
      this.binary.push(isBinary);
      this.stir();
    });
    socket.on('ping', (data) => this.pings.push(data));
    this.opened = new Promise((done, fail) => {
      socket.once('open', done);
      socket.once('error', fail);
      socket.once('close', (code) => fail(new Error(`closed before open: ${code}`)));
    });
    this.opened.catch(() => undefined);
    socket.on('error', () => undefined);
    this.closed = new Promise((done) => {
      socket.once('close', (code, reason) => {
        this.isClosed = { code, reason: reason.toString() };
        done(this.isClosed);
        this.stir();
      });
    });
  }

  private stir(): void {
    for (const wake of this.wake.splice(0)) wake();
  }

  /** The next message that was not taken yet. */
  async next(ms = 10_000): Promise<string> {
    await this.count(this.taken + 1, ms);
    return this.messages[this.taken++]!;
  }

  /** Waits until `count` messages came in all, and gives them. */
  async count(count: number, ms = 10_000): Promise<string[]> {
    const come = async () => {
      while (this.messages.length < count) {
        if (this.isClosed)
          throw new Error(`closed (${this.isClosed.code}) after ${this.messages.length} of ${count} messages`);
        await new Promise<void>((done) => this.wake.push(done));
      }
    };
    await within(ms, () => `message ${count}, ${this.messages.length} came`, come());
    return this.messages.slice(0, count);
  }

  /** How it was closed, which must be soon. */
  close(ms = 10_000): Promise<Closed> {
    return within(ms, 'the close', this.closed);
  }

  /** Closes from our side and waits for the end. */
  async leave(): Promise<Closed> {
    this.socket.close(1000);
    return this.close();
  }
}

/** Starts connecting; `from` is our own address. */
export function dial(
  url: string,
  options: ClientOptions & { from?: string; protocols?: string[] } = {},
): Listener {
  const { from, protocols, ...rest } = options;
  return new Listener(
    new WebSocket(spoken(url), protocols ?? [], {
      localAddress: from,
      perMessageDeflate: false,
      ...trust(),
      ...rest,
    } as ClientOptions),
  );
}

/** Connects and is open. */
export async function listen(url: string, options: Parameters<typeof dial>[1] = {}): Promise<Listener> {
  const listener = dial(url, options);
  await within(10_000, 'open', listener.opened);
  return listener;
}

/** The status and body with which a handshake was refused. */
export function refusal(
  url: string,
  options: Parameters<typeof dial>[1] = {},
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }> {
  const { socket } = dial(url, options);
  return within(
    10_000,
    'a refused handshake',
    new Promise((done, fail) => {
      socket.on('open', () => {
        socket.terminate();
        fail(new Error('the handshake was accepted'));
      });
      socket.on('unexpected-response', (_, res) => {
        const parts: Buffer[] = [];
        res.on('data', (part: Buffer) => parts.push(part));
        res.on('end', () =>
          done({ status: res.statusCode!, headers: res.headers, text: Buffer.concat(parts).toString() }),
        );
      });
    }),
  );
}

/** Whether it may stay. Who is refused is open for a moment too, so it asks: the first word it hears is a pong, or
 * why it must go. */
export async function mayStay(client: Listener): Promise<boolean> {
  client.socket.once('open', () => client.socket.send('ping'));
  return JSON.parse(await client.next(20_000)).type === 'pong';
}
