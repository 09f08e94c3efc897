// SPDX-License-Identifier: MIT
// Who may connect: where tokens are found, what makes one good, and how all others are refused.
import { afterAll, describe, expect } from 'vitest';
import {
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  sign as signWith,
  type KeyObject,
} from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { now, SECRET, sign, signTexts, tokenFor, type Claims } from './support/jwt';
import { expectRefused, UNAUTHORIZED } from './support/refused';
import { sharedTidings, SLOWNESS, test, type Tidings } from './support/tidings';
import { listen, refusal } from './support/wsClient';
import { sleep } from './support/wait';

const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const shared = sharedTidings({ endpoint: { connections: 0 } });

const at = (server: Tidings, token: string): string => `${server.wsUrl}?token=${encodeURIComponent(token)}`;

/** The token lets its bearer in, and as this user. */
async function expectAccepted(server: Tidings, token: string, user: string): Promise<void> {
  const listener = await listen(at(server, token));
  const data = { for: user, nonce: Math.random() };
  const [deliveries] = await server.publish({ user }, data);
  expect(deliveries).toBeGreaterThanOrEqual(1);
  expect(JSON.parse(await listener.next())).toEqual(data);
  expect(await listener.leave()).toEqual({ code: 1000, reason: '' });
}

const expectUnauthorized = (server: Tidings, token: string) => expectRefused(at(server, token), UNAUTHORIZED);

describe('a token', () => {
  test('in the query', async () => {
    await expectAccepted(shared(), shared().token('query'), 'query');
  });

  test.each(['Bearer', 'bearer', 'BEARER'])('in the header, after %s', async (scheme) => {
    const listener = await listen(shared().wsUrl, {
      headers: { Authorization: `${scheme} ${shared().token('header')}` },
    });
    expect(await shared().publish({ user: 'header' }, 1)).toEqual([1]);
    expect(await listener.next()).toBe('1');
    await listener.leave();
    await shared().connections(0);
  });

  test('as a subprotocol', async () => {
    const token = shared().token('protocol');
    for (const [protocols, chosen] of [
      [[`bearer.${token}`], `bearer.${token}`],
      [[`bearer.${token}`, 'chat'], 'chat'],
    ] as const) {
      const listener = await listen(shared().wsUrl, { protocols: [...protocols] });
      expect(listener.socket.protocol).toBe(chosen);
      await listener.leave();
    }
  });

  test('bad ones are refused wherever they stand', async () => {
    await expectRefused(shared().wsUrl, UNAUTHORIZED, { headers: { Authorization: 'Bearer x.y.z' } });
    await expectRefused(shared().wsUrl, UNAUTHORIZED, {
      headers: { Authorization: `Basic ${shared().token('u')}` },
    });
    await expectRefused(shared().wsUrl, UNAUTHORIZED, { protocols: ['bearer.x.y.z'] });
    await expectRefused(`${shared().wsUrl}?token=`, UNAUTHORIZED);
    await expectRefused(shared().wsUrl, UNAUTHORIZED);
    await expectRefused(`${shared().wsUrl}?Token=${shared().token('u')}`, UNAUTHORIZED);
  });
});

