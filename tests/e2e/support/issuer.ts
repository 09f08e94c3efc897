// SPDX-License-Identifier: MIT
// Who makes tokens and publishes the keys to judge them with, over HTTPS with a certificate of its own making.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenFor, type Claims } from './jwt';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Key {
  kid: string;
  secret: KeyObject;
  jwk: Record<string, unknown>;
}

export function makeKey(kid: string): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { kid, secret: privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } };
}

export const setOf = (...keys: Key[]): string => JSON.stringify({ keys: keys.map((key) => key.jwk) });

/** A token that `key` signed. */
export const tokenOf = (key: Key, claims: Claims = {}): string =>
  tokenFor('u1', claims, { algorithm: 'ES256', key: key.secret, header: { kid: key.kid } });

export class Issuer {
  /** How often it was asked. */
  requests = 0;
  /** The Authorization header of the last time. */
  authorization: string | undefined;
  answer: Answer = (_, response) => response.end(setOf());

  private constructor(
    private readonly servers: Server[],
    private readonly folder: string,
    readonly certificate: string,
    /** Of the set, over HTTPS, and the same over plain HTTP. */
    readonly url: string,
    readonly plainUrl: string,
  ) {}

  static async start(): Promise<Issuer> {
    const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-issuer-'));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const wanted = '-x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 2 -subj /CN=issuer';
    const args = [...wanted.split(' '), '-addext', 'subjectAltName=IP:127.0.0.1', '-out', cert, '-keyout', key];
    execFileSync('openssl', ['req', ...args], { stdio: 'ignore' });
    const serve: Answer = (request, response) => {
      issuer.requests++;
      issuer.authorization = request.headers.authorization;
      issuer.answer(request, response);
    };
    const secure = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, serve);
    const plain = createPlain(serve);
    const ports: number[] = [];
    for (const server of [secure, plain]) {
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      ports.push((server.address() as AddressInfo).port);
    }
    const [url, plainUrl] = [`https://127.0.0.1:${ports[0]}/keys`, `http://127.0.0.1:${ports[1]}/keys`];
    const issuer = new Issuer([secure, plain], folder, cert, url, plainUrl);
    return issuer;
  }

  /** From now on it answers with this text. */
  say(text: string, headers: Record<string, string> = {}): void {
    this.answer = (_, response) => response.writeHead(200, headers).end(text);
  }

  publish(...keys: Key[]): void {
    this.say(setOf(...keys));
  }

  stop(): void {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
