// SPDX-License-Identifier: MIT
// The page for operators, in Chromium: who gets in, that it shows what happens, what can be done there, and by whom it
// can be used.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFailed } from 'vitest';
import { startRedis } from './support/redis';
import { ENDPOINTS, KEYS } from './support/operator';
import { API_KEY, sharedTidings, test, type Tidings } from './support/tidings';
import { until } from './support/wait';
import { dial, listen, type Listener } from './support/wsClient';

const CONFIG = { endpoints: ENDPOINTS, api: { keys: KEYS } };
const WEB = join(__dirname, '../../web/admin');
const SHARED = join(__dirname, '../../web/shared');
const AXE = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');
const PHONE = { width: 390, height: 844 };
const WIDE = { width: 1360, height: 900 };

const shared = sharedTidings({ config: CONFIG });
let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
});

const connect = (server: Tidings, user: string): Promise<Listener> =>
  listen(`${server.wsUrl}?token=${server.token(user)}`);

interface Opened {
  page: Page;
  /** All that went wrong on the page so far; that a key was refused is no mistake of the page. */
  problems: string[];
  /** The addresses that it asked. */
  asked: string[];
}

/** The page as it comes. */
async function visit(server: Tidings, options: Parameters<Browser['newPage']>[0] = {}): Promise<Opened> {
  const page = await browser.newPage({ viewport: WIDE, ...options });
  const problems: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    const isRefusal = /status of (401|403|400)/.test(message.text());
    if (message.type() === 'error' && !isRefusal) problems.push(message.text());
  });
  page.on('request', (request) => {
    asked.push(request.url());
    if (new URL(request.url()).host !== server.address) problems.push(`asks ${request.url()}`);
  });
  await page.addInitScript(() =>
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`against the policy: ${event.violatedDirective} ${event.blockedURI}`),
    ),
  );
  onTestFailed(() => console.log(problems, asked.slice(-5), server.log().split('\n').slice(-20).join('\n')));
  await page.goto(`${server.url}/admin`);
  return { page, problems, asked };
}

async function enter(page: Page, key: string): Promise<void> {
  await page.fill('#key', key);
  await page.keyboard.press('Enter');
}

/** The page with figures on it. */
async function open(server: Tidings, options: Parameters<Browser['newPage']>[0] = {}, key = API_KEY): Promise<Opened> {
  const opened = await visit(server, options);
  await enter(opened.page, key);
  await opened.page.waitForSelector('#state[data-state=live]');
  return opened;
}

const text = async (page: Page, selector: string): Promise<string> => (await page.textContent(selector)) ?? '';
const shows = (page: Page, selector: string, what: RegExp | string, ms = 20_000): Promise<void> =>
  expect.poll(() => text(page, selector), { timeout: ms }).toMatch(what);

