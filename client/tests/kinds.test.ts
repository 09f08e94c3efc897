// SPDX-License-Identifier: MIT
// The types are those of the catalogue, and each sample of it is of its kind.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kindOf, payloadOf } from '../src/index';

const root = join(__dirname, '..');
const samples = join(root, '../catalogue/samples');

test('src/kinds.ts is what scripts/kinds.js writes', () => {
  const written = execFileSync(process.execPath, [join(root, 'scripts/kinds.js'), '--print'], {
    encoding: 'utf8',
  });
  expect(readFileSync(join(root, 'src/kinds.ts'), 'utf8')).toBe(written);
  expect(written.match(/^export interface \w+Message /gm)).toHaveLength(27);
});

describe.each(readdirSync(samples))('the samples of %s', (dialect) => {
  const files = readdirSync(join(samples, dialect)).filter((file) => file.endsWith('.json'));
  test.each(files)('%s', (file) => {
    const message = JSON.parse(readFileSync(join(samples, dialect, file), 'utf8'));
    expect(file.replace(/(-\w+)?\.json$/, '')).toBe(kindOf(message));
  });
});

test.each([
  [{ payload: 1, data: 2 }, 1],
  [{ data: 2 }, 2],
  [{ type: 'x' }, { type: 'x' }],
  [[1], [1]],
  [null, null],
])('%o carries %o', (message, payload) => {
  expect(payloadOf(message)).toEqual(payload);
});
