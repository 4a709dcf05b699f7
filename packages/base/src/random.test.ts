import { describe, expect, it } from 'vitest';
import { SeededRandom, randomBelow, randomFraction, randomUuid } from './random.ts';
import { SystemRandom } from './system-random.ts';

const draw = (source: SeededRandom, count: number): number[] => Array.from({ length: count }, () => source.uint32());

describe('a seeded source', () => {
  it('gives the same numbers for the same seed', () => {
    expect(draw(new SeededRandom(7), 20)).toEqual(draw(new SeededRandom(7), 20));
    expect(draw(new SeededRandom(7), 20)).not.toEqual(draw(new SeededRandom(8), 20));
  });

  it('keeps its streams apart: a draw in one shifts nothing in another', () => {
    const quiet = new SeededRandom(1);
    const busy = new SeededRandom(1);
    draw(busy, 100);
    expect(busy.stream('network').uint32()).toBe(quiet.stream('network').uint32());
    expect(quiet.stream('network').uint32()).not.toBe(quiet.stream('disk').uint32());
  });

  it('spreads evenly', () => {
    const source = new SeededRandom('even');
    const buckets = new Array<number>(10).fill(0);
    for (let index = 0; index < 100_000; index += 1) {
      const bucket = randomBelow(source, 10);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('every source', () => {
  it.each([
    ['seeded', new SeededRandom(3)],
    ['system', new SystemRandom()],
  ])('%s: makes version 4 UUIDs and fractions below 1', (_name, source) => {
    const uuids = new Set<string>();
    for (let index = 0; index < 3_000; index += 1) {
      const uuid = randomUuid(source);
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      uuids.add(uuid);
      const fraction = randomFraction(source);
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
    expect(uuids.size).toBe(3_000);
  });
});
