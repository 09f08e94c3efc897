// SPDX-License-Identifier: MIT
// The page of demo mode, in Chromium: every kind is seen to arrive, a run plays to its end, a restarted server is found again.
import Ajv2020 from 'ajv/dist/2020';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFailed } from 'vitest';
import { sharedTidings, startTidings, test, type Tidings } from './support/tidings';
import { until } from './support/wait';

const CATALOGUE = join(__dirname, '../../catalogue');
const ENDPOINTS = ['huleedu', 'huleedu-status', 'hailango', 'submissions'];
/** The fixture's secret and keys are what demo mode refuses; the page is opened more often than a person would. */
const DEMO = {
  args: ['--demo'],
  config: {
    jwt: { secret: '' },
    api: { keys: [] },
    endpoints: ENDPOINTS.map((name) => ({ name, attempts_per_minute: 0 })),
  },
};
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const schemaOf = (dialect: string): { oneOf: { $ref: string }[] } =>
  JSON.parse(readFileSync(join(CATALOGUE, `${dialect}.json`), 'utf8'));
const kindsOf = (dialect: string): string[] =>
  schemaOf(dialect).oneOf.map((one) => one.$ref.replace('#/$defs/', ''));

const shared = sharedTidings(DEMO);
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--host-resolver-rules=MAP elsewhere.test 127.0.0.1'],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
});

type PageOptions = Parameters<Browser['newPage']>[0];

/** The page, open and connected, and all that went wrong on it so far. */
async function open(options: PageOptions = {}, server: Tidings = shared()): Promise<[Page, string[]]> {
  const page = await browser.newPage(options);
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  page.on('requestfailed', (request) => problems.push(request.url()));
  page.on('request', (request) => {
    const { host } = new URL(request.url());
    if (host !== server.address) problems.push(`asks ${request.url()}`);
  });
  onTestFailed(() => console.log(problems, server.log().split('\n').slice(-20).join('\n')));
  await page.goto(server.url);
  await page.waitForSelector('.kinds-of[data-endpoint="submissions"] button');
  for (const endpoint of ENDPOINTS) await page.waitForSelector(`#${endpoint}.is-open`);
  return [page, problems];
}

const arrived = (page: Page, endpoint: string, kind: string) =>
  page.locator(`#log li[data-endpoint="${endpoint}"][data-kind="${kind}"]`);
const publisher = (page: Page, endpoint: string, kind: string) =>
  page.locator(`.kinds-of[data-endpoint="${endpoint}"]`).getByRole('button', { name: kind, exact: true });

/** Publishes by the page's button and waits until it came; gives the line of the log. */
async function publish(page: Page, endpoint: string, kind: string) {
  const before = await arrived(page, endpoint, kind).count();
  await publisher(page, endpoint, kind).click();
  await until(`${endpoint}: ${kind}`, async () => (await arrived(page, endpoint, kind).count()) > before);
  return arrived(page, endpoint, kind).first();
}

async function play(page: Page): Promise<void> {
  await page.selectOption('#pace', 'at once');
  await page.click('#play');
  await page.locator('#run-words', { hasText: 'Done' }).waitFor();
}

