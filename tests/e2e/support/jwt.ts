// SPDX-License-Identifier: MIT
// Makes JSON Web Tokens with node's own cryptography, so that the server's are judged by another hand.
import { constants, createHmac, sign as signWith, type KeyObject } from 'node:crypto';

export const SECRET = 'end-to-end secret, long enough for HS512 and all its smaller siblings';

export type Claims = Record<string, unknown>;

export interface SignOptions {
  algorithm?: string;
  key?: string | Buffer | KeyObject;
  header?: Record<string, unknown>;
}

const encode = (data: string | Buffer): string => Buffer.from(data).toString('base64url');

/** A token whose header and payload are the given JSON texts, however odd they are. */
export function signTexts(header: string, payload: string, options: SignOptions = {}): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${encode(signature(options.algorithm ?? 'HS256', input, options.key ?? SECRET))}`;
}

/** A token with these claims, in compact form. */
export function sign(claims: Claims, options: SignOptions = {}): string {
  const header = { alg: options.algorithm ?? 'HS256', typ: 'JWT', ...options.header };
  return signTexts(JSON.stringify(header), JSON.stringify(claims), options);
}

export const now = (): number => Math.floor(Date.now() / 1000);

/** A good token for `user`: ten minutes long, unless the claims say otherwise (undefined drops one). */
export function tokenFor(user: string, claims: Claims = {}, options: SignOptions = {}): string {
  return sign({ user_id: user, iat: now(), exp: now() + 600, ...claims }, options);
}

function signature(algorithm: string, input: string, key: string | Buffer | KeyObject): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  const data = Buffer.from(input);
  switch (algorithm.slice(0, 2)) {
    case 'HS':
      return createHmac(hash, key as string | Buffer)
        .update(data)
        .digest();
    case 'RS':
      return signWith(hash, data, key as KeyObject);
    case 'PS':
      return signWith(hash, data, {
        key: key as KeyObject,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      });
    case 'ES':
      return signWith(hash, data, { key: key as KeyObject, dsaEncoding: 'ieee-p1363' });
    default:
      return Buffer.alloc(0);
  }
}
