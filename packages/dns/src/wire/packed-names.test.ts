import { Buffer } from 'node:buffer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PackedNames } from './packed-names.ts';

function readAll(names: PackedNames, keys: Iterable<string>) {
  return [...keys].map((key) => {
    const place = names.find(key);
    if (place === undefined) return [key];
    const { block, start, end } = names.data(place);
    return [key, block.toString('latin1', start, end), names.owner(place), names.children(place)];
  });
}

test('it has what a map would have, through growth, removal and moves', () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 1200 }),
    bytes: fc.integer({ min: 0, max: 3000 }),
    isRemoval: fc.boolean(),
    children: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 4000, size: 'max' }), (steps) => {
      const names = new PackedNames();
      const model = new Map<string, [string, number, number]>();
      for (const { key: number, bytes, isRemoval, children } of steps) {
        const key = `\u0005app${String(number)}\u0005mesos\0`;
        if (isRemoval) {
          names.delete(key);
          model.delete(key);
          continue;
        }
        const data = String.fromCharCode(number & 255).repeat(bytes);
        const place = names.set(key, data, number & 7);
        names.setChildren(place, children);
        model.set(key, [data, number & 7, children]);
      }
      expect(names.size).toBe(model.size);
      const keys = Array.from({ length: 1201 }, (_, number) => `\u0005app${String(number)}\u0005mesos\0`);
      expect(readAll(names, keys)).toEqual(keys.map((key) => [key, ...(model.get(key) ?? [])]));
      for (const key of keys) {
        const packet = Buffer.from(`head${key.toUpperCase()}tail`, 'latin1');
        expect(names.findIn(packet, 4, 4 + key.length)).toBe(names.find(key));
      }
    }),
    { numRuns: 15 },
  );
});

test('30,000 names of 50 bytes take little more than themselves, also after all of them have changed', () => {
  const names = new PackedNames();
  const key = (index: number): string => `\u002d${`app-${String(index)}`.padEnd(45, 'x')}\u0005mesos\0`;
  for (let index = 0; index < 30_000; index += 1) names.set(key(index), 'abcd', 0);
  expect(names.bytes).toBeLessThan(3_600_000);
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < 30_000; index += 1) names.set(key(index), 'x'.repeat(5 + round), 0);
  }
  expect(names.bytes).toBeLessThan(4_800_000);
  expect(names.size).toBe(30_000);
});
