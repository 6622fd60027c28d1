import { defineConfig } from 'vitest/config';

/** The tests of pure decisions: no server, no file, no time. `npm run mutation` runs them once for each mutant. */
export default defineConfig({
  test: {
    include: [
      'test/domain/**/*.test.ts',
      'test/activities/drain/lease.test.ts',
      'test/activities/drain/roles/{decide,ending}.test.ts',
    ],
    // They change nothing that they share: loading everything once is what makes thousands of runs bearable.
    isolate: false,
    maxWorkers: 1,
  },
});
