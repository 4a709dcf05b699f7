import { describe, expect, it } from 'vitest';
import { keptSeeds } from './kept-seeds.ts';
import { SINGLE_SHAPES, runsOf } from './shapes.ts';
import { simulate, type SimulationReport } from './simulation.ts';
import { FailingRuns } from './testing/failing-runs.ts';

const TEST_MS_MAX = 300_000;
const SEEDS_PER_TEST = 50;

const failing = new FailingRuns();
failing.printAtEnd('one server');

describe('the platform keeps its promises', { timeout: TEST_MS_MAX }, () => {
  for (const shape of SINGLE_SHAPES) {
    const runs = runsOf(shape);
    for (let first = 0; first < runs.length; first += SEEDS_PER_TEST) {
      const some = runs.slice(first, first + SEEDS_PER_TEST);
      const { steps, machines } = shape;
      it(`seeds ${String(first + 1)} to ${String(first + some.length)}, ${String(steps)} steps, ${String(machines)} machines`, async () => {
        expect(await failing.of(some)).toEqual([]);
      });
    }
  }

  it('with every seed that has found something once', async () => {
    expect(await failing.of(keptSeeds())).toEqual([]);
  });

  it('and all of that is no matter of good weather', () => {
    for (const what of ['crashes', 'agentCrashes', 'partitions', 'clockFaults']) {
      expect(failing.count(what), what).toBeGreaterThan(10);
    }
  });

  // STADION_SIMULATION_SEEDS=5000-5099 or 17,23 tries others.
  const extra = seedsFrom(process.env['STADION_SIMULATION_SEEDS'] ?? '');
  it.runIf(extra.length > 0)(`${String(extra.length)} more seeds`, { timeout: extra.length * 30_000 }, async () => {
    const shape = { steps: 120, machines: 5, apps: 6, servers: 1 };
    expect(await failing.of(extra.map((seed) => ({ ...shape, seed })))).toEqual([]);
  });
});

describe('a seed', { timeout: TEST_MS_MAX }, () => {
  it.each([
    ['one', 1],
    ['two', 1],
    ['three', 3],
  ])('gives the same life twice: %s, servers: %d', async (seed, servers) => {
    const run = (): Promise<SimulationReport> => simulate({ seed, steps: 30, servers, faults: 0.4 });
    const [first, second] = [await run(), await run()];
    expect(first.faults).toBeGreaterThan(0);
    expect(second).toEqual(first);
  });

  it('other than the last gives another life', async () => {
    const run = (seed: number): Promise<SimulationReport> => simulate({ seed, steps: 5 });
    expect((await run(1)).digest).not.toBe((await run(2)).digest);
  });
});

function seedsFrom(text: string): number[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
