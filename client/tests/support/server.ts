// SPDX-License-Identifier: MIT
// The real server in demo mode, where anyone can have a token and publish.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BINARY = resolve(process.env['TIDINGS_BINARY'] ?? join(__dirname, '../../../build/tidings'));

export class Server {
  address = '';
  private child!: ChildProcess;
  private stderr = '';

  static async start(): Promise<Server> {
    const server = new Server();
    await server.start('127.0.0.1:0');
    return server;
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }
  /** Ends it in order: clients are told. */
  async stop(): Promise<void> {
    await this.end('SIGTERM');
  }
  /** On the same address again. */
  async startAgain(): Promise<void> {
    await this.start(this.address);
  }

  get ws(): string {
    return `ws://${this.address}`;
  }

  async post(path: string, body: unknown): Promise<any> {
    const answer = await fetch(`http://${this.address}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
  async token(user: string, claims: object = {}): Promise<string> {
    return (await this.post('/demo/token', { user, claims })).token;
  }
  async delete(path: string, body: unknown): Promise<void> {
    await fetch(`http://${this.address}${path}`, { method: 'DELETE', body: JSON.stringify(body) });
  }

  private async start(listen: string): Promise<void> {
    if (!existsSync(BINARY)) throw new Error(`no server at ${BINARY}: build it or set TIDINGS_BINARY`);
    this.stderr = '';
    const env = {
      PATH: process.env['PATH'],
      TIDINGS_DRAIN_SECONDS: '0',
      TIDINGS_ENDPOINTS_HULEEDU_ATTEMPTS_PER_MINUTE: '0',
    };
    // Should this process die without a word, the kernel ends the server too.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', BINARY, 'serve', '--demo', '--listen', listen], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.address = await until(() => {
      if (this.child.exitCode !== null) throw new Error(`the server ended at once: ${this.stderr}`);
      return /listening\b.*?\baddress"?[=:]"?([0-9.]+:\d+)/.exec(this.stderr)?.[1];
    });
    await until(() =>
      fetch(`http://${this.address}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      ),
    );
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill(signal);
    await ended;
  }
}

/** Waits until it is true, and for what. */
export async function until<T>(what: () => T | Promise<T>, ms = 10_000): Promise<NonNullable<T>> {
  const end = Date.now() + ms;
  for (;;) {
    const is = await what();
    if (is) return is;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
