// SPDX-License-Identifier: MIT
// Runs Python: for its `websockets`, and for what node cannot ask the kernel.
import { spawn } from 'node:child_process';
import { cleanEnv } from './tidings';

/** Runs `script` with `args`; gives what it printed. A failure carries its standard error. */
export function python(script: string, args: string[], ms = 20_000): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn('/usr/bin/python3', ['-c', script, ...args], {
      env: cleanEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('error', fail);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) done(out);
      else fail(new Error(`python ended with ${code ?? signal}: ${err}`));
    });
  });
}
