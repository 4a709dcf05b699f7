import { describe, expect, it } from 'vitest';
import { simulate, type SimulationOptions, type SimulationReport } from './simulation.ts';

/** Every shape of cluster and of run that is tried, with its own seeds. */
const SHAPES = [
  { steps: 120, machines: 5, apps: 6, seeds: 30 },
  { steps: 60, machines: 1, apps: 3, seeds: 8 },
  { steps: 80, machines: 12, apps: 8, seeds: 8 },
  { steps: 300, machines: 3, apps: 4, seeds: 6 },
  { steps: 20, machines: 2, apps: 2, seeds: 8 },
  { steps: 25, machines: 3, apps: 5, seeds: 240 },
] as const;

const SEEDS_PER_TEST = 20;
const TEST_MS_MAX = 300_000;

/** What broke, and how to see it again. */
async function failures(options: SimulationOptions): Promise<string[]> {
  const { seed, steps, machines = 5, apps = 6 } = options;
  const again = `npm run simulate -- --seed ${String(seed)} --steps ${String(steps)} --machines ${String(machines)} --apps ${String(apps)}`;
  const { violations } = await simulate(options);
  return violations.map(({ checker, message }) => `${checker}: ${message}\n  again with: ${again} --trace`);
}

async function failuresOf(runs: readonly SimulationOptions[]): Promise<string[]> {
  const found: string[] = [];
  for (const run of runs) found.push(...(await failures(run)));
  return found;
}

describe('the platform keeps its promises', () => {
  for (const { seeds, ...shape } of SHAPES) {
    const runs = Array.from({ length: seeds }, (_, index) => ({ ...shape, seed: index + 1 }));
    for (let first = 0; first < seeds; first += SEEDS_PER_TEST) {
      const some = runs.slice(first, first + SEEDS_PER_TEST);
      const { steps, machines } = shape;
      const title = `seeds ${String(first + 1)} to ${String(first + some.length)}, ${String(steps)} steps, ${String(machines)} machines`;
      it(title, { timeout: TEST_MS_MAX }, async () => {
        expect(await failuresOf(some)).toEqual([]);
      });
    }
  }

  // STADION_SIMULATION_SEEDS=5000-5099 or 17,23 tries others.
  const extra = seedsFrom(process.env['STADION_SIMULATION_SEEDS'] ?? '');
  it.runIf(extra.length > 0)(`${String(extra.length)} more seeds`, { timeout: extra.length * 30_000 }, async () => {
    expect(await failuresOf(extra.map((seed) => ({ seed, steps: 120 })))).toEqual([]);
  });
});

describe('a seed', () => {
  it.each(['one', 'two', 'three'])('gives the same life twice: %s', { timeout: TEST_MS_MAX }, async (seed) => {
    const run = (): Promise<SimulationReport> => simulate({ seed, steps: 60, faults: 0.4 });
    const [first, second] = [await run(), await run()];
    expect(first.faults).toBeGreaterThan(0);
    expect(second).toEqual(first);
  });

  it('other than the last gives another life', { timeout: TEST_MS_MAX }, async () => {
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
