import { expect, test } from 'vitest';
import { partNames, segmentsOf } from './segments.ts';

test('segments count from their last part on, and are put in order by what they cover', () => {
  const [first, second] = [partNames({ from: 1, to: 4 }, 2), partNames({ from: 5, to: 5 }, 3)];
  const names = [...second.slice(0, 2), ...first.reverse(), 'something-else'];
  expect(segmentsOf(names)).toEqual({
    segments: [{ from: 1, to: 4, parts: [...first].reverse() }],
    incomplete: second.slice(0, 2),
  });
});
