// SPDX-License-Identifier: MIT
// A bad network between two parts: passes bytes on, or stalls, delays and cuts them.
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Proxy {
  private pairs = new Set<[Socket, Socket]>();
  /** What the near side of each pair has said so far. */
  private said = new Map<Socket, string>();
  private isStalled = false;
  /** How long each piece is on its way, in milliseconds. */
  delay = 0;
  /** New connections are reset at once. */
  refuses = false;
  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static start(to: { host: string; port: number }): Promise<Proxy> {
    return new Promise((done) => {
      const server = createServer((near) => proxy.accept(near, to));
      let proxy: Proxy;
      server.listen(0, '127.0.0.1', () => {
        proxy = new Proxy(server, (server.address() as { port: number }).port);
        done(proxy);
      });
    });
  }

  private accept(near: Socket, to: { host: string; port: number }): void {
    if (this.refuses) {
      near.resetAndDestroy();
      return;
    }
    const far = connect(to.port, to.host);
    const pair: [Socket, Socket] = [near, far];
    this.pairs.add(pair);
    const pass = (from: Socket, on: Socket) => {
      from.on('data', (part) => {
        if (this.delay > 0) setTimeout(() => on.write(part), this.delay);
        else on.write(part);
      });
      from.on('close', () => {
        on.destroy();
        this.pairs.delete(pair);
      });
      from.on('error', () => undefined);
      if (this.isStalled) from.pause();
    };
    near.on('data', (part) => this.said.set(near, ((this.said.get(near) ?? '') + part.toString('latin1')).slice(0, 4096)));
    near.on('close', () => this.said.delete(near));
    pass(near, far);
    pass(far, near);
  }

  /** Nothing passes any more, and nobody is told. New connections are accepted and stall too. */
  stall(): void {
    this.isStalled = true;
    for (const pair of this.pairs) for (const socket of pair) socket.pause();
  }
  /** The same for those connections alone on which this was said. */
  stallWhere(pattern: RegExp): number {
    let count = 0;
    for (const pair of this.pairs) {
      if (!pattern.test(this.said.get(pair[0]) ?? '')) continue;
      for (const socket of pair) socket.pause();
      count++;
    }
    return count;
  }
  flow(): void {
    this.isStalled = false;
    for (const pair of this.pairs) for (const socket of pair) socket.resume();
  }
  /** Resets all connections. */
  cut(): void {
    for (const [near, far] of this.pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }
  get connections(): number {
    return this.pairs.size;
  }
  end(): Promise<void> {
    this.cut();
    return new Promise((done) => this.server.close(() => done()));
  }
}
