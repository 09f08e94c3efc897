// SPDX-License-Identifier: MIT
// Keys from a URL: when they are asked for, what holds meanwhile, and that no answer, however bad, takes away what is
// there.
import { afterAll, describe, expect } from 'vitest';
import { Issuer, makeKey, setOf, tokenOf, type Answer } from './support/issuer';
import { tokenFor } from './support/jwt';
import { run, scratch } from './support/run';
import { SLOWNESS, test as base, Tidings, type TidingsOptions } from './support/tidings';
import { sleep, until } from './support/wait';
import { dial } from './support/wsClient';

const files = scratch();
afterAll(() => files.end());

const test = base.extend<{ issuer: Issuer }>({
  issuer: async ({}, use) => {
    const issuer = await Issuer.start();
    await use(issuer);
    issuer.stop();
  },
});

/** A server that takes its keys from there. */
function from(issuer: Issuer, jwt: Record<string, unknown> = {}): TidingsOptions {
  const own = { algorithms: ['ES256'], secret: '', jwks_url: issuer.url, jwks_ca_file: issuer.certificate };
  return { endpoint: { refuse: 'http' }, config: { jwt: { ...own, ...jwt } } };
}

async function isLetIn(server: Tidings, token: string): Promise<boolean> {
  const client = dial(`${server.wsUrl}?token=${token}`);
  const isIn = await client.opened.then(
    () => true,
    () => false,
  );
  client.socket.terminate();
  return isIn;
}

const untilLetIn = (server: Tidings, token: string): Promise<boolean> =>
  until('a token that is good', () => isLetIn(server, token), 10_000);
const untilRefused = (server: Tidings, token: string): Promise<boolean> =>
  until('a token that is not', async () => !(await isLetIn(server, token)), 10_000);
const fetches = (server: Tidings, result: string): Promise<number | undefined> =>
  server.metric('jwt_key_set_fetches_total', { result });

