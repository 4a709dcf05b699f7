import { expect, test } from 'vitest';
import { regexMatcher } from './log-regex.ts';

test('a pattern is found anywhere in a line, whatever the case, and every place of it is known', () => {
  const pattern = regexMatcher(String.raw`error \d+`);
  if (!('matcher' in pattern)) throw new Error(pattern.problem);
  expect(pattern.matcher.test('an ERROR 12 here')).toBe(true);
  expect(pattern.matcher.ranges('Error 1, error 22')).toEqual([
    [0, 7],
    [9, 17],
  ]);
  expect(pattern.matcher.test('no such thing')).toBe(false);
});

test('a pattern that would hold a backtracking matcher for ever is read like any other', () => {
  const pattern = regexMatcher('(a+)+$');
  if (!('matcher' in pattern)) throw new Error(pattern.problem);
  expect(pattern.matcher.test(`${'a'.repeat(4_000)}!`)).toBe(false);
});

test.each(['(', '[a', '(?<=a)b', String.raw`(a)\1`, '(a{1000}){1000}', 'x'.repeat(501)])(
  '%s is refused with what is wrong',
  (source) => {
    expect(regexMatcher(source)).toEqual({ problem: expect.any(String) as string });
  },
);
