import { expect, test } from 'vitest';
import { namesAbove, partNames, segmentsOf } from './segments.ts';

test('segments count from their last part on, and are put in order by what they cover', () => {
  const [first, second] = [partNames({ from: 1, to: 4 }, 2), partNames({ from: 5, to: 5 }, 3)];
  const names = [...second.slice(0, 2), ...first.reverse(), 'something-else'];
  expect(segmentsOf(names)).toEqual({
    segments: [{ from: 1, to: 4, parts: [...first].reverse() }],
    incomplete: second.slice(0, 2),
  });
});

test('what reaches beyond a number is told from what does not, also when it begins before', () => {
  const names = [
    { from: 1, to: 9 },
    { from: 8, to: 10 },
    { from: 10, to: 10 },
  ].flatMap((range) => partNames(range, 1));
  expect(namesAbove(names, 9)).toEqual(names.slice(1));
  expect(namesAbove(names, 10)).toEqual([]);
});
