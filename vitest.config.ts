import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longestFirst.js';

export default defineConfig({
  test: {
    pool: 'forks',
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/globalSetup.ts'],
    testTimeout: 30_000,
    // The first use of a shared server may have to build it (see src/temporal/devServer/server.ts).
    hookTimeout: 600_000,
    // On two cores, which are shared with the servers that the tests start: most of the time a test waits.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
