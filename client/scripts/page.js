// SPDX-License-Identifier: MIT
// Writes web/demo/tidings-client.js, the package as one file for the pages of demo mode, so that building the server needs no npm.
// usage: node scripts/page.js [--print]
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const { outputFiles } = await build({
  entryPoints: [here('../src/index.ts')],
  absWorkingDir: here('..'),
  tsconfig: here('../tsconfig.json'),
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none',
  banner: { js: '// SPDX-License-Identifier: MIT\n// tidings-client, from client/src. Written by `npm run page` in client/.' },
});
const { text } = outputFiles[0];
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(here('../../web/demo/tidings-client.js'), text);