describe('by hand', () => {
  test('each kind is published and seen to arrive', { timeout: 120_000 }, async () => {
    const [page, problems] = await open({ viewport: { width: 1400, height: 1000 } });
    let kinds = 0;
    for (const endpoint of ENDPOINTS) {
      for (const kind of kindsOf(endpoint)) {
        const line = await publish(page, endpoint, kind);
        expect(await line.locator('.latency').textContent()).toMatch(/^\d+\.\d ms$/);
        kinds++;
      }
    }
    expect(kinds).toBe(27);
    // `complete` ends a submission, and the next connection watches another.
    await page.waitForSelector('#submissions.is-closed');
    const before = await page.textContent('#submission-title');
    await page.click('#submissions .connect');
    await page.waitForSelector('#submissions.is-open');
    expect(await page.textContent('#submissions .state')).toMatch(/^watching submission \d+$/);
    await publish(page, 'submissions', 'status_update');
    expect(await page.textContent('#submission-title')).not.toBe(before);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('welcomes and pongs are shown, which the server says by itself', async () => {
    const [page, problems] = await open();
    const welcome = arrived(page, 'hailango', 'connection_established').first();
    expect(await welcome.locator('.latency').textContent()).toBe('from the server');
    for (const endpoint of ENDPOINTS) {
      await expect.poll(() => page.textContent(`#${endpoint} .latency`)).toMatch(/^\d+\.\d ms$/);
      await page.click(`#${endpoint} .ping`);
      await page.locator(`#log li[data-endpoint="${endpoint}"][data-kind="pong"]:visible`).first().waitFor();
    }
    await page.click('#clear');
    expect(await page.locator('#log li').count()).toBe(0);
    await page.click('#huleedu .connect');
    await page.waitForSelector('#huleedu.is-closed');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('what is not connected is said to be', async () => {
    const [page] = await open();
    await page.click('#hailango .connect');
    await page.waitForSelector('#hailango.is-closed');
    await publisher(page, 'hailango', 'book_ready').click();
    expect(await page.textContent('#said')).toBe('Connect Reader first.');
    await page.close();
  });

  test('another name is another user', async () => {
    const [page, problems] = await open();
    await publish(page, 'huleedu', 'class_created');
    await page.fill('#user', 'bob');
    await page.press('#user', 'Enter');
    await page.locator('#huleedu .state', { hasText: 'connected as bob' }).waitFor();
    expect(await page.locator('.notification').count()).toBe(0);
    await publish(page, 'huleedu', 'class_created');
    expect(await page.locator('.notification').count()).toBe(1);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('all can be done with a keyboard alone', async () => {
    const [page] = await open();
    const focused = () => page.evaluate(() => document.activeElement!.className);
    await page.focus('#pace');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('ping');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#huleedu.is-closed');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#huleedu.is-open');
    await publisher(page, 'huleedu', 'class_created').focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.textContent('#unread')).toBe('2 unread');
    await page.locator('.notification button').first().focus();
    await page.keyboard.press('Enter');
    // The next one has the focus, then the list.
    expect(await focused()).toBe('quiet');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement!.id)).toBe('notifications');
    expect(await page.textContent('#unread')).toBe('0 unread');
    await page.close();
  });
});

describe('a run', () => {
  test('plays to its end, in messages of the catalogue, and shows what they say', { timeout: 120_000 }, async () => {
    const [page, problems] = await open({ viewport: { width: 1400, height: 1000 } });
    await play(page);
    await page.locator('#submission-status', { hasText: 'Failed' }).waitFor();
    expect(await page.locator('.batch .status').textContent()).toBe('complete');
    expect(
      await page.locator('.phases li').evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset.state)),
    ).toEqual(['done', 'done', 'done', 'skipped', 'done', 'done']);
    expect(await page.textContent('#unread')).toBe('14 unread');
    await page.click('#mark-all');
    expect(await page.textContent('#unread')).toBe('0 unread');
    expect(await page.locator('.book h3').textContent()).toBe('Le Petit Prince');
    expect(await page.textContent('.book .percent')).toBe('ready');
    expect(await page.locator('.words-due li').count()).toBe(3);
    expect(await page.locator('#tests li').count()).toBe(8);
    expect(await page.textContent('#analysis h3')).toBe('Two leaders in one term');
    expect(await page.textContent('#summary')).toBe('7 of 8 tests passed, 1 failed, in 19.1 s');
    expect(await page.textContent('#submissions .state')).toBe('complete: closed by the server');

    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    const schemas = ENDPOINTS.map((dialect) => ajv.compile(schemaOf(dialect)));
    const texts = await page.locator('#log pre').allTextContents();
    const messages = texts.filter((text) => text.startsWith('{')).map((text) => JSON.parse(text));
    expect(messages.length).toBeGreaterThan(65);
    const wrong = messages.filter(({ type }) => type !== 'pong').filter((one) => !schemas.some((fits) => fits(one)));
    expect(wrong).toEqual([]);

    // Whoever comes late is told all of it again.
    await page.click('#watch-again');
    await expect.poll(() => page.locator('#tests li').count()).toBe(8);
    await page.locator('#summary', { hasText: '7 of 8' }).waitFor();
    expect(problems).toEqual([]);
    await page.close();
  });

  test('can be stopped, and played again', async () => {
    const [page, problems] = await open();
    await page.click('#play');
    await page.locator('#run-words', { hasText: /Message \d/ }).waitFor();
    await page.click('#play');
    await page.locator('#run-words', { hasText: 'Stopped' }).waitFor();
    await play(page);
    expect(await page.locator('.batch h3').first().textContent()).toBe('7B essays 2');
    expect(await page.locator('.batch .status').first().textContent()).toBe('complete');
    expect(problems).toEqual([]);
    await page.close();
  });
});

describe('a server that was killed', () => {
  test('is found again, and the page shows it', { timeout: 120_000 }, async ({ tidings }) => {
    const first = await startTidings(DEMO);
    const [page, problems] = await open({}, first);
    first.signal('SIGKILL');
    await first.exited;
    for (const endpoint of ENDPOINTS) {
      await page.waitForSelector(`#${endpoint}.is-lost`);
      expect(await page.textContent(`#${endpoint} .state`)).toMatch(/^reconnecting: attempt \d+ in \d+\.\d s$/);
    }
    await tidings({ ...DEMO, config: { ...DEMO.config, listen: first.address } });
    for (const endpoint of ENDPOINTS) {
      await page.waitForSelector(`#${endpoint}.is-open`);
      expect(await page.textContent(`#${endpoint} .reconnects`)).toBe('1');
      await arrived(page, endpoint, 'reconnected').waitFor();
    }
    // The new server has other keys and knows no submission; all of it works all the same.
    await publish(page, 'huleedu', 'class_created');
    await publish(page, 'submissions', 'test_result');
    // Nothing but what the browser itself says of a server that is not there.
    expect(problems.filter((one) => !/ERR_CONNECTION|127\.0\.0\.1/.test(one))).toEqual([]);
    await page.close();
  });
});

describe('how it looks', () => {
  test.each([
    ['light', 1440, 900],
    ['dark', 1440, 900],
    ['light', 390, 844],
    ['dark', 390, 844],
  ] as const)('%s, %d wide: nothing serious for axe, nothing beyond the edge', async (colorScheme, width, height) => {
    const [page, problems] = await open({ viewport: { width, height }, colorScheme });
    await play(page);
    const [across, back] = await page.evaluate(() => [
      document.documentElement.scrollWidth,
      getComputedStyle(document.body).backgroundColor,
    ]);
    expect(across).toBeLessThanOrEqual(width);
    const brightness = Number(/\d+/.exec(back as string)![0]);
    if (colorScheme === 'dark') expect(brightness).toBeLessThan(60);
    else expect(brightness).toBeGreaterThan(200);
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => (globalThis as any).axe.run());
    const serious = violations.filter(({ impact }: { impact: string }) => ['serious', 'critical'].includes(impact));
    expect(serious.map((one: any) => [one.id, one.nodes.map((node: any) => node.html)])).toEqual([]);
    const folder = process.env.DEMO_SCREENSHOTS;
    if (folder) await page.screenshot({ path: join(folder, `demo-${colorScheme}-${width}.png`), fullPage: true });
    expect(problems).toEqual([]);
    await page.close();
  });

  test('whoever wants no motion sees none', async () => {
    const [page] = await open({ reducedMotion: 'reduce' });
    const moving = await page.evaluate(() =>
      Array.from(document.querySelectorAll('*'))
        .filter((one) => {
          const { animationName, transitionDuration } = getComputedStyle(one);
          return animationName !== 'none' || parseFloat(transitionDuration) > 0.001;
        })
        .map((one) => one.outerHTML),
    );
    expect(moving).toEqual([]);
    await page.close();
  });
});

