// SPDX-License-Identifier: MIT
// Certificates for tests, and whether the suite speaks TLS: with TIDINGS_TLS=1 every server of the fixture has a
// certificate and every client of these tests trusts it, so that the same tests run over wss:// and https://.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const IS_TLS = process.env.TIDINGS_TLS === '1';

/** Files in PEM. */
export interface Certificate {
  cert_file: string;
  key_file: string;
}

const openssl = (...args: string[]): void => {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
};

export interface CertificateOptions {
  /** What stands in it; `DNS:` or `IP:` goes before each. */
  names?: string[];
  /** How long it is good; less than 0: it has expired. */
  days?: number;
  /** Another's key in place of one of its own. */
  key?: string;
  /** As `openssl genpkey` takes it. */
  kind?: string[];
}

/** Makes `name`.pem, which signs itself, and `name`.key. */
export function makeCertificate(folder: string, name: string, options: CertificateOptions = {}): Certificate {
  const { names = ['IP:127.0.0.1', 'DNS:localhost'], days = 30, key } = options;
  const made = { cert_file: join(folder, `${name}.pem`), key_file: key ?? join(folder, `${name}.key`) };
  const kind = options.kind ?? ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  if (!key) openssl('genpkey', ...kind, '-out', made.key_file);
  // `req` makes none that has expired.
  const request = join(folder, `${name}.csr`);
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names.join(',')}`];
  openssl('req', '-new', '-key', made.key_file, '-out', request, ...subject);
  const validity = ['-days', `${days}`, '-copy_extensions', 'copyall'];
  openssl('x509', '-req', '-in', request, '-signkey', made.key_file, '-out', made.cert_file, ...validity);
  return made;
}

let own: Certificate | undefined;

/** The certificate of this process's servers, made when first asked for. */
export function ownCertificate(): Certificate {
  if (!own) {
    const folder = mkdtempSync(join(tmpdir(), 'tidings-e2e-tls-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const hosts = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `IP:127.0.0.${n}`);
    own = makeCertificate(folder, 'server', { names: [...hosts, 'DNS:localhost'] });
    // curl and Python look there.
    process.env.CURL_CA_BUNDLE = process.env.SSL_CERT_FILE = own.cert_file;
  }
  return own;
}

/** What a client that trusts it needs; nothing where TLS is not spoken. */
export const trust = (): { ca?: Buffer } => (IS_TLS ? { ca: readFileSync(ownCertificate().cert_file) } : {});

/** What speaks HTTP to a server. */
export const web = IS_TLS ? https : http;

/** The URL as the suite speaks: `ws:` and `http:` become `wss:` and `https:` with TLS. */
export const spoken = (url: string): string => (IS_TLS ? url.replace(/^(ws|http):/, '$1s:') : url);
