// SPDX-License-Identifier: MIT
// What the pages of demo mode run is this package.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(__dirname, '..');

test('web/demo/tidings-client.js is what scripts/page.js writes', () => {
  const written = execFileSync(process.execPath, [join(root, 'scripts/page.js'), '--print'], { encoding: 'utf8' });
  expect(readFileSync(join(root, '../web/demo/tidings-client.js'), 'utf8')).toBe(written);
});