/** How high a line of a chart goes, in pixels above its lowest point. */
const rise = (page: Page, chart: string, line: number): Promise<number> =>
  page.evaluate(
    ([chart, line]) => {
      const path = document.querySelector(`#chart-${chart} .line-${line}`)!.getAttribute('d') ?? '';
      const ys = [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map((found) => Number(found[1]));
      return ys.length > 0 ? Math.max(...ys) - Math.min(...ys) : 0;
    },
    [chart, line] as const,
  );

async function search(page: Page, user: string): Promise<void> {
  await page.fill('#user', user);
  await page.press('#user', 'Enter');
  await shows(page, '#user-title', `${user}:`);
}

describe('the door', () => {
  test('opens with a key of scope read, which stays out of addresses and outlives a reload', async () => {
    const { page, problems, asked } = await visit(shared());
    await page.waitForSelector('#key');
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('key');
    expect(await page.isVisible('#board')).toBe(false);
    await enter(page, 'wrong');
    await shows(page, '#key-problem', 'Unknown API key');
    await enter(page, 'publish-key');
    await shows(page, '#key-problem', 'The API key has not the scope "read"');
    await enter(page, 'schlüssel→');
    await shows(page, '#key-problem', 'That is no API key');
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await enter(page, ' read-key ');
    await page.waitForSelector('#state[data-state=live]');
    expect(await page.isVisible('#door')).toBe(false);
    expect(await page.inputValue('#key')).toBe('');
    expect(await page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie])).toEqual([1, 0, '']);
    await page.reload();
    await page.waitForSelector('#state[data-state=live]');
    expect(await page.isVisible('#door')).toBe(false);
    await page.click('#leave');
    await page.waitForSelector('#key');
    expect(await page.isVisible('#board')).toBe(false);
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    const before = asked.length;
    await page.waitForTimeout(1_500);
    expect(asked.length).toBe(before);
    expect(page.url()).toBe(`${shared().url}/admin`);
    expect(asked.filter((url) => /-key|wrong|schl/.test(url))).toEqual([]);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('shuts when the key is taken away, and says why', async ({ tidings }) => {
    const server = await tidings({ config: CONFIG });
    const { page } = await open(server);
    await server.reload({ config: { ...CONFIG, api: { keys: ['another-key'] } } });
    await shows(page, '#key-problem', 'Unknown API key');
    expect(await page.isVisible('#board')).toBe(false);
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await page.close();
  });

  test('is open in demo mode', async ({ tidings }) => {
    const server = await tidings({ args: ['--demo'], config: { jwt: { secret: '' }, api: { keys: [] } } });
    const { page, problems } = await visit(server);
    await page.waitForSelector('#state[data-state=live]');
    expect(await page.isVisible('#door')).toBe(false);
    expect(await page.isVisible('#leave')).toBe(false);
    await search(page, 'ann');
    expect(await text(page, '#user-title')).toBe('ann: not connected');
    expect(problems).toEqual([]);
    await page.close();
  });
});

describe('the figures', () => {
  test('move with what happens', { timeout: 90_000 }, async ({ tidings }) => {
    const server = await tidings({ config: CONFIG });
    const { page, problems } = await open(server);
    expect(await text(page, '#tile-connections')).toBe('0');
    await page.waitForTimeout(1_100);
    const users = ['busy <b>"user"', 'calm'];
    const clients = [await connect(server, users[0]!), await connect(server, users[0]!), await connect(server, users[1]!)];
    await dial(server.wsUrl).close(); // without a token
    for (let i = 0; i < 1200; i += 20) {
      await Promise.all(Array.from({ length: 20 }, () => server.publish({ user: users[0]! }, i)));
    }
    await server.publish({ user: users[1]! }, 'once');
    await server.call('/api/v1/broadcast', { data: 'all' });

    await shows(page, '#tile-connections', /^3$/);
    await shows(page, '#tile-users', /^2$/);
    await shows(page, '#tile-sent', /[1-9]/);
    await shows(page, '#tile-latency', /\d.ms/);
    await expect.poll(() => rise(page, 'connections', 1), { timeout: 10_000 }).toBeGreaterThan(20);
    await expect.poll(() => rise(page, 'messages', 1), { timeout: 10_000 }).toBeGreaterThan(20);
    await shows(page, '#chart-messages .item:first-child .value', /[1-9]/);
    const label = await page.getAttribute('#chart-connections svg', 'aria-label');
    expect(label).toMatch(/^Connections, the last 1 min\. Open now 3, lowest 0, highest 3\.$/);
    await page.hover('#chart-connections svg', { position: { x: 300, y: 60 } });
    expect(await text(page, '#chart-connections .when')).toMatch(/^at \d\d:\d\d:\d\d$/);
    expect(await text(page, '#chart-connections .value')).toBe('0');
    await page.hover('h1');
    expect(await text(page, '#chart-connections .when')).toBe('');
    await page.click('#chart-connections summary');
    expect(await text(page, '#chart-connections tbody tr:first-child')).toMatch(/^\d\d:\d\d:\d\d3$/);

    await expect
      .poll(() => page.locator('#busy-users tbody tr').allTextContents(), { timeout: 20_000 })
      .toEqual([`${users[0]}2\u202f400`, `${users[1]}1`]);
    expect(await page.locator('#busy-channels tbody tr').allTextContents()).toEqual(['broadcast3']);
    expect(await text(page, '#refusals tbody')).toBe('unauthorized+11');
    expect(await text(page, '#closes tbody')).toMatch(/^1008 .*\+11$/);
    expect(await page.isVisible('#dropped .empty')).toBe(true);
    expect(await page.locator('#endpoint-rows tr').allTextContents()).toEqual(
      expect.arrayContaining(['huleedu3', 'submissions0']),
    );
    expect(await text(page, '#redis-state')).toBe('Not used');
    expect(await text(page, '#node-rows')).toMatch(/^this server 0\.1\.0, up .*, 2 workers32$/);

    // From the list to the user, whose name is text and not markup.
    await page.locator('#busy-users').getByRole('button', { name: users[0]! }).click();
    await shows(page, '#user-title', `${users[0]}: 2 connections`);
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('user-title');
    await Promise.all(clients.map((client) => client.leave()));
    await shows(page, '#tile-connections', /^0$/);
    await shows(page, '#closes tbody', /1000 normal end\+33/);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('stand still while paused or hidden, and say when there is no answer', { timeout: 90_000 }, async () => {
    const { page, asked } = await open(shared());
    const polls = () => asked.filter((url) => url.endsWith('/overview')).length;
    const stands = async (): Promise<boolean> => {
      const before = polls();
      await page.waitForTimeout(2_500);
      return polls() === before;
    };
    expect(await stands()).toBe(false);
    await page.click('#pause');
    expect([await text(page, '#state'), await page.getAttribute('#pause', 'aria-pressed')]).toEqual(['Paused', 'true']);
    expect(await stands()).toBe(true);
    await page.click('#pause');
    await shows(page, '#state', 'Live');

    const hide = (isHidden: boolean) =>
      page.evaluate((isHidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
        document.dispatchEvent(new Event('visibilitychange'));
      }, isHidden);
    await hide(true);
    expect(await stands()).toBe(true);
    await hide(false);
    expect(await stands()).toBe(false);

    await page.context().setOffline(true);
    await shows(page, '#state', 'The server does not answer. Trying again.');
    expect(await page.isVisible('#board')).toBe(true);
    await page.context().setOffline(false);
    await shows(page, '#state', 'Live');
    await page.close();
  });

  test('of Redis and several nodes', { timeout: 90_000 }, async ({ tidings }) => {
    const redis = await startRedis();
    const config = { ...CONFIG, broker: { kind: 'redis', redis: { url: redis.url } } };
    const [one, two] = [
      await tidings({ config, allowErrors: /redis|broker/i }),
      await tidings({ config, allowErrors: /redis|broker/i }),
    ];
    const { page, problems } = await open(one!);
    await shows(page, '#redis-state', /^Up$/);
    await expect.poll(() => page.locator('#node-rows tr').count(), { timeout: 20_000 }).toBe(2);
    expect(await text(page, '#node-rows')).toMatch(/[0-9a-f]{16} \(this one\)/);
    await shows(page, '#redis-facts', /Since.*Ping through it.*ms/);

    // On the other node: seen, notified and ended from this one.
    const [first, second] = [await connect(two!, 'far'), await connect(two!, 'far')];
    await search(page, 'far');
    expect(await text(page, '#user-title')).toBe('far: 2 connections');
    await page.click('#notify');
    await page.click('#notify-dialog [type=submit]');
    expect(JSON.parse(await first!.next()).type).toBe('test');
    await page.click('#user-table tbody tr:first-child button');
    await page.click('#end-dialog [type=submit]');
    await shows(page, '#user-said', 'Ended 1 connection of far.');
    expect((await Promise.race([first!.closed, second!.closed])).code).toBe(1008);
    await shows(page, '#user-title', 'far: 1 connection');

    await redis.kill();
    await shows(page, '#redis-state', /^Down$/);
    await shows(page, '#redis-facts', /Problem/);
    const shot = process.env.ADMIN_SCREENSHOTS;
    if (shot) await page.locator('.servers').screenshot({ path: join(shot, 'redis-down.png') });
    expect(problems.filter((problem) => !/status of 503/.test(problem))).toEqual([]);
    await page.close();
    for (const client of [first!, second!]) client.socket.terminate();
  });

  test('of a server that tells less, or has been replaced', async () => {
    const page = await browser.newPage();
    const whole = (await shared().ask('/api/v1/admin/overview', { headers: { 'X-API-Key': 'read-key' } })).json;
    const { redis: _redis, nodes: _nodes, ...less } = whole;
    let told: object = { ...less, uptime_seconds: 5_000 };
    await page.route('**/overview', (route) => route.fulfill({ json: told }));
    await page.goto(`${shared().url}/admin`);
    await page.waitForSelector('#state[data-state=live]');
    expect(await text(page, '#redis-state')).toBe('Not used');
    expect(await page.locator('#node-rows tr').count()).toBe(0);
    expect(await text(page, '#notice')).toBe('');
    told = { ...whole, uptime_seconds: 3, nodes_silent: 2 };
    await shows(page, '#notice', 'The server has restarted, or another one answers now.');
    expect(await text(page, '#nodes-silent')).toBe('2 nodes did not answer.');
    await page.close();
  });
});

test('a list in use keeps its order', async () => {
  const page = await browser.newPage();
  const whole = (await shared().ask('/api/v1/admin/overview', { headers: { 'X-API-Key': 'read-key' } })).json;
  const users = (names: string[]) => names.map((user, i) => ({ user, messages: 90 - i, error: 0 }));
  let names = ['a', 'b', 'c'];
  await page.route('**/overview', (route) =>
    route.fulfill({ json: { ...whole, busiest: { ...whole.busiest, users: users(names) } } }),
  );
  await page.goto(`${shared().url}/admin`);
  const shown = () => page.locator('#busy-users tbody .name').allTextContents();
  await expect.poll(shown).toEqual(['a', 'b', 'c']);
  await page.locator('#busy-users').getByRole('button', { name: 'b' }).focus();
  names = ['d', 'c', 'b'];
  await expect.poll(shown).toEqual(['b', 'c', 'd']);
  expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('b');
  await page.locator('#pause').focus();
  await expect.poll(shown).toEqual(['d', 'c', 'b']);
  await page.close();
});

describe('a user', () => {
  test('is found, told something, and ended: one connection, then all', { timeout: 90_000 }, async () => {
    const server = shared();
    const { page, problems } = await open(server);
    const clients = await Promise.all(Array.from({ length: 3 }, () => connect(server, 'a/b ä')));
    await search(page, 'a/b ä');
    expect(await text(page, '#user-title')).toBe('a/b ä: 3 connections');
    expect(await page.locator('#user-table tbody tr').count()).toBe(3);
    expect(await text(page, '#user-table tbody')).toMatch(/huleedu .*127\.0\.0\.1/);

    await page.click('#notify');
    await page.fill('#notify-data', '{"hello": }');
    await page.click('#notify-dialog [type=submit]');
    await shows(page, '#notify-dialog .problem', 'That is not JSON');
    await page.fill('#notify-data', '{ "hello": [1.50, "ü"] }');
    await page.click('#notify-dialog [type=submit]');
    await shows(page, '#user-said', 'Sent to 3 connections of a/b ä on this node.');
    for (const client of clients) expect(await client.next()).toBe('{ "hello": [1.50, "ü"] }');

    // Not done: by Escape, by Cancel.
    await page.click('#end-all');
    await page.keyboard.press('Escape');
    await page.click('#end-all');
    await page.click('#end-dialog .cancel');
    expect(await page.isVisible('#end-dialog')).toBe(false);
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('end-all');

    const id = (await page.locator('#user-table tbody tr').nth(1).locator('.name .about').textContent())!;
    await page.getByRole('button', { name: `End connection ${id}` }).click();
    expect(await text(page, '#end-dialog h2')).toBe(`End connection ${id} of a/b ä?`);
    await page.fill('#end-code', '1001');
    await page.click('#end-dialog [type=submit]');
    await shows(page, '#end-dialog .problem', '"code" must be 1000');
    await page.fill('#end-code', '4321');
    await page.fill('#end-reason', 'Bis später');
    await page.click('#end-dialog [type=submit]');
    await shows(page, '#user-said', 'Ended 1 connection of a/b ä.');
    await shows(page, '#user-title', 'a/b ä: 2 connections');
    expect(await text(page, '#user-table tbody')).not.toContain(id);
    expect(await Promise.race(clients.map((client) => client.closed))).toEqual({ code: 4321, reason: 'Bis später' });

    await page.click('#end-all');
    await page.fill('#end-block', '3600');
    await page.click('#end-dialog [type=submit]');
    await shows(page, '#user-said', 'Ended 2 connections of a/b ä.');
    await shows(page, '#user-title', 'a/b ä: not connected');
    expect(await page.isVisible('#end-all')).toBe(false);
    for (const client of clients) expect((await client.close()).code).toBe(4321);
    expect((await dial(`${server.wsUrl}?token=${server.token('a/b ä')}`).close()).code).toBe(4000);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('is safe from a key that may only read, which is told so where it happens', async () => {
    const server = shared();
    const client = await connect(server, 'eve');
    const { page } = await open(server, {}, 'read-key');
    await search(page, 'eve');
    await page.click('#end-all');
    await page.click('#end-dialog [type=submit]');
    await shows(page, '#end-dialog .problem', 'The API key has not the scope "admin"');
    await page.click('#end-dialog .cancel');
    await page.click('#notify');
    await page.click('#notify-dialog [type=submit]');
    await shows(page, '#notify-dialog .problem', 'The API key has not the scope "publish"');
    await page.keyboard.press('Escape');
    await page.fill('#user', 'x'.repeat(64) + 'ü'.repeat(64));
    await page.press('#user', 'Enter');
    await shows(page, '#user-problem', 'A user id is 1 to 128 bytes');
    await client.leave();
    await page.close();
  });
});

describe('anybody can use it', () => {
  test('with a keyboard alone', { timeout: 90_000 }, async () => {
    const server = shared();
    const client = await connect(server, 'kim');
    await server.publish({ user: 'kim' }, 1);
    const { page, problems } = await visit(server);
    await page.waitForSelector('#key');
    await page.keyboard.type(API_KEY);
    await page.keyboard.press('Enter');
    await page.waitForSelector('#board:not([hidden])');
    const focused = () =>
      page.evaluate(() => {
        const { id, textContent, localName } = document.activeElement!;
        return id || textContent?.trim() || localName;
      });
    const press = async (...keys: string[]): Promise<string> => {
      for (const key of keys) await page.keyboard.press(key);
      return focused();
    };
    await page.locator('.skip').focus();
    const order = [];
    for (let i = 0; i < 7; i++) order.push(await press('Tab'));
    expect(order).toEqual(['pause', 'leave', 'As a table', 'As a table', 'As a table', 'user', expect.any(String)]);
    const hasRing = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle === 'solid');
    expect(hasRing).toBe(true);
    await press('Shift+Tab');
    await page.keyboard.type('kim');
    await press('Enter');
    await shows(page, '#user-title', 'kim: 1 connection');
    expect(await press('Tab', 'Tab')).toBe('notify');
    await press('Enter');
    expect(await focused()).toBe('notify-data');
    await press('Tab', 'Tab', 'Enter');
    await shows(page, '#user-said', 'Sent to 1 connection of kim on this node.');
    expect(await focused()).toBe('notify');
    await press('Tab', 'Tab', 'Enter'); // the one connection
    expect(await focused()).toBe('end-code');
    await press('Enter');
    await shows(page, '#user-said', 'Ended 1 connection of kim.');
    expect((await client.close()).code).toBe(1008);
    await expect.poll(focused).toBe('user-title');
    // What has the focus keeps it while the list around it changes.
    await page.locator('#busy-users').getByRole('button', { name: 'kim' }).focus();
    await page.waitForTimeout(2_500);
    expect(await focused()).toBe('kim');
    expect(problems).toEqual([]);
    await page.close();
  });

  /** What axe finds that is serious or worse. */
  async function findings(page: Page): Promise<string[]> {
    await page.evaluate(AXE);
    const found = await page.evaluate(async () => {
      const { violations } = await (globalThis as any).axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.map((one: any) => [
        one.impact,
        `${one.id}: ${one.nodes.map((node: any) => node.html).join(' | ')}`,
      ]);
    });
    return found.filter(([impact]: [string]) => /serious|critical|moderate/.test(impact)).map(([, what]: string[]) => what);
  }

  test.each([
    ['wide', 'light'],
    ['wide', 'dark'],
    ['phone', 'light'],
    ['phone', 'dark'],
  ] as const)('axe finds nothing: %s, %s', { timeout: 120_000 }, async (width, colorScheme) => {
    const server = shared();
    const shots = process.env.ADMIN_SCREENSHOTS;
    if (shots) mkdirSync(shots, { recursive: true });
    const { page, problems } = await visit(server, { viewport: width === 'wide' ? WIDE : PHONE, colorScheme });
    const judge = async (name: string): Promise<void> => {
      if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: !name.startsWith('dialog') });
      const right = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(right, name).toBeLessThanOrEqual(page.viewportSize()!.width);
      expect(await findings(page), name).toEqual([]);
    };
    const clients = await Promise.all(Array.from({ length: 3 }, () => connect(server, 'ada')));
    await dial(server.wsUrl).close();
    for (let i = 0; i < 30; i++) await server.publish({ user: 'ada' }, i);
    await page.waitForSelector('#key');
    await enter(page, 'wrong');
    await shows(page, '#key-problem', 'Unknown');
    await judge('door');
    await enter(page, API_KEY);
    await shows(page, '#busy-users tbody', 'ada');
    await search(page, 'ada');
    await page.click('#chart-messages summary');
    await page.waitForTimeout(shots ? 8_000 : 1_500);
    await judge('board');
    await page.click('#end-all');
    await page.fill('#end-code', '1001');
    await page.click('#end-dialog [type=submit]');
    await shows(page, '#end-dialog .problem', '"code"');
    await judge('dialog-end');
    await page.keyboard.press('Escape');
    await page.click('#notify');
    await judge('dialog-notify');
    expect(problems).toEqual([]);
    await Promise.all(clients.map((client) => client.leave()));
    await page.close();
  });
});

describe('its files', () => {
  const own = readdirSync(WEB).filter((name) => name !== 'tsconfig.json');
  const files = [...own.map((name) => [name, WEB]), ...readdirSync(SHARED).map((name) => [name, SHARED])] as [string, string][];
  const types: Record<string, string> = {
    css: 'text/css; charset=utf-8',
    html: 'text/html; charset=utf-8',
    js: 'text/javascript; charset=utf-8',
    svg: 'image/svg+xml',
  };

  test.each(files)('%s is served as it stands, with a strict policy', async (name, folder) => {
    const path = name === 'index.html' ? '/admin' : `/admin/${name}`;
    const { status, headers, text } = await shared().ask(path);
    expect([status, headers['content-type']]).toEqual([200, types[/\w+$/.exec(name)![0]]]);
    expect(text).toBe(readFileSync(join(folder, name), 'utf8'));
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(policy.join()).not.toMatch(/unsafe|\*|data:|http/);
    expect([headers['x-content-type-options'], headers['referrer-policy']]).toEqual(['nosniff', 'no-referrer']);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    const again = await shared().ask(path, { headers: { 'If-None-Match': headers.etag! } });
    expect(again.status).toBe(304);
  });

  test('name no other host', () => {
    for (const [name, folder] of files) {
      const found = readFileSync(join(folder, name), 'utf8').replaceAll('http://www.w3.org/2000/svg', '');
      expect(found, name).not.toMatch(/https?:\/\//);
    }
  });

  test('are typed as their comments say', { timeout: 120_000 }, () => {
    const { status, stdout } = spawnSync('npx', ['tsc', '-p', WEB], { cwd: __dirname, encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });

  test('are off where no key is configured, until there is one', async ({ tidings }) => {
    const server = await tidings({ config: { api: { keys: [] } } });
    for (const path of ['/admin', '/admin/main.js', '/admin/icon.svg']) {
      const answer = await server.ask(path);
      expect([answer.status, answer.json.error.code]).toEqual([403, 'forbidden']);
    }
    await server.reload({ config: { api: { keys: ['a-key'] } } });
    await until('the page', async () => (await server.ask('/admin')).status === 200);
  });

  test('are only read, and there are no others', async () => {
    expect((await shared().ask('/admin/')).status).toBe(200);
    expect((await shared().ask('/admin/nothing.js')).status).toBe(404);
    expect((await shared().ask('/admin/tsconfig.json')).status).toBe(404);
    const posted = await shared().ask('/admin', { method: 'POST', body: 'key=1' });
    expect([posted.status, posted.headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});
