import { describe, expect, it } from 'vitest';
import { CLUSTER_SHAPES, runsOf } from './shapes.ts';
import { FailingRuns } from './testing/failing-runs.ts';

const SEEDS_PER_TEST = 50;

const failing = new FailingRuns();
failing.printAtEnd('several servers');

describe('several servers keep their promises', { timeout: 300_000 }, () => {
  for (const shape of CLUSTER_SHAPES) {
    const runs = runsOf(shape);
    for (let first = 0; first < runs.length; first += SEEDS_PER_TEST) {
      const some = runs.slice(first, first + SEEDS_PER_TEST);
      const { steps, machines, servers } = shape;
      it(`seeds ${String(first + 1)} to ${String(first + some.length)}, ${String(steps)} steps, ${String(servers)} servers, ${String(machines)} machines`, async () => {
        expect(await failing.of(some)).toEqual([]);
      });
    }
  }

  it('and all of that is no matter of good weather', () => {
    for (const what of ['elections', 'sessionLosses', 'splits', 'suspensions', 'quorumLosses', 'staleLeaders']) {
      expect(failing.count(what), what).toBeGreaterThan(10);
    }
  });
});