describe('a page of elsewhere', () => {
  let elsewhere: Server;
  beforeAll(async () => {
    elsewhere = createServer((_, res) => res.setHeader('Content-Type', 'text/html').end('<!doctype html>'));
    await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done));
  });
  afterAll(() => {
    elsewhere?.close();
  });

  test('gets nothing, though the browser reaches the server', async () => {
    const number = 5150;
    await shared().ask('/api/v1/submissions', { method: 'POST', body: `{"submission_id":${number}}` });
    const page = await browser.newPage();
    await page.goto(`http://elsewhere.test:${(elsewhere.address() as { port: number }).port}/`);
    const said = await page.evaluate(async ([address, number]) => {
      const socket = new WebSocket(`ws://${address}/ws/submissions/${number}`);
      const opened = await new Promise((done) => {
        socket.onopen = () => done(true);
        socket.onerror = () => done(false);
      });
      const fetched = await fetch(`http://${address}/demo/token`, { method: 'POST', body: '{"user":"u"}' }).then(
        (answer) => answer.text(),
        () => 'refused',
      );
      return [opened, fetched];
    }, [shared().address, number]);
    expect(said).toEqual([false, 'refused']);
    // The log is written by a thread of its own, a moment later.
    const log = () => shared().log();
    await expect.poll(log).toContain(`path=/ws/submissions/${number} status=403`);
    await expect.poll(log).toContain('method=POST path=/demo/token status=403');
    // A name that is pointed here after its page was loaded is of the same origin, but not of this machine.
    const rebound = await page.goto(`http://elsewhere.test:${shared().port}/`);
    expect(rebound!.status()).toBe(403);
    await page.close();
  });
});
