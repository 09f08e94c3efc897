// SPDX-License-Identifier: MIT
// The npm package in a real browser against the real server: what its own tests show with a fake clock, seen to hold.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { Proxy } from './support/proxy';
import { freePort } from './support/run';
import { SLOWNESS, startTidings, test, type Tidings } from './support/tidings';
import { until } from './support/wait';

const PACKAGE = readFileSync(join(__dirname, '../../web/demo/tidings-client.js'));
const HTML =
  '<!doctype html><title>an application</title>' +
  "<script type=module>import * as tidings from '/tidings-client.js'; window.tidings = tidings</script>";
let browser: Browser;
let site: Server;
let home: string;

beforeAll(async () => {
  site = createServer((request, response) => {
    const isPackage = request.url === '/tidings-client.js';
    response.setHeader('Content-Type', isPackage ? 'text/javascript' : 'text/html');
    response.end(isPackage ? PACKAGE : HTML);
  });
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
  home = `http://127.0.0.1:${(site.address() as { port: number }).port}/`;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  site?.close();
});

/** What the page keeps of a client. */
interface Seen {
  events: [string, unknown][];
  state: string;
}

/** An open page whose client is `window.client` and whose events are in `window.events`. */
async function open(context: BrowserContext, options: Record<string, unknown>, tokens: string[] = []): Promise<Page> {
  const page = await context.newPage();
  await page.exposeFunction('nextToken', () => (tokens.length > 1 ? tokens.shift() : tokens[0]));
  await page.goto(home);
  await page.evaluate(
    ({ given, hasTokens }) => {
      const { TidingsClient, SharedTidingsClient } = (window as any).tidings;
      const all = hasTokens ? { ...given, getToken: () => (window as any).nextToken() } : given;
      const client = given.share ? new SharedTidingsClient(all) : new TidingsClient(all);
      const events: [string, unknown][] = ((window as any).events = []);
      for (const name of ['connected', 'disconnected', 'reconnecting', 'message', 'maxReconnectAttemptsReached']) {
        client.on(name, (data: unknown) => events.push([name, data]));
      }
      client.on('error', (error: any) => events.push(['error', error.code]));
      (window as any).client = client;
      client.connect();
    },
    { given: options as any, hasTokens: tokens.length > 0 },
  );
  return page;
}

const seen = (page: Page): Promise<Seen> =>
  page.evaluate(() => ({ events: (window as any).events, state: (window as any).client.state }));
const messages = async (page: Page): Promise<any[]> =>
  (await seen(page)).events.filter(([name]) => name === 'message').map(([, data]) => data);
const isIn = (page: Page, state: string, ms = 15_000): Promise<unknown> =>
  until(`the state ${state}`, async () => (await seen(page)).state === state, ms);
const hears = (page: Page, n: number, ms = 10_000): Promise<unknown> =>
  until(`message ${n}`, async () => (await messages(page)).some((one) => one.n === n), ms);

const fast = { reconnectDelay: 100, maxReconnectDelay: 1000 };
const say = (server: Tidings, n: number) => server.publishWhenHeard({ user: 'u1' }, { type: 'notification', n });

test('a server that is killed and started again is found again', async ({ tidings }) => {
  const port = await freePort();
  const config = { listen: `127.0.0.1:${port}` };
  const first = await startTidings({ config });
  const context = await browser.newContext();
  const page = await open(context, { url: first.wsUrl, token: first.token('u1'), ...fast });
  await isIn(page, 'connected');
  first.signal('SIGKILL');
  await first.exited;
  await isIn(page, 'reconnecting');
  const second = await tidings({ config });
  await isIn(page, 'connected');
  await say(second, 1);
  await hears(page, 1);
  const { events } = await seen(page);
  expect(events.filter(([name]) => name === 'connected').map(([, data]) => (data as any).isReconnect)).toEqual([false, true]);
  await context.close();
});

test('a network that is gone for a minute is noticed, and its end too', async ({ tidings }) => {
  const server = await tidings();
  const proxy = await Proxy.start({ host: '127.0.0.1', port: server.port });
  const context = await browser.newContext();
  const page = await open(context, {
    url: `ws://127.0.0.1:${proxy.port}/ws`, token: server.token('u1'), ...fast,
    heartbeatInterval: 2000, heartbeatTimeout: 1000, connectTimeout: 2000,
  });
  await isIn(page, 'connected');
  const cut = Date.now();
  proxy.stall();
  await isIn(page, 'reconnecting');
  await new Promise((done) => setTimeout(done, 60_000 - (Date.now() - cut)));
  proxy.cut();
  proxy.flow();
  await isIn(page, 'connected');
  await say(server, 1);
  await hears(page, 1);
  expect((await seen(page)).events).toContainEqual(['error', 'heartbeat_timeout']);
  await context.close();
  await proxy.end();
}, 150_000 * SLOWNESS);