describe('who the user is', () => {
  test.each([
    ['user_id', { user_id: 'a', sub: 'b' }, 'a'],
    ['sub, without user_id', { user_id: undefined, sub: 'b' }, 'b'],
    ['an integer', { user_id: 42 }, '42'],
    ['a large integer', { user_id: Number.MAX_SAFE_INTEGER }, '9007199254740991'],
    ['a negative integer', { user_id: -7 }, '-7'],
    ['beyond ASCII', { user_id: 'Jürgen 漢字 🎻' }, 'Jürgen 漢字 🎻'],
    ['128 bytes', { user_id: 'é'.repeat(64) }, 'é'.repeat(64)],
    ['characters that mean something elsewhere', { user_id: 'a:b/c?{user_id}*' }, 'a:b/c?{user_id}*'],
  ])('%s', async (_, claims, user) => {
    await expectAccepted(shared(), shared().token('', claims), user);
  });

  test.each([
    ['nobody', { user_id: undefined }],
    ['an empty name', { user_id: '' }],
    ['129 bytes', { user_id: 'é'.repeat(64) + 'x' }],
    ['a control character', { user_id: 'a\nb' }],
    ['a NUL', { user_id: 'a\0b' }],
    ['DEL', { user_id: 'a\x7f' }],
    ['a fraction', { user_id: 1.5 }],
    ['a boolean', { user_id: true }],
    ['a list', { user_id: ['a'] }],
    ['a bad name before a good one', { user_id: '', sub: 'b' }],
  ])('not %s', async (_, claims) => {
    await expectUnauthorized(shared(), shared().token('', claims));
  });

  test('a user id with half of a surrogate pair is none', async () => {
    const token = signTexts('{"alg":"HS256"}', `{"user_id":"\\ud800","exp":${now() + 60}}`);
    await expectUnauthorized(shared(), token);
  });
});

describe('when it is good', () => {
  test.each<[string, () => Claims]>([
    ['expired within the leeway', () => ({ exp: now() - 1 })],
    ['expiring with a fraction', () => ({ exp: now() + 30.5 })],
    ['good from within the leeway', () => ({ nbf: now() + 3 })],
    ['issued in the future', () => ({ iat: now() + 1000 })],
    ['good for very long', () => ({ exp: 99_999_999_999 })],
  ])('%s', async (_, claims) => {
    await expectAccepted(shared(), shared().token('when', claims()), 'when');
  });

  test.each<[string, () => Claims]>([
    ['expired', () => ({ exp: now() - 3600 })],
    ['expired beyond the leeway', () => ({ exp: now() - 7 })],
    ['not good yet', () => ({ nbf: now() + 3600 })],
    ['without an expiry', () => ({ exp: undefined })],
    ['with an expiry that is no number', () => ({ exp: String(now() + 60) })],
    ['with an expiry of null', () => ({ exp: null })],
    ['with a start that is no number', () => ({ nbf: 'now' })],
    ['expired before time began', () => ({ exp: -1 })],
  ])('not %s', async (_, claims) => {
    await expectUnauthorized(shared(), shared().token('when', claims()));
  });
});

