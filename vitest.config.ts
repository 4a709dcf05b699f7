import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** Suites that take longest: begun late, the last of them would run alone while the other processor has nothing to do. */
const LONGEST = [
  'tests/chaos.test.ts',
  'simulation.test.ts',
  'simulation-cluster.test.ts',
  'console-deployments',
  'console-live',
  'console.test.ts',
  'tests/cluster.test.ts',
];

/** The longest first, then as vitest has it. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.includes(name));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

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
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
  },
});
