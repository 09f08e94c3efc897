// SPDX-License-Identifier: MIT
// One HTTP request on a connection of its own, and its whole answer.
import { request, type IncomingHttpHeaders } from 'node:http';
import { request as requestTls } from 'node:https';
import { spoken, trust } from './tls';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: any;
}

export interface Ask {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** The address to come from: 127.0.0.0/8 is all ours, so one test can be many clients. */
  from?: string;
  /** In the clear, whatever the suite speaks. */
  plain?: boolean;
  /** What to trust over https:, if not the suite's own certificate. */
  ca?: Buffer;
}

/** Asks and waits for the end of the answer. `json` is undefined where the body is no JSON. */
export function ask(url: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const body = options.body === undefined ? undefined : Buffer.from(options.body);
    const headers = { ...options.headers };
    if (body && headers['Transfer-Encoding'] === undefined) headers['Content-Length'] = String(body.length);
    const at = options.plain ? url : spoken(url);
    const req = (at.startsWith('https:') ? requestTls : request)(
      at,
      {
        method: options.method ?? 'GET',
        headers,
        agent: false,
        localAddress: options.from,
        timeout: 15_000,
        ...(options.ca ? { ca: options.ca } : trust()),
      },
      (res) => {
        const parts: Buffer[] = [];
        res.on('data', (part: Buffer) => parts.push(part));
        res.on('error', reject);
        res.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json: parse(text) });
        });
      },
    );
    req.on('timeout', () => req.destroy(new Error(`no answer from ${url}`)));
    req.on('error', reject);
    req.end(body);
  });
}

function parse(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
