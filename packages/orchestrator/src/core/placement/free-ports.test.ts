import { AssertionError, SeededRandom } from '@stadion/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FreePorts } from './free-ports.ts';

describe('FreePorts', () => {
  it('gives every port exactly once, whatever is taken by number and by chance', () => {
    const step = fc.oneof(fc.constant('random' as const), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.integer(), (steps, seed) => {
        const free = new FreePorts([3, 3, 10, 20, 40, 55]);
        const model = new Set([3, ...between(10, 20), ...between(40, 55)]);
        const random = new SeededRandom(seed);
        for (const wanted of steps) {
          if (wanted === 'random') {
            if (model.size > 0) expect(model.delete(free.takeRandom(random))).toBe(true);
          } else {
            expect(free.has(wanted)).toBe(model.has(wanted));
            if (model.delete(wanted)) free.take(wanted);
          }
          expect(free.count).toBe(model.size);
        }
      }),
    );
  });

  it('begins anywhere, and goes on beside that for as long as the next one is free', () => {
    const begun = new Set<number>();
    for (let seed = 0; seed < 200; seed += 1) {
      const free = new FreePorts([31000, 31004, 32000, 32002]);
      const random = new SeededRandom(seed);
      let last: number | undefined;
      for (let count = 0; count < 8; count += 1) {
        const isNextFree = last !== undefined && free.has(last + 1);
        const port = free.takeRandom(random);
        if (isNextFree) expect(port).toBe((last ?? 0) + 1);
        if (last === undefined) begun.add(port);
        last = port;
      }
      expect(free.count).toBe(0);
    }
    expect(begun.size).toBe(8);
  });

  it('refuses to give a port a second time', () => {
    const free = new FreePorts([1, 2]);
    free.take(1);
    expect(() => free.take(1)).toThrow(AssertionError);
  });
});

function between(begin: number, end: number): number[] {
  return Array.from({ length: end - begin + 1 }, (_, index) => begin + index);
}
