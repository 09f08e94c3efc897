// SPDX-License-Identifier: MIT
// What a page pays: TidingsClient alone, with all the rest shaken off.
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

async function bundle(exported: string): Promise<string> {
  const result = await build({
    stdin: { contents: `export { ${exported} } from './src/index.ts'`, resolveDir: join(__dirname, '..') },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return result.outputFiles[0]!.text;
}

test('the core is under 5 KB, minified and gzipped', async () => {
  const code = await bundle('TidingsClient');
  expect(gzipSync(code, { level: 9 }).length).toBeLessThan(5000);
  for (const other of ['auth_token', 'BroadcastChannel', 'submissions', 'api/v1'])
    expect(code).not.toContain(other);
});

test('a type costs nothing', async () => {
  expect((await bundle('kindOf')).length).toBeLessThan(400);
});
