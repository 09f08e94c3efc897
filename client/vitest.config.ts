// SPDX-License-Identifier: MIT
// Unit tests run on a fake clock and a fake WebSocket; tests/server ones need the built server. The hooks are tested with both
// of the Reacts that they are for.
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const REACT_18 = file('tests/support/react18/node_modules/');
const REACT_TESTS = ['tests/react/**/*.test.tsx', 'tests/snippets/react/**/*.test.tsx'];
const SVELTE_TESTS = ['tests/svelte/**/*.test.ts', 'tests/snippets/svelte/**/*.test.ts'];

export default defineConfig({
  resolve: {
    // What the package is called where it is installed.
    alias: [
      { find: /^tidings-client$/, replacement: file('src/index.ts') },
      { find: /^tidings-client\/react$/, replacement: file('src/react/index.ts') },
      { find: /^tidings-client\/svelte$/, replacement: file('src/svelte/index.svelte.ts') },
    ],
  },
  test: {
    pool: 'forks',
    poolOptions: { forks: { maxForks: 2, minForks: 1 } },
    testTimeout: 20_000,
    restoreMocks: true,
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'core',
          include: ['tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...SVELTE_TESTS],
        },
      },
      {
        extends: true,
        test: { name: 'react', include: REACT_TESTS, environment: 'jsdom' },
      },
      {
        extends: true,
        resolve: {
          alias: [{ find: /^(react|react-dom)(?=\/|$)/, replacement: `${REACT_18}$1` }],
        },
        test: { name: 'react-18', include: REACT_TESTS, environment: 'jsdom' },
      },
      {
        extends: true,
        plugins: [svelte()],
        resolve: { conditions: ['browser'] },
        test: { name: 'svelte', include: SVELTE_TESTS, environment: 'jsdom' },
      },
    ],
  },
});
