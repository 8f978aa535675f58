import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/built.ts'],
    pool: 'forks',
    // Two files at a time: most of them start servers of their own.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    // On a shared machine a test with a dozen processes may be late once. It is named in the output; what
    // is wrong fails twice, and by hand nothing is tried again.
    retry: process.env.CI ? 1 : 0,
  },
});