test('a token that runs out is replaced, or said to have run out', async ({ tidings }) => {
  const server = await tidings({ config: { jwt: { leeway_seconds: 0 } } });
  const soon = () => ({ exp: Math.floor(Date.now() / 1000) + 3 });
  const context = await browser.newContext();
  const fresh = await open(context, { url: server.wsUrl, ...fast }, [server.token('u1', soon()), server.token('u1')]);
  const stale = await open(context, { url: server.wsUrl, token: server.token('u1', soon()), ...fast });
  await isIn(stale, 'disconnected');
  expect((await seen(stale)).events).toContainEqual(['error', 'token_expired']);
  await until('the fresh token', async () => (await seen(fresh)).events.filter(([name]) => name === 'connected').length === 2, 15_000);
  await say(server, 1);
  await hears(fresh, 1);
  await context.close();
});

test('who may not have one more connection is told so and stops', async ({ tidings }) => {
  const server = await tidings({ endpoint: { connections: 1 } });
  const context = await browser.newContext();
  const first = await open(context, { url: server.wsUrl, token: server.token('u1'), ...fast });
  await isIn(first, 'connected');
  const second = await open(context, { url: server.wsUrl, token: server.token('u1'), ...fast });
  await until('the refusal', async () => (await seen(second)).events.some(([name]) => name === 'disconnected'), 15_000);
  await isIn(second, 'disconnected');
  expect((await seen(second)).events).toContainEqual(['error', 'rate_limited']);
  expect((await seen(first)).state).toBe('connected');
  await context.close();
});

test('ten tabs share one connection, and go on when the tab that has it is closed', async ({ tidings }) => {
  const server = await tidings();
  const context = await browser.newContext();
  const tabs: Page[] = [];
  for (let i = 0; i < 10; i++) {
    tabs.push(await open(context, { url: server.wsUrl, token: server.token('u1'), share: 'u1', ...fast }));
  }
  for (const tab of tabs) await isIn(tab, 'connected');
  expect((await server.stats()).total_connections).toBe(1);
  await say(server, 1);
  for (const tab of tabs) await hears(tab, 1);
  for (const round of [2, 3]) {
    await tabs.shift()!.close(); // the first has it, then the next in line
    const opened = () => server.metric('websocket_connections_opened_total', { result: 'ok' });
    await until('another tab to have it', async () => (await opened()) === round, 20_000);
    await server.connections(1);
    await say(server, round);
    for (const tab of tabs) await hears(tab, round);
    expect((await server.stats()).total_connections).toBe(1);
  }
  for (const tab of tabs) {
    const heard = (await messages(tab)).map((one) => one.n);
    expect(heard).toEqual([1, 2, 3]);
  }
  await context.close();
});

test('a thousand notifications in a second arrive in order, and the page does not freeze', async ({ tidings }) => {
  const server = await tidings({ config: { log_level: 'info' } });
  const context = await browser.newContext();
  const page = await open(context, { url: server.wsUrl, token: server.token('u1') });
  await isIn(page, 'connected');
  await page.evaluate(() => {
    let last = performance.now();
    (window as any).longest = 0;
    setInterval(() => {
      const now = performance.now();
      (window as any).longest = Math.max((window as any).longest, now - last);
      last = now;
    }, 10);
  });
  for (let part = 0; part < 10; part++) {
    const commands = Array.from({ length: 100 }, (_, i) => ({
      publish: { user: 'u1', data: { type: 'notification', n: part * 100 + i, payload: { title: 't', message: 'm'.repeat(100), level: 'info' } } },
    }));
    expect((await server.call('/api/v1/batch', { commands })).status).toBe(200);
    await new Promise((done) => setTimeout(done, 100));
  }
  await hears(page, 999);
  expect((await messages(page)).map((one) => one.n)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  expect(await page.evaluate(() => (window as any).longest)).toBeLessThan(1000 * SLOWNESS);
  await context.close();
});
