import { expect, test } from 'vitest';
import { parseLabelSelector } from './label-selector.ts';

const labels = { env: 'prod', tier: 'web', 'a b': 'c,d' };

test.each([
  ['env', true],
  ['missing', false],
  ['env==prod', true],
  ['env == dev', false],
  ['env!=dev', true],
  ['env!=prod', false],
  ['missing!=x', false],
  ['env in (dev, prod)', true],
  ['env in (dev)', false],
  ['env notin (dev)', true],
  ['env notin (prod,dev)', false],
  ['missing notin (x)', false],
  ['env==prod,tier==web', true],
  ['env==prod, tier==db', false],
  ['a\\ b==c\\,d', true],
  ['toString', false],
])('%s selects: %s', (text, expected) => {
  const parsed = parseLabelSelector(text);
  expect(parsed.ok && parsed.selector(labels)).toBe(expected);
});

test('a label may be called in', () => {
  const parsed = parseLabelSelector('in in (x)');
  expect(parsed.ok && parsed.selector({ in: 'x' })).toBe(true);
});

test.each([
  '',
  '==x',
  'a=b',
  'a==',
  'a in',
  'a in (',
  'a in ()',
  'a in (b',
  'a,',
  'a b',
  'a==b c',
  'a inside (b)',
  'ü',
])('refuses %j and says where', (text) => {
  const parsed = parseLabelSelector(text);
  expect(parsed.ok ? undefined : parsed.message).toMatch(/at position \d+/);
});
