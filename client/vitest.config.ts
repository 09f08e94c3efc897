// SPDX-License-Identifier: MIT
// Unit tests run on a fake clock and a fake WebSocket; tests/server ones need the built server.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    poolOptions: { forks: { maxForks: 2, minForks: 1 } },
    testTimeout: 20_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
