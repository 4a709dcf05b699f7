import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { defineConfig } from 'vitest/config';

/** Files of rooms share a process, one after the other: each in its own, most of their time went into loading the same modules again. */
const SHARED = 'rooms';
/** What files of a process are inherited is found out once: a suite of that finds its own only in a process of its own. */
const NOT_SHARED = ['packages/server/src/task-isolation.test.ts'];

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

/**
 * The longest first, then the rest of the suites across rooms, then those of the rooms: a process goes on to the next file
 * only as long as that is of the same kind.
 */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.includes(name));
      if (at >= 0) return at;
      return LONGEST.length + (project.name === SHARED ? 1 : 0);
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
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: SHARED,
          include: ['packages/*/src/**/*.test.{ts,tsx}', 'tools/**/*.test.ts'],
          exclude: NOT_SHARED,
          isolate: false,
        },
      },
      { extends: true, test: { name: 'across rooms', include: ['tests/**/*.test.ts', ...NOT_SHARED] } },
    ],
  },
});
