// SPDX-License-Identifier: MIT
// Each file is a process of its own with its own servers. Most tests wait for a clock and not for
// a CPU, so more files run at once than there are cores.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    pool: 'forks',
    poolOptions: { forks: { maxForks: 4, minForks: 1 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    maxConcurrency: 12,
    reporters: ['default'],
  },
});
