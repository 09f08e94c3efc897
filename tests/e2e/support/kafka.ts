// SPDX-License-Identifier: MIT
// Kafka for a test: librdkafka's mock cluster in a process of its own, and kcat, a client that we did not write.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { within } from './wait';

const folder = mkdtempSync(join(tmpdir(), 'tidings-kafka-'));
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

let program: string | undefined;
function built(): string {
  if (program) return program;
  program = join(folder, 'kafka');
  const source = join(__dirname, '../library/kafka.c');
  const ran = spawnSync('cc', ['-Wall', '-Wextra', '-Werror', source, '-o', program, '-lrdkafka'], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return program;
}

export class Kafka {
  private constructor(
    readonly brokers: string,
    readonly topic: string,
  ) {}

  static async start(topic: string, partitions = 1): Promise<Kafka> {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', built(), topic, `${partitions}`], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    children.add(child);
    const line = new Promise<string>((done) => child.stdout.setEncoding('utf8').once('data', done));
    return new Kafka((await within(10_000, 'the mock cluster', line)).trim(), topic);
  }

  /** Writes records, a line each, with kcat. */
  produce(lines: string[], ...args: string[]): void {
    const ran = spawnSync('kcat', ['-P', '-b', this.brokers, '-t', this.topic, ...args], {
      input: lines.map((line) => `${line}\n`).join(''),
      encoding: 'utf8',
      timeout: 20_000,
    });
    if (ran.status !== 0) throw new Error(`kcat: ${ran.stderr}`);
  }

  /** The first `count` records, as kcat reads them. */
  consume(count: number): string[] {
    const ran = spawnSync('kcat', ['-C', '-b', this.brokers, '-t', this.topic, '-c', `${count}`, '-o', 'beginning', '-q'], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    return ran.stdout.trim().split('\n');
  }
}
