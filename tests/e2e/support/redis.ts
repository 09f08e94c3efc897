// SPDX-License-Identifier: MIT
// Real Redis servers for a test: one, a Cluster, or a master with a replica and Sentinels. Each on a free port, with a
// folder of its own, and gone with the test's process at the latest.
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { freePort } from './run';
import { until, within } from './wait';

const all = new Set<Redis>();
afterAll(async () => {
  await Promise.all([...all].map((redis) => redis.end()));
});

export class Redis {
  private child: ChildProcess | undefined;
  private gone: Promise<void> = Promise.resolve();
  readonly folder = mkdtempSync(join(tmpdir(), 'tidings-redis-'));

  constructor(
    readonly port: number,
    private readonly args: string[] = [],
    readonly host = '127.0.0.1',
  ) {
    all.add(this);
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  /** Starts it, or starts it again, and waits until it answers. */
  async start(): Promise<this> {
    this.launch();
    await until(`redis on ${this.port}`, () => /PONG|NOAUTH/.test(this.cli('PING')), 10_000);
    return this;
  }

  launch(): void {
    const fixed = ['--port', `${this.port}`, '--bind', this.host, '--dir', this.folder, '--save', ''];
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...this.args, ...fixed], {
      stdio: 'ignore',
    });
    this.child = child;
    this.gone = new Promise((done) => child.on('close', () => done()));
  }

  /** Sends a command with redis-cli, a client that we did not write, and gives what it printed. */
  cli(...args: string[]): string {
    const ran = spawnSync('redis-cli', ['-h', this.host, '-p', `${this.port}`, '--no-auth-warning', ...args], {
      encoding: 'utf8',
      timeout: 10_000,
    });
    return (ran.stdout + ran.stderr).trim();
  }

  /** The same, while all else goes on: for a Redis that may not answer. */
  ask(...args: string[]): Promise<string> {
    const command = ['-h', this.host, '-p', `${this.port}`, '--no-auth-warning', ...args];
    return new Promise((done) =>
      execFile('redis-cli', command, { timeout: 10_000 }, (_, out, err) => done((out + err).trim())),
    );
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await within(10_000, 'the end of redis', this.gone);
  }
  async end(): Promise<void> {
    all.delete(this);
    this.signal('SIGCONT');
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const startRedis = async (args: string[] = []): Promise<Redis> =>
  new Redis(await freePort(), args).start();

/** Redis' own protocol by hand, for what a test must send many of or hear all of. */
export class RedisClient {
  private text = '';
  private wake: (() => void)[] = [];
  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (part: unknown) => {
      this.text += part as string;
      for (const wake of this.wake.splice(0)) wake();
    });
    socket.on('error', () => undefined);
  }
  static async to(redis: Redis): Promise<RedisClient> {
    const socket = connect(redis.port, redis.host);
    await within(5_000, 'redis', new Promise<void>((done) => socket.once('connect', () => done())));
    return new RedisClient(socket);
  }
  send(...args: (string | Buffer)[]): void {
    const parts = args.map((arg) => Buffer.from(arg as string));
    this.socket.write(
      Buffer.concat([
        Buffer.from(`*${parts.length}\r\n`),
        ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from('\r\n')]),
      ]),
    );
  }
  /** Everything that came so far, as bytes in a text. */
  heard(): string {
    return this.text;
  }
  async hears(pattern: RegExp, ms = 10_000): Promise<void> {
    const come = async () => {
      while (!pattern.test(this.text)) await new Promise<void>((done) => this.wake.push(done));
    };
    await within(ms, `${pattern} from redis`, come());
  }
  end(): void {
    this.socket.destroy();
  }
}

/** Masters that form a Cluster, each with `replicas` replicas. */
export async function startCluster(masters = 3, replicas = 0): Promise<Redis[]> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500', '--appendonly', 'no'];
  const nodes: Redis[] = [];
  for (let i = 0; i < masters * (1 + replicas); i++) {
    nodes.push(await new Redis(await freePort(), args).start());
  }
  const made = spawnSync(
    'redis-cli',
    ['--cluster', 'create', ...nodes.map((node) => `${node.host}:${node.port}`), '--cluster-replicas', `${replicas}`, '--cluster-yes'],
    { encoding: 'utf8', timeout: 60_000 },
  );
  if (made.status !== 0) throw new Error(`redis-cli --cluster create: ${made.stdout}${made.stderr}`);
  await until(
    'the cluster',
    () => nodes.every((node) => node.cli('CLUSTER', 'INFO').includes('cluster_state:ok')),
    30_000,
  );
  // A replica that has never been in step is not made a master.
  const isInStep = (node: Redis) => /role:master|master_link_status:up/.test(node.cli('INFO', 'replication'));
  await until('the replicas', () => nodes.every(isInStep), 30_000);
  return nodes;
}

/** A master, a replica and three Sentinels that watch them under the name `mymaster`. */
export async function startSentinels(): Promise<{ master: Redis; replica: Redis; sentinels: Redis[] }> {
  const master = await startRedis();
  const replica = await startRedis(['--replicaof', master.host, `${master.port}`]);
  await until('the replica', () => replica.cli('INFO', 'replication').includes('master_link_status:up'), 20_000);
  const sentinels: Redis[] = [];
  for (let i = 0; i < 3; i++) {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'tidings-sentinel-'));
    const file = join(folder, 'sentinel.conf');
    writeFileSync(
      file,
      `sentinel monitor mymaster ${master.host} ${master.port} 2\n` +
        'sentinel down-after-milliseconds mymaster 1000\n' +
        'sentinel failover-timeout mymaster 5000\n',
    );
    sentinels.push(await new Redis(port, [file, '--sentinel']).start());
  }
  await until(
    'the sentinels to know each other',
    () => sentinels.every((one) => /num-other-sentinels\s+2/.test(one.cli('SENTINEL', 'master', 'mymaster'))),
    30_000,
  );
  return { master, replica, sentinels };
}
