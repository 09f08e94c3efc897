// SPDX-License-Identifier: MIT
// Runs the program to its end, and what it takes to give it files and ports.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BINARY, cleanEnv } from './tidings';

export interface Ran {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  err: string;
}

export interface Running {
  pid: number;
  done: Promise<Ran>;
  /** What it wrote on standard output so far. */
  out: () => string;
  err: () => string;
  signal: (name: NodeJS.Signals) => void;
}

export interface RunOptions {
  input?: string;
  env?: Record<string, string>;
  shell?: string;
  ms?: number;
}

/** Starts `tidings` with these arguments; it is killed when it is not done in time. */
export function start(args: string[], options: RunOptions = {}): Running {
  const command = options.shell
    ? ['sh', '-c', `${options.shell}; exec "$@"`, 'sh', BINARY, ...args]
    : [BINARY, ...args];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { env: cleanEnv(options.env) });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.ms ?? 15_000);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const done = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, out, err });
    });
  });
  return { pid: child.pid!, done, out: () => out, err: () => err, signal: (name) => void child.kill(name) };
}

export const run = (args: string[], options: RunOptions = {}): Promise<Ran> => start(args, options).done;

/** A folder of its own with these files; `end` removes it. */
export function scratch(): { file: (name: string, text: string) => string; end: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-files-'));
  return {
    file: (name, text) => {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
    end: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A port that is free. Not one of those that the kernel gives to whoever connects: it would give away one that was
 * free a moment ago. The port 10,000 above, which a server of a Redis Cluster takes too, is none of those either. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000);
    const isFree = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.on('error', () => resolve(false));
      server.listen(port, host, () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
