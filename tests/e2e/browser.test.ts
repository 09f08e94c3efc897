// SPDX-License-Identifier: MIT
// A browser as a client: Chromium, from a page of another origin.
import { createServer, type Server } from 'node:http';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect } from 'vitest';
import { sharedTidings, test } from './support/tidings';

let browser: Browser;
let site: Server;
let origin: string;
let page: Page;

beforeAll(async () => {
  site = createServer((_, res) =>
    res.setHeader('Content-Type', 'text/html').end('<!doctype html><title>page</title>'),
  );
  await new Promise<void>((done) => site.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(site.address() as { port: number }).port}`;
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  site?.close();
});
beforeEach(async () => {
  page = await browser.newPage();
  await page.goto(origin);
});
afterEach(async () => {
  await page.close();
});

const shared = sharedTidings({ endpoint: { connections: 2 } });

/** Opens a socket in the page; gives what happened until `messages` came or it was closed. */
const visit = (url: string, messages: number, protocols: string[] = []) =>
  page.evaluate(
    ([url, messages, protocols]) =>
      new Promise<{
        opened: boolean;
        protocol: string;
        messages: string[];
        close?: [number, string, boolean];
      }>((done) => {
        const socket = new WebSocket(url as string, protocols as string[]);
        const seen = { opened: false, protocol: '', messages: [] as string[] };
        socket.onopen = () => {
          seen.opened = true;
          seen.protocol = socket.protocol;
        };
        socket.onmessage = (event) => {
          seen.messages.push(event.data);
          if (seen.messages.length === messages) socket.close(1000);
        };
        socket.onclose = (event) => done({ ...seen, close: [event.code, event.reason, event.wasClean] });
      }),
    [url, messages, protocols] as const,
  );

describe('chromium', () => {
  test('connects with a token and gets what is published, small and large', async () => {
    const user = 'browser';
    const visiting = visit(`${shared().wsUrl}?token=${encodeURIComponent(shared().token(user))}`, 3);
    await shared().publishWhenHeard({ user }, { text: 'grüße 🎻' });
    await shared().publish({ user }, { text: 'x'.repeat(50_000) });
    await shared().publish({ channel: 'broadcast' }, [1, 2]);
    const seen = await visiting;
    expect(seen.opened).toBe(true);
    expect(seen.messages).toEqual(['{"text":"grüße 🎻"}', `{"text":"${'x'.repeat(50_000)}"}`, '[1,2]']);
    expect(seen.close).toEqual([1000, '', true]);
  });

  test('hands its token over as a subprotocol', async () => {
    const user = 'subprotocol';
    for (const [protocols, chosen] of [
      [[`bearer.${shared().token(user)}`], `bearer.${shared().token(user)}`],
      [[`bearer.${shared().token(user)}`, 'chat'], 'chat'],
    ] as [string[], string][]) {
      const visiting = visit(shared().wsUrl, 1, protocols);
      await shared().publishWhenHeard({ user }, 1);
      const seen = await visiting;
      expect(seen.protocol).toBe(chosen);
      expect(seen.close).toEqual([1000, '', true]);
    }
  });

  test('reads why it was refused: a bad token', async () => {
    const seen = await visit(`${shared().wsUrl}?token=nonsense`, 9);
    expect(seen.messages.map((text) => JSON.parse(text).message)).toEqual(['Invalid or expired JWT token']);
    expect(seen.close).toEqual([1008, 'Authentication failed', true]);
  });

  test('reads why it was refused: too many connections', async () => {
    const url = `${shared().wsUrl}?token=${shared().token('crowd')}`;
    await page.evaluate(async (url) => {
      for (let i = 0; i < 2; i++) {
        const socket = new WebSocket(url);
        await new Promise((done) => (socket.onopen = done));
        (globalThis as any)[`socket${i}`] = socket;
      }
    }, url);
    const seen = await visit(url, 9);
    expect(seen.messages.map((text) => JSON.parse(text).message)).toEqual([
      'Too many concurrent connections',
    ]);
    expect(seen.close).toEqual([4000, 'Rate limit exceeded', true]);
  });

  test('asks first, from its own origin, and reads the answer', async () => {
    const said = await page.evaluate(async (url) => {
      const answer = await fetch(url);
      return [answer.status, (await answer.json()).error];
    }, `${shared().url}/ws`);
    expect(said).toEqual([401, 'Authentication failed']);
    const stats = await page.evaluate(
      async (url) => (await fetch(url)).json(),
      `${shared().url}/api/v1/ws/stats`,
    );
    expect(Object.keys(stats)).toEqual(['connected_users', 'total_connections']);
  });

  test('of an origin that is not listed gets no connection', async ({ tidings }) => {
    const server = await tidings({ config: { origins: ['https://app.example.com'] } });
    const seen = await visit(`${server.wsUrl}?token=${server.token('u')}`, 1);
    expect(seen.opened).toBe(false);
    expect(seen.close).toEqual([1006, '', false]);
    const listed = await tidings({ config: { origins: [origin] } });
    const visiting = visit(`${listed.wsUrl}?token=${listed.token('u')}`, 1);
    await listed.publishWhenHeard({ user: 'u' }, 1);
    expect((await visiting).close).toEqual([1000, '', true]);
  });
});
