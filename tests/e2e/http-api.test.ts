// SPDX-License-Identifier: MIT
// docs/openapi.json against a running server: each call is answered as it says, and no call is missing.
import Ajv2020 from 'ajv/dist/2020';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { API_KEY, sharedTidings, test } from './support/tidings';
import { listen } from './support/wsClient';

const openapi = JSON.parse(readFileSync(join(__dirname, '../../docs/openapi.json'), 'utf8'));
type Operation = {
  parameters?: { name: string; in: string; required: boolean }[];
  security: Record<string, string[]>[];
  requestBody?: { content: Record<string, { schema: { $ref: string } }> };
  responses: Record<string, { content?: Record<string, { schema: { $ref?: string } }> }>;
};
const operations: Record<string, Record<string, Operation>> = openapi.paths;

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema(openapi, 'openapi');
const problemsWith = (ref: string, value: unknown): unknown => {
  const judge = ajv.getSchema(`openapi${ref}`)!;
  return judge(value) ? [] : judge.errors;
};

const READ = 'read-key';
const PUBLISH = 'publish-key';
const shared = sharedTidings({
  config: {
    publish: { max_bytes: 1000 },
    api: {
      keys: [
        API_KEY,
        { name: 'reader', key: READ, scopes: ['read'] },
        { name: 'publisher', key: PUBLISH, scopes: ['publish'] },
      ],
    },
  },
});

interface Call {
  path?: string;
  body?: unknown;
  key?: string | null;
  status: number;
  token?: string;
  /** The body is wrong on purpose. */
  isBad?: boolean;
}

const data = { kind: 'greeting' };
/** What is told of batch-1 before anybody asks. */
const told = {
  notification_type: 'batch_processing_started',
  timestamp: '2026-01-31T09:00:00Z',
  payload: { batch_id: 'batch-1' },
};

const CALLS: Record<string, Call[]> = {
  'post /api/v1/publish': [
    { body: { user: 'u1', data }, status: 200 },
    { body: { users: ['u1', 2], data, idempotency_key: 'a' }, status: 200 },
    { body: { channels: ['broadcast', 'ws:u1'], data }, status: 200 },
    { body: { users: ['u1', 2], data: 1, idempotency_key: 'a' }, status: 422 },
    { body: { user: 'u1', channel: 'c', data }, status: 400, isBad: true },
    { body: { user: '', data }, status: 400, isBad: true },
    { body: { user: 'u1' }, status: 400, isBad: true },
    { body: { usr: 'u1', data }, status: 400, isBad: true },
    { body: { user: 'u1', data }, status: 401, key: null },
    { body: { user: 'u1', data }, status: 403, key: READ },
    { body: { channel: 'submission:999', data }, status: 404 },
    { body: { user: 'u1', data: 'x'.repeat(2000) }, status: 413 },
  ],
  'post /api/v1/broadcast': [
    { body: { data }, status: 200 },
    { body: { data, user: 'u1' }, status: 400, isBad: true },
    { body: { data }, status: 403, key: READ },
  ],
  'post /api/v1/batch': [
    { body: { commands: [{ publish: { user: 'u1', data } }, { broadcast: { data } }, { publish: { channel: 'submission:999', data } }] }, status: 200 },
    { body: { commands: 1 }, status: 400, isBad: true },
    { body: { commands: [] }, status: 401, key: 'unknown' },
  ],
  'get /api/v1/ws/stats': [{ status: 200 }, { status: 200, key: null }],
  'post /api/v1/submissions': [
    { body: { submission_id: 7, owner: 'u1' }, status: 201 },
    { body: { submission_id: 7, owner: 'u1' }, status: 200 },
    { body: { submission_id: 7, owner: 'u2' }, status: 409 },
    { body: {}, status: 201 },
    { body: { owner: null }, status: 201 },
    { body: { submission_id: 0 }, status: 400, isBad: true },
    { body: { submission_id: 8, who: 1 }, status: 400, isBad: true },
    { body: {}, status: 403, key: READ },
  ],
  'get /api/v1/submissions/{id}': [
    { path: '/api/v1/submissions/7', status: 200 },
    { path: '/api/v1/submissions/7', status: 200, token: 'u1' },
    { path: '/api/v1/submissions/7', status: 404, token: 'u2' },
    { path: '/api/v1/submissions/999', status: 404 },
    { path: '/api/v1/submissions/7', status: 401, key: null },
    { path: '/api/v1/submissions/7', status: 403, key: PUBLISH },
  ],
  'get /api/v1/batches/{id}/status': [
    { path: '/api/v1/batches/batch-1/status', status: 200 },
    { path: '/api/v1/batches/batch-1/status', status: 200, token: 'u1' },
    { path: '/api/v1/batches/batch-1/status', status: 404, token: 'u2' },
    { path: '/api/v1/batches/batch-1/status', status: 401, key: null },
  ],
  'get /internal/v1/batches/{id}/status': [
    { path: '/internal/v1/batches/batch-1/status', status: 200 },
    { path: '/internal/v1/batches/batch-9/status', status: 404 },
    { path: '/internal/v1/batches/batch-1/status', status: 401, token: 'u1' },
    { path: '/internal/v1/batches/batch-1/status', status: 403, key: PUBLISH },
  ],
  'get /api/v1/users/{id}/connections': [
    { path: '/api/v1/users/u1/connections', status: 200, key: READ },
    { path: '/api/v1/users/%00/connections', status: 400 },
    { path: '/api/v1/users/u1/connections', status: 403, key: PUBLISH },
  ],
  'delete /api/v1/users/{id}/connections': [
    { path: '/api/v1/users/nobody/connections', status: 200 },
    { path: '/api/v1/users/u1/connections', body: { code: 4003, reason: 'x', block_seconds: 1 }, status: 200 },
    { path: '/api/v1/users/u1/connections', body: { code: 7 }, status: 400, isBad: true },
    { path: '/api/v1/users/u1/connections', body: { reason: 'x'.repeat(124) }, status: 400, isBad: true },
    { path: '/api/v1/users/u1/connections', status: 403, key: READ },
  ],
  'get /api/v1/admin/overview': [{ status: 200 }, { status: 401, key: null }],
  'get /healthz': [{ status: 200, key: null }],
  'get /healthz/redis': [{ status: 200, key: null }],
  'get /healthz/websocket': [{ status: 200, key: null }],
  'get /readyz': [{ status: 200, key: null }],
  'get /metrics': [{ status: 200, key: null }],
};

