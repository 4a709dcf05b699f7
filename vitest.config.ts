import { defineConfig } from 'vitest/config';

/** Tests run against sources: every room's entry points resolve to `src`, so nothing needs to be built first. */
export default defineConfig({
  resolve: {
    alias: [
      {
        find: /^@stadion\/contract\/(client|mesos|orchestrator)$/,
        replacement: `${import.meta.dirname}/packages/contract/src/$1/index.ts`,
      },
      { find: /^@stadion\/([^/]+)\/([^/]+)$/, replacement: `${import.meta.dirname}/packages/$1/src/$2.ts` },
      { find: /^@stadion\/([^/]+)$/, replacement: `${import.meta.dirname}/packages/$1/src/index.ts` },
    ],
  },
  test: {
    include: ['packages/*/src/**/*.test.{ts,tsx}', 'tests/**/*.test.ts', 'tools/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
