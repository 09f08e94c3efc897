// SPDX-License-Identifier: MIT
// What runs for long: see tools/soak.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['soak/*.test.ts'], pool: 'threads', testTimeout: 0, hookTimeout: 120_000, reporters: ['default'] },
});
