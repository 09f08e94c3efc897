// SPDX-License-Identifier: MIT
// The real server as a fixture: started on a free port with the configuration a test asks for, judged when it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, test as base } from 'vitest';
import { BINARY, BLOAT, HAS_KAFKA, SLOWNESS, isSanitized } from './binary';
import { ask, type Answer, type Ask } from './http';
import { SECRET, tokenFor, type Claims, type SignOptions } from './jwt';
import { IS_TLS, ownCertificate } from './tls';
import { until, within } from './wait';

export { BINARY, BLOAT, HAS_KAFKA, SLOWNESS, isSanitized };
export const API_KEY = 'end-to-end-api-key';

export interface TidingsOptions {
  /** Keys of the endpoint `huleedu`, over the fixture's (no limit on attempts). */
  endpoint?: Record<string, unknown>;
  /** Everything else of the configuration; maps are merged with the fixture's, key by key. */
  config?: Record<string, unknown>;
  env?: Record<string, string>;
  args?: string[];
  /** Lines of level error that the test provokes on purpose. */
  allowErrors?: RegExp;
  /** How the server must end; 0 unless the test ends it otherwise than by one SIGTERM. */
  exitCode?: number;
  /** Runs before the server, in the same process (`ulimit -n 64`). */
  shell?: string;
}

const DEFAULTS = {
  listen: '127.0.0.1:0',
  workers: 2,
  drain_seconds: 0,
  log_level: 'debug',
  jwt: { secret: SECRET },
  api: { keys: [API_KEY] },
};

type Map = Record<string, unknown>;
const isMap = (value: unknown): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function merged(under: Map, over: Map): Map {
  const all: Map = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = all[key];
    all[key] = isMap(value) && isMap(below) ? merged(below, value) : value;
  }
  return all;
}

/** The configuration a server with these options gets. JSON is YAML. */
export function configFor(options: TidingsOptions): Map {
  const endpoint = { name: 'huleedu', attempts_per_minute: 0, ...options.endpoint };
  const tls = IS_TLS ? { tls: ownCertificate() } : {};
  return merged({ ...DEFAULTS, ...tls, endpoints: [endpoint] }, options.config ?? {});
}

/** An environment without anything of the developer's own that the server would read. */
export function cleanEnv(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept: NodeJS.ProcessEnv = {};
  for (const name of [
    'PATH',
    'HOME',
    'TMPDIR',
    'ASAN_OPTIONS',
    'UBSAN_OPTIONS',
    'TSAN_OPTIONS',
    'LSAN_OPTIONS',
    'SSL_CERT_FILE',
  ]) {
    if (process.env[name] !== undefined) kept[name] = process.env[name];
  }
  return { ...kept, ...extra };
}

