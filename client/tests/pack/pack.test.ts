// SPDX-License-Identifier: MIT
// The package as it is published: installed into fresh applications it type-checks, builds, and receives in a browser.
//
// The applications take their framework and their tools from this package's node_modules, so that no network is needed.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { createServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Server } from '../support/server';

const PACKAGE = resolve(__dirname, '../..');
const NOTIFICATION = {
  type: 'notification',
  payload: { title: 'Hello', message: 'from a server', level: 'info' },
  timestamp: '2026-01-31T09:00:00Z',
};

const execute = promisify(execFile);

let folder: string;
let tarball: string;
let server: Server;
let browser: Browser;

/** Runs a program to its end; what it says if it fails is the error. */
async function run(cwd: string, command: string, ...args: string[]): Promise<string> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' };
  const { stdout } = await execute(command, args, { cwd, env, timeout: 60_000 }).catch((error) => {
    throw new Error(`${command} ${args.join(' ')}: ${error.message}\n${error.stdout}\n${error.stderr}`);
  });
  return stdout;
}

/** A program of a package that is installed here. */
const tool = (cwd: string, path: string, ...args: string[]): Promise<string> =>
  run(cwd, process.execPath, join(PACKAGE, 'node_modules', path), ...args);

/** A fresh application with the package in it. */
async function application(name: string, template: string, react = PACKAGE): Promise<string> {
  const app = join(folder, name);
  cpSync(join(__dirname, template), app, { recursive: true });
  await run(app, 'npm', 'install', '--offline', '--no-audit', '--no-fund', tarball);
  const installed = join(app, 'node_modules');
  const link = (from: string, names: string[]): void => {
    for (const one of names) {
      rmSync(join(installed, one), { recursive: true, force: true });
      if (one.includes('/')) mkdirSync(join(installed, one, '..'), { recursive: true });
      symlinkSync(join(from, 'node_modules', one), join(installed, one));
    }
  };
  link(PACKAGE, ['@sveltejs/vite-plugin-svelte', '@types/react', '@types/react-dom', 'svelte', 'vite']);
  link(react, ['react', 'react-dom']);
  return app;
}

const REACT_18 = resolve(__dirname, '../support/react18');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidings-pack-'));
  const made = JSON.parse(await run(PACKAGE, 'npm', 'pack', '--json', '--pack-destination', folder));
  tarball = join(folder, made[0].filename);
  server = await Server.start();
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the application, publishes a notification and sees it there. */
async function receives(address: string): Promise<void> {
  const page = await browser.newPage();
  const problems: string[] = [];
  let sockets = 0;
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  // The development server loads a page again when it has prepared what that needs.
  page.on('framenavigated', (frame) => {
    if (frame === page.mainFrame()) sockets = 0;
  });
  // It has a socket of its own.
  page.on('websocket', (socket) => (sockets += Number(socket.url().includes(server.address))));
  const user = randomUUID();
  const token = await server.token(user, { email: 'a@b.test' });
  await page.goto(`${address}?${new URLSearchParams({ server: `${server.ws}/api/v1/ws`, token })}`);
  await page.getByText('connected', { exact: true }).waitFor({ timeout: 20_000 }).catch(async (error) => {
    throw new Error(`${error}\n${problems.join('\n')}\n${await page.content()}`);
  });
  const { published } = await server.post('/api/v1/publish', { user, data: NOTIFICATION });
  expect(published[0].deliveries).toBe(1);
  await page.getByText('Hello: from a server').waitFor({ timeout: 5_000 });
  expect(problems).toEqual([]);
  expect(sockets).toBe(1);
  await page.close();
}

/** The same with the application as it is developed, and as it is built. */
async function runs(app: string): Promise<void> {
  await tool(app, 'vite/bin/vite.js', 'build');
  const built = await preview({ root: app, logLevel: 'silent', preview: { host: '127.0.0.1', port: 0 } });
  await receives(built.resolvedUrls!.local[0]!);
  await built.close();

  // What is linked lies elsewhere; installed it would not.
  const developed = await createServer({
    root: app,
    logLevel: 'silent',
    server: { host: '127.0.0.1', port: 0, fs: { strict: false } },
  });
  await developed.listen();
  await receives(developed.resolvedUrls!.local[0]!);
  await developed.close();
}

async function renders(app: string, entry: string): Promise<string> {
  await tool(app, 'vite/bin/vite.js', 'build', '--ssr', entry, '--outDir', 'server');
  return run(app, process.execPath, 'server/server.js');
}

test('what is packed: built files, the licence, no sources, no dependencies', async () => {
  const { stdout } = await execute('tar', ['tzf', tarball]);
  const files = stdout.trim().split('\n').map((file) => file.replace('package/', ''));
  for (const file of files) expect(file).toMatch(/^(package\.json|README\.md|LICENSE|dist\/.*\.(js|d\.ts))$/);
  for (const entry of ['index.js', 'index.d.ts', 'react/index.js', 'svelte/index.svelte.js', 'svelte/index.svelte.d.ts']) {
    expect(files).toContain(`dist/${entry}`);
  }
  expect(JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')).dependencies).toBeUndefined();
  expect(readFileSync(join(PACKAGE, 'dist/react/index.js'), 'utf8')).toMatch(/^'use client';/);
});

describe.each([
  ['React 19', PACKAGE],
  ['React 18', REACT_18],
])('%s', (name, react) => {
  let app: string;
  beforeAll(async () => {
    app = await application(name.replace(' ', '-').toLowerCase(), 'react', react);
  }, 30_000);

  // Their types are the same.
  test.skipIf(react === REACT_18)('type-checks, strictly', { timeout: 60_000 }, async () => {
    await Promise.all([
      tool(app, 'typescript/bin/tsc', '-p', '.'),
      tool(app, 'typescript/bin/tsc', '-p', '.', '--module', 'nodenext', '--moduleResolution', 'nodenext'),
    ]);
  });
  test('receives in a browser', { timeout: 60_000 }, () => runs(app));
  test('is rendered on a server', { timeout: 30_000 }, async () => {
    expect(await renders(app, 'src/server.tsx')).toBe('<p>disconnected connecting</p>\n');
  });
});

describe('Svelte 5', () => {
  let app: string;
  beforeAll(async () => {
    app = await application('svelte-5', 'svelte');
  }, 30_000);

  test('type-checks, strictly', { timeout: 60_000 }, async () => {
    expect(await tool(app, 'svelte-check/bin/svelte-check', '--tsconfig', 'tsconfig.json')).toContain(
      '0 errors',
    );
  });
  test('receives in a browser', { timeout: 60_000 }, () => runs(app));
  test('is rendered on a server', { timeout: 30_000 }, async () => {
    expect(await renders(app, 'src/server.ts')).toContain('not connected');
  });
});