describe.concurrent('keys from a URL', () => {
  test('are waited for, then held', async ({ issuer, tidings }) => {
    const key = makeKey('a');
    let release = (): void => undefined;
    const held = new Promise<void>((done) => (release = done));
    issuer.answer = (_, response) => void held.then(() => response.end(setOf(key)));
    const opening = tidings(from(issuer, { jwks_url: issuer.url.replace('//', '//us%65r:classified@') }));
    await until('the question', () => issuer.requests > 0, 10_000);
    expect(issuer.authorization).toBe(`Basic ${btoa('user:classified')}`);
    release();
    const server = await opening;
    expect(await isLetIn(server, tokenOf(key))).toBe(true);
    expect(await isLetIn(server, tokenOf(key, { exp: 1000 }))).toBe(false);
    expect(await isLetIn(server, tokenOf(makeKey('a')))).toBe(false);
    expect(await fetches(server, 'ok')).toBe(1);
    expect(server.log()).toMatch(/key set fetched.*url=https:\/\/\*\*\*@127\.0\.0\.1:\d+\/keys.*keys=1/);
    expect(server.log()).not.toContain('classified');
  });

  test('are found for a token whose key is new, once a minute', async ({ issuer, tidings }) => {
    const [old, next] = [makeKey('a'), makeKey('b')];
    issuer.say(setOf(old), { 'Cache-Control': 'max-age=0' });
    const server = await tidings(from(issuer));
    expect(issuer.requests).toBe(1);
    issuer.publish(next);
    expect(await isLetIn(server, tokenOf(next))).toBe(false);
    await untilLetIn(server, tokenOf(next));
    await untilRefused(server, tokenOf(old));
    expect(issuer.requests).toBe(2);
    for (let i = 0; i < 20; i++) await isLetIn(server, tokenOf(makeKey(`stranger-${i}`)));
    await sleep(2500);
    expect(issuer.requests).toBe(2);
    expect(await isLetIn(server, tokenOf(next))).toBe(true);
  });

  test('are renewed in time, also of a source that was away', async ({ issuer, tidings }) => {
    const [old, next] = [makeKey('a'), makeKey('b')];
    issuer.publish(old);
    const server = await tidings(from(issuer, { jwks_refresh_seconds: 1 }));
    issuer.answer = (request) => request.socket.destroy();
    await until('a failure', async () => (await fetches(server, 'unreachable'))! > 0, 5_000);
    expect(await isLetIn(server, tokenOf(old))).toBe(true);
    issuer.publish(next);
    const story = /key set fetched.*key set not fetched.*key set fetched/s;
    await until('it again', () => story.test(server.log()), 10_000);
    await untilLetIn(server, tokenOf(next));
    await untilRefused(server, tokenOf(old));
    expect(await server.metric('jwt_key_set_age_seconds')).toBeLessThan(5 * SLOWNESS);
  });

  test('hold whatever is answered next', async ({ issuer, tidings }) => {
    const key = makeKey('a');
    const text = (said: string): Answer => (_, response) => response.end(said);
    const bad: [string, string, Answer, RegExp][] = [
      ['another status', 'status', (_, response) => response.writeHead(503).end(setOf(makeKey('b'))), /status 503/],
      ['a page', 'unusable', text('<html>Sign in</html>'), /not valid JSON/],
      ['nothing', 'unusable', text(''), /empty/],
      ['no key', 'unusable', text('{"keys":[]}'), /none of its 0 keys/],
      ['a secret', 'unusable', text(`{"keys":[{"kty":"oct","k":"${'A'.repeat(64)}"}]}`), /none of its 1 keys/],
      ['too much', 'too_big', text(setOf(key) + ' '.repeat(4096)), /larger than 4096 bytes/],
      [
        'a way that others read',
        'redirect',
        (_, response) => response.writeHead(302, { Location: issuer.plainUrl }).end(),
        /redirect to a protocol/,
      ],
      ['silence', 'timeout', () => undefined, /timed out/i],
    ];
    issuer.publish(key);
    const options = from(issuer, { jwks_max_bytes: 4096, jwks_timeout_seconds: 1 });
    const server = await tidings(options);
    for (const [what, result, answer, words] of bad) {
      const [count, length] = [(await fetches(server, result))!, server.log().length];
      issuer.answer = answer;
      server.signal('SIGHUP');
      await until(what, async () => (await fetches(server, result)) === count + 1, 10_000);
      const said = (): string[] =>
        server.log().slice(length).match(/key set not fetched, the last one holds.*/g) ?? [];
      await until(`the word about ${what}`, () => said().length > 0);
      expect(said(), what).toEqual([expect.stringMatching(words)]);
      expect(await isLetIn(server, tokenOf(key)), what).toBe(true);
    }
    const next = makeKey('b');
    issuer.publish(next);
    server.signal('SIGHUP');
    await untilLetIn(server, tokenOf(next));
  });

  test('take the place of those in a file, beside the secret', async ({ issuer, tidings }) => {
    const [filed, published] = [makeKey('a'), makeKey('b')];
    issuer.answer = () => undefined;
    const jwks_file = files.file('seed.json', setOf(filed));
    const secret = 'a secret beside the keys, 32 bytes and more';
    const both = { jwks_file, secret, algorithms: ['ES256', 'HS256'], jwks_timeout_seconds: 30 };
    const server = await tidings(from(issuer, both));
    const symmetric = tokenFor('u1', {}, { key: secret });
    expect(await isLetIn(server, tokenOf(filed))).toBe(true);
    expect(await isLetIn(server, tokenOf(published))).toBe(false);
    issuer.publish(published);
    await server.reload(from(issuer, both));
    await untilLetIn(server, tokenOf(published));
    expect(await isLetIn(server, tokenOf(filed))).toBe(false);
    expect(await isLetIn(server, symmetric)).toBe(true);
    // Without the URL the file is what holds, at once.
    await server.reload(from(issuer, { ...both, jwks_url: '', jwks_ca_file: '' }));
    expect(await isLetIn(server, tokenOf(filed))).toBe(true);
    expect(await isLetIn(server, tokenOf(published))).toBe(false);
    expect(await server.metric('jwt_key_set_age_seconds')).toBe(0);
  });

  test('of a server that nobody vouches for are not taken, of plain HTTP if allowed', async ({ issuer }) => {
    const key = makeKey('a');
    issuer.publish(key);
    const server = new Tidings(from(issuer, { jwks_ca_file: '' }));
    const late = server.ready().catch(() => 'not ready');
    try {
      await until('the refusal', () => /key set not fetched\b.*certificate/.test(server.log()), 10_000);
      const { status, json } = await server.ask('/readyz');
      expect([status, json.problem]).toEqual([503, 'No keys have come from jwt.jwks_url yet']);
      expect(await isLetIn(server, tokenOf(key))).toBe(false);
      const jwks_url = issuer.plainUrl.replace('127.0.0.1', 'localhost');
      await server.reload(from(issuer, { jwks_url, jwks_allow_http: true, jwks_ca_file: '' }));
      await untilLetIn(server, tokenOf(key));
      expect((await server.ask('/readyz')).status).toBe(200);
    } finally {
      await late;
      await server.stop();
    }
  });

  test('are not asked for by check', async ({ issuer }) => {
    const config = { jwt: { algorithms: ['ES256'], jwks_url: issuer.url.replace('//', '//u:classified@') } };
    const ran = await run(['check', '-c', files.file('check.yaml', JSON.stringify(config))]);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.out).toContain('jwks_url: "https://***@127.0.0.1:');
    expect(ran.out).not.toContain('classified');
    expect(issuer.requests).toBe(0);
  });
});