describe('what is no token', () => {
  const good = (): string => shared().token('u');
  const parts = (): string[] => good().split('.');

  test.each<[string, () => string]>([
    ['two parts', () => parts().slice(0, 2).join('.')],
    ['four parts', () => `${good()}.x`],
    ['no signature', () => `${parts()[0]}.${parts()[1]}.`],
    ['another signature', () => `${parts()[0]}.${parts()[1]}.${'A'.repeat(43)}`],
    ['the last bits of the signature changed', () => nudge(good())],
    ['padding', () => `${good()}=`],
    [
      'a claim changed',
      () =>
        `${parts()[0]}.${Buffer.from('{"user_id":"root","exp":99999999999}').toString('base64url')}.${parts()[2]}`,
    ],
    ['another secret', () => tokenFor('u', {}, { key: `${SECRET}!` })],
    ['an empty secret', () => tokenFor('u', {}, { key: Buffer.alloc(0) })],
    ['alg none', () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${parts()[1]}.`],
    ['alg None, signed', () => tokenFor('u', {}, { header: { alg: 'None' } })],
    ['no alg', () => signTexts('{"typ":"JWT"}', `{"user_id":"u","exp":${now() + 60}}`)],
    ['an algorithm that is not allowed', () => tokenFor('u', {}, { algorithm: 'HS512' })],
    ['an algorithm in other letters', () => tokenFor('u', {}, { header: { alg: 'hs256' } })],
    ['a kid, where no key has one', () => tokenFor('u', {}, { header: { kid: 'k1' } })],
    ['crit', () => tokenFor('u', {}, { header: { crit: ['exp'] } })],
    ['b64', () => tokenFor('u', {}, { header: { b64: true } })],
    [
      'a header member twice',
      () => signTexts('{"alg":"HS256","alg":"HS256"}', `{"user_id":"u","exp":${now() + 60}}`),
    ],
    [
      'a claim twice',
      () => signTexts('{"alg":"HS256"}', `{"user_id":"u","user_id":"root","exp":${now() + 60}}`),
    ],
    [
      'a claim twice, the second written with an escape',
      () => signTexts('{"alg":"HS256"}', `{"user_id":"u","user\\u005fid":"root","exp":${now() + 60}}`),
    ],
    ['claims that are no object', () => signTexts('{"alg":"HS256"}', '["user_id"]')],
    ['claims that are no JSON', () => signTexts('{"alg":"HS256"}', '{"user_id":"u"')],
    [
      'claims with something behind them',
      () => signTexts('{"alg":"HS256"}', `{"user_id":"u","exp":${now() + 60}} x`),
    ],
    [
      'claims nested too deep',
      () =>
        signTexts(
          '{"alg":"HS256"}',
          `{"user_id":"u","exp":${now() + 60},"x":${'['.repeat(3000)}${']'.repeat(3000)}}`,
        ),
    ],
    ['more than 8 KiB', () => tokenFor('u', { filler: 'x'.repeat(8192) })],
  ])('%s', async (_, make) => {
    await expectUnauthorized(shared(), make());
  });

  test('none of them has harmed anybody', async () => {
    await expectAccepted(shared(), shared().token('fine'), 'fine');
  });
});

/** The same signature with its unused last bits set: another text for the same bytes. */
function nudge(token: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = digits.indexOf(token.at(-1)!);
  return token.slice(0, -1) + digits[last ^ 1]!;
}

describe('audience and issuer', () => {
  const strict = sharedTidings({
    config: { jwt: { audience: 'tidings', issuer: 'https://id.example' } },
    endpoint: { connections: 0 },
  });
  const iss = 'https://id.example';

  test.each([
    ['as a text', { aud: 'tidings', iss }],
    ['in a list', { aud: ['other', 'tidings'], iss }],
  ])('right: %s', async (_, claims) => {
    await expectAccepted(strict(), strict().token('u', claims), 'u');
  });

  test.each([
    ['no audience', { iss }],
    ['another audience', { aud: 'Tidings', iss }],
    ['a list without it', { aud: ['tiding', 'tidings2'], iss }],
    ['an empty list', { aud: [], iss }],
    ['an audience that is no text', { aud: { tidings: true }, iss }],
    ['no issuer', { aud: 'tidings' }],
    ['another issuer', { aud: 'tidings', iss: `${iss}/` }],
    ['a list of issuers', { aud: 'tidings', iss: [iss] }],
  ])('wrong: %s', async (_, claims) => {
    await expectUnauthorized(strict(), strict().token('u', claims));
  });

  test('do not matter where none is configured', async () => {
    await expectAccepted(shared(), shared().token('u', { aud: 'whoever', iss: 'whoever' }), 'u');
  });
});

describe('algorithms and keys', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string;
  const jwk = (key: KeyObject, kid?: string, more: object = {}): object => ({
    ...key.export({ format: 'jwk' }),
    ...(kid === undefined ? {} : { kid }),
    ...more,
  });
  const hmac = (fill: string): KeyObject => createSecretKey(Buffer.alloc(64, fill));

  test('HS256, HS384 and HS512 with a secret', async ({ tidings }) => {
    const server = await tidings({ config: { jwt: { algorithms: ['HS256', 'HS384', 'HS512'] } } });
    for (const algorithm of ['HS256', 'HS384', 'HS512']) {
      await expectAccepted(server, tokenFor('u', {}, { algorithm }), 'u');
      await expectUnauthorized(server, tokenFor('u', {}, { algorithm, key: 'another' }));
    }
  });

  test.for<[string, string[], typeof rsa, string[]]>([
    ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'], rsa, ['HS256']],
    ['P-256', ['ES256'], p256, ['HS256']],
    ['P-384', ['ES384'], p384, ['HS384']],
    ['P-521', ['ES512'], p521, ['HS512']],
  ])('a PEM file with a key of %s', async ([name, algorithms, pair, confused], { tidings }) => {
    const text = pem(pair.publicKey);
    const server = await tidings({
      config: { jwt: { algorithms, secret: '', key_file: fileWith(`${name}.pem`, text) } },
      endpoint: { connections: 0 },
    });
    for (const algorithm of algorithms) {
      await expectAccepted(server, tokenFor('u', {}, { algorithm, key: pair.privateKey }), 'u');
    }
    // The public key is known to all, so it is no secret.
    for (const algorithm of confused) {
      await expectUnauthorized(server, tokenFor('u', {}, { algorithm, key: text }));
      await expectUnauthorized(server, tokenFor('u', {}, { algorithm, key: text.trimEnd() }));
    }
    await expectUnauthorized(server, tokenFor('u', {}, { algorithm: 'RS256', key: otherRsa.privateKey }));
  });

  test('a signature of ECDSA in DER is none', async ({ tidings }) => {
    const server = await tidings({
      config: {
        jwt: { algorithms: ['ES256'], secret: '', key_file: fileWith('der.pem', pem(p256.publicKey)) },
      },
      endpoint: { connections: 0 },
    });
    const [header, payload] = tokenFor('u', {}, { algorithm: 'ES256', key: p256.privateKey }).split('.');
    const der = signWith('sha256', Buffer.from(`${header}.${payload}`), p256.privateKey).toString(
      'base64url',
    );
    await expectUnauthorized(server, `${header}.${payload}.${der}`);
  });

  test('a key set: a kid names its key, without one exactly one must fit', async ({ tidings }) => {
    const jwks = {
      keys: [
        jwk(rsa.publicKey, 'rsa-1'),
        jwk(otherRsa.publicKey, 'rsa-2'),
        jwk(p256.publicKey, 'p256', { alg: 'ES256', use: 'sig' }),
        jwk(p384.publicKey, 'p384'),
        jwk(p521.publicKey),
        jwk(hmac('h'), 'hmac'),
        jwk(generateKeyPairSync('ed25519').publicKey, 'ed'), // of a kind that nobody asked for: passed over
        jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey, 'for-encryption', { use: 'enc' }),
      ],
    };
    const server = await tidings({
      config: {
        jwt: {
          algorithms: ['RS256', 'PS512', 'ES256', 'ES384', 'ES512', 'HS256', 'HS512'],
          secret: '',
          jwks_file: fileWith('set.json', JSON.stringify(jwks)),
        },
      },
      endpoint: { connections: 0 },
    });
    const token = (algorithm: string, key: KeyObject, kid?: string): string =>
      tokenFor('u', {}, { algorithm, key, header: kid === undefined ? {} : { kid } });
    await expectAccepted(server, token('RS256', rsa.privateKey, 'rsa-1'), 'u');
    await expectAccepted(server, token('PS512', otherRsa.privateKey, 'rsa-2'), 'u');
    await expectAccepted(server, token('ES256', p256.privateKey, 'p256'), 'u');
    await expectAccepted(server, token('ES256', p256.privateKey), 'u');
    await expectAccepted(server, token('ES384', p384.privateKey, 'p384'), 'u');
    await expectAccepted(server, token('ES512', p521.privateKey), 'u');
    await expectAccepted(server, token('HS256', hmac('h'), 'hmac'), 'u');
    await expectAccepted(server, token('HS512', hmac('h')), 'u');

    await expectUnauthorized(server, token('RS256', rsa.privateKey)); // two would fit
    await expectUnauthorized(server, token('RS256', rsa.privateKey, 'rsa-2')); // another's name
    await expectUnauthorized(server, token('RS256', rsa.privateKey, 'rsa-3')); // nobody's name
    await expectUnauthorized(server, token('ES512', p521.privateKey, 'p521')); // that key has no name
    await expectUnauthorized(server, token('HS256', hmac('h'), 'rsa-1')); // a key of another kind
    await expectUnauthorized(server, token('RS384', rsa.privateKey, 'rsa-1')); // not allowed
    await expectUnauthorized(
      server,
      token('HS256', createSecretKey(Buffer.from(pem(rsa.publicKey))), 'rsa-1'),
    );
    await expectUnauthorized(server, token('RS256', rsa.privateKey, 'for-encryption'));
  });

  test('keys that a token brings itself are not looked at', async ({ tidings }) => {
    const server = await tidings({
      config: {
        jwt: { algorithms: ['RS256'], secret: '', key_file: fileWith('own.pem', pem(rsa.publicKey)) },
      },
      endpoint: { connections: 0 },
    });
    const header = {
      jwk: jwk(createPublicKey(otherRsa.privateKey)),
      jku: 'http://127.0.0.1:1/',
      x5u: 'http://127.0.0.1:1/',
    };
    await expectUnauthorized(
      server,
      tokenFor('u', {}, { algorithm: 'RS256', key: otherRsa.privateKey, header }),
    );
  });
});

describe('a token that expires while its bearer is connected', () => {
  test('ends the connection with 4001, after the leeway', async ({ tidings }) => {
    const server = await tidings({ config: { jwt: { leeway_seconds: 1 } } });
    const since = Date.now();
    const [soon, later] = await Promise.all([
      listen(at(server, server.token('soon', { exp: now() + 2 }))),
      listen(at(server, server.token('later', { exp: now() + 60 }))),
    ]);
    expect((await soon.close()).code).toBe(4001);
    const took = Date.now() - since;
    expect(took).toBeGreaterThan(1_900);
    expect(took).toBeLessThan(5_500 * SLOWNESS);
    expect(await server.publish({ users: ['soon', 'later'] }, 1)).toEqual([0, 1]);
    await later.leave();
  });

  test('does not, where the endpoint keeps it', async ({ tidings }) => {
    const server = await tidings({
      config: { jwt: { leeway_seconds: 0 } },
      endpoint: { keep_after_expiry: true },
    });
    const listener = await listen(at(server, server.token('u', { exp: now() + 1 })));
    await sleep(3_500);
    expect(await server.publish({ user: 'u' }, 'still')).toEqual([1]);
    expect(await listener.next()).toBe('"still"');
    await listener.leave();
    await expectUnauthorized(server, sign({ user_id: 'u', exp: now() - 2 }));
  });
});

describe('origins', () => {
  const ours = sharedTidings({
    config: { origins: ['https://app.example.com', 'http://localhost:3000', '*.example.org'] },
    endpoint: { connections: 0 },
  });
  const url = (): string => at(ours(), ours().token('u'));

  test.each([
    'https://app.example.com',
    'http://localhost:3000',
    'https://a.example.org',
    'http://a.b.example.org',
  ])('listed: %s', async (origin) => {
    await (await listen(url(), { origin })).leave();
  });

  test('a request without one is no page', async () => {
    await (await listen(url())).leave();
  });

  test.each([
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.example',
    'https://evilapp.example.com',
    'https://example.org',
    'https://evilexample.org',
    'https://a.example.org.evil.example',
    'http://localhost',
    'http://localhost:30000',
    'null',
    'file://',
    '*',
  ])('not listed: %s', async (origin) => {
    const answer = await refusal(url(), { origin });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.text).error).toEqual({
      code: expect.stringMatching(/^[a-z_]+$/),
      message: expect.stringMatching(/./),
    });
  });

  test('is judged before the token', async () => {
    expect((await refusal(ours().wsUrl, { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('any will do where none is listed', async () => {
    await (await listen(at(shared(), shared().token('u')), { origin: 'https://any.example' })).leave();
  });
});

describe('the books', () => {
  test('count every judgement and never hold a token', async ({ tidings }) => {
    const server = await tidings();
    const good = server.token('u');
    await expectAccepted(server, good, 'u');
    const bad = server.token('u', { exp: now() - 100 });
    await expectUnauthorized(server, bad);
    expect(await server.metric('jwt_validation_total', { result: 'ok' })).toBe(1);
    expect(await server.metric('jwt_validation_total', { result: 'expired' })).toBe(1);
    for (const token of [good, bad])
      for (const part of token.split('.').slice(1)) expect(server.log()).not.toContain(part);
  });
});