const documented = Object.entries(operations).flatMap(([path, methods]) =>
  Object.keys(methods).filter((method) => method !== 'options').map((method) => `${method} ${path}`),
);

describe('each call', () => {
  test('is tried here', () => {
    expect(Object.keys(CALLS).sort()).toEqual(documented.sort());
  });

  test('is answered as is written, by somebody who may and by others', async () => {
    const server = shared();
    const client = await listen(`${server.wsUrl}?token=${server.token('u1')}`);
    await server.publish({ user: 'u1' }, told);
    for (const [name, calls] of Object.entries(CALLS)) {
      const [method, route] = name.split(' ') as [string, string];
      const operation = operations[route]![method]!;
      for (const { path = route, body, key = API_KEY, status, token, isBad } of calls) {
        const place = `${name} ${JSON.stringify(body)} ${status}`;
        const headers: Record<string, string> = { 'Content-Type': 'application/json' };
        if (token !== undefined) headers.Authorization = `Bearer ${server.token(token)}`;
        else if (key !== null) headers['X-API-Key'] = key;
        const text = body === undefined ? {} : { body: JSON.stringify(body) };
        const answer = await server.ask(path, { method: method.toUpperCase(), headers, ...text });
        expect(answer.status, place).toBe(status);
        if (body !== undefined) {
          const ref = operation.requestBody!.content['application/json']!.schema.$ref;
          const wrong = problemsWith(ref, body) as unknown[];
          expect(wrong.length > 0, `${place}: ${JSON.stringify(wrong)}`).toBe(isBad === true);
        }
        const content = operation.responses[`${status}`]?.content;
        expect(content, `${place} is not in the document`).toBeDefined();
        const [type, { schema }] = Object.entries(content!)[0]!;
        expect(answer.headers['content-type'], place).toContain(type);
        if (schema.$ref) expect(problemsWith(schema.$ref, answer.json), place).toEqual([]);
        if (status < 400 && token === undefined && key === null) expect(operation.security[0], place).toEqual({});
      }
    }
    expect((await client.close()).code).toBe(4003);
  });

  test('has the methods that Allow names, and no others', async () => {
    for (const [path, methods] of Object.entries(operations)) {
      const answer = await shared().ask(path.replace('{id}', '7'), { method: 'PATCH' });
      expect(answer.status).toBe(405);
      const allowed = answer.headers.allow!.split(', ').filter((method) => method !== 'HEAD');
      expect(allowed.sort(), path).toEqual(Object.keys(methods).map((method) => method.toUpperCase()).sort());
      if (!methods.options) continue;
      const preflight = await shared().ask(path, { method: 'OPTIONS', headers: { Origin: 'https://a.example' } });
      expect(Object.keys(methods.options.responses)).toEqual([`${preflight.status}`]);
    }
  });
});

test('every operation has the parameters that its path names', () => {
  for (const [path, methods] of Object.entries(operations)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
    for (const [method, { parameters = [] }] of Object.entries(methods)) {
      const inPath = parameters.filter((one) => one.in === 'path' && one.required);
      expect(inPath.map((one) => one.name), `${method} ${path}`).toEqual(names);
    }
  }
});

test('every schema that is named is there, and every one that is there is named', () => {
  const named = new Set([...JSON.stringify(openapi).matchAll(/#\/components\/schemas\/(\w+)/g)].map((found) => found[1]));
  expect([...named].sort()).toEqual(Object.keys(openapi.components.schemas).sort());
});