const SANITIZER =
  /(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:|Assertion .* failed/;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class Tidings {
  readonly exited: Promise<Exit>;
  port = 0;
  address = '';
  private stderr = '';
  private stdout = '';
  private child: ChildProcess;
  private exit: Exit | undefined;
  private folder: string;
  /** The configuration's file. */
  readonly file: string;
  /** What to trust; undefined where `address` does not speak TLS. */
  readonly ca: Buffer | undefined;

  constructor(private readonly options: TidingsOptions) {
    if (!existsSync(BINARY)) throw new Error(`no server at ${BINARY}: build it or set TIDINGS_BINARY`);
    this.folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-'));
    this.file = join(this.folder, 'tidings.yaml');
    const config = configFor(options);
    writeFileSync(this.file, JSON.stringify(config, null, 2));
    const tls = config.tls as { cert_file?: string; listen?: string } | undefined;
    if (tls?.cert_file && !tls.listen && existsSync(tls.cert_file)) this.ca = readFileSync(tls.cert_file);
    const serve = [BINARY, 'serve', '-c', this.file, ...(options.args ?? [])];
    const command = options.shell ? ['sh', '-c', `${options.shell}; exec "$@"`, 'sh', ...serve] : serve;
    // Should this process die without a word, the kernel ends the server too.
    this.child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], {
      env: cleanEnv(options.env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((done, fail) => {
      this.child.on('error', fail);
      this.child.on('close', (code, signal) => {
        this.exit = { code, signal };
        rmSync(this.folder, { recursive: true, force: true });
        done(this.exit);
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }
  get url(): string {
    return `http${this.ca ? 's' : ''}://${this.address}`;
  }
  get wsUrl(): string {
    return `ws${this.ca ? 's' : ''}://${this.address}/ws`;
  }

  /** Waits until the server listens and says that it is ready. */
  async ready(): Promise<this> {
    this.address = await until(
      'the line "listening"',
      () => {
        if (this.exit) throw new Error(`the server ended at once (${this.exit.code}): ${this.stderr}`);
        return /listening\b.*?\baddress"?[=:]"?([0-9.]+:\d+)/.exec(this.stderr)?.[1];
      },
      10_000,
    );
    this.port = Number(this.address.split(':')[1]);
    await until('/readyz', async () => (await this.ask('/readyz')).status === 200, 10_000);
    return this;
  }

  /** Everything on standard error so far. */
  log(): string {
    return this.stderr;
  }
  out(): string {
    return this.stdout;
  }

  ask(path: string, options: Ask = {}): Promise<Answer> {
    return ask(this.url + path, { ca: this.ca, ...options });
  }

  /** Calls the HTTP API with the fixture's key and a JSON body (a string goes as it stands). */
  call(path: string, body: unknown, options: Ask = {}): Promise<Answer> {
    return this.ask(path, {
      method: 'POST',
      ...options,
      headers: { 'X-API-Key': API_KEY, 'Content-Type': 'application/json', ...options.headers },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
  }

  /** Publishes and gives the deliveries in the order of the targets; any answer but 200 is an error. */
  async publish(target: Record<string, unknown>, data: unknown): Promise<number[]> {
    return this.publishText(target, JSON.stringify(data));
  }

  /** The same with `data` as the very bytes that shall stand in the body. */
  async publishText(target: Record<string, unknown>, data: string): Promise<number[]> {
    const head = JSON.stringify(target).slice(0, -1);
    const answer = await this.call('/api/v1/publish', `${head},"data":${data}}`);
    if (answer.status !== 200) throw new Error(`publish: ${answer.status} ${answer.text}`);
    return answer.json.published.map((one: { deliveries: number }) => one.deliveries);
  }

  /** Publishes as soon as somebody is there to hear it, so that it is delivered once. */
  async publishWhenHeard(target: Record<string, unknown>, data: unknown): Promise<void> {
    await until('a listener', async () => (await this.publish(target, data))[0]! > 0, 10_000);
  }

  token(user: string, claims: Claims = {}, options: SignOptions = {}): string {
    return tokenFor(user, claims, options);
  }

  /** The value of a metric, summed over the series whose labels hold all of `labels`; undefined if there is none. */
  async metric(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
    return sumOf(await this.metrics(), name, labels);
  }

  async metrics(): Promise<string> {
    const answer = await this.ask('/metrics');
    if (answer.status !== 200) throw new Error(`/metrics: ${answer.status}`);
    return answer.text;
  }

  /** Waits until so many WebSocket connections are open: a close is seen by the server a moment later. */
  async connections(count: number): Promise<void> {
    await until(`${count} connections`, async () => (await this.stats()).total_connections === count);
  }

  async stats(): Promise<{ connected_users: number; total_connections: number }> {
    return (await this.ask('/api/v1/ws/stats')).json;
  }

  /** The server's resident memory, in bytes. */
  rss(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
  }

  signal(name: NodeJS.Signals): void {
    if (!this.exit) this.child.kill(name);
  }

  /** Writes another configuration, or the very text of one, and sends SIGHUP. Gives what the log says of it. */
  async reload(changed: TidingsOptions | string): Promise<string[]> {
    const from = this.stderr.length;
    writeFileSync(
      this.file,
      typeof changed === 'string' ? changed : JSON.stringify(configFor(changed), null, 2),
    );
    this.signal('SIGHUP');
    await until(
      'the end of the reload',
      () => /msg="?configuration (not )?reloaded/.test(this.stderr.slice(from)),
      10_000,
    );
    return this.stderr
      .slice(from)
      .split('\n')
      .filter((line) => line !== '' && !line.includes('level=debug'));
  }

  /** Ends the server as an operator does and judges how it went. Does nothing more the second time. */
  async stop(): Promise<void> {
    if (!this.exit) {
      this.signal('SIGTERM');
      await within(15_000, 'the end of the server after SIGTERM', this.exited).catch(
        async (late) => {
          this.signal('SIGKILL');
          await this.exited;
          throw new Error(`${late.message}\n${this.tail()}`);
        },
      );
    }
    this.judge();
  }

  private judge(): void {
    if (SANITIZER.test(this.stderr)) throw new Error(`a sanitizer has something to say:\n${this.stderr}`);
    const allowed = this.options.allowErrors;
    const errors = this.stderr
      .split('\n')
      .filter((line) => /\blevel"?[=:]"?error/.test(line) && !(allowed && allowed.test(line)));
    if (errors.length > 0) throw new Error(`errors in the log:\n${errors.join('\n')}`);
    if (this.exit!.code !== (this.options.exitCode ?? 0)) {
      throw new Error(`the server ended with ${this.exit!.code ?? this.exit!.signal}:\n${this.tail()}`);
    }
  }

  private tail(): string {
    return this.stderr.split('\n').slice(-30).join('\n');
  }
}

/** A metric's value in a text of /metrics. */
export function sumOf(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    const found = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found || found[1] !== name) continue;
    const has = Object.entries(labels).every(([key, value]) => `,${found[2]}`.includes(`,${key}="${value}"`));
    if (has) sum = (sum ?? 0) + Number(found[3]);
  }
  return sum;
}

export const startTidings = (options: TidingsOptions = {}): Promise<Tidings> => {
  const server = new Tidings(options);
  return server.ready().catch(async (error) => {
    server.signal('SIGKILL');
    await server.exited;
    throw error;
  });
};

/** `test` with a starter of servers, all of which are ended and judged when the test is over. */
export const test = base.extend<{ tidings: (options?: TidingsOptions) => Promise<Tidings> }>({
  tidings: async ({}, use) => {
    const started: Tidings[] = [];
    await use(async (options = {}) => {
      const server = await startTidings(options);
      started.push(server);
      return server;
    });
    const ends = await Promise.allSettled(started.map((server) => server.stop()));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  },
});

/** One server for all tests of a file or group. */
export function sharedTidings(options: TidingsOptions = {}): () => Tidings {
  let server: Tidings | undefined;
  beforeAll(async () => {
    server = await startTidings(options);
  });
  afterAll(async () => {
    await server?.stop();
  });
  return () => server!;
}
