import { expect, test } from 'vitest';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

test('writes milliseconds even when they are zero', () => {
  expect(formatTimestamp(0)).toBe('1970-01-01T00:00:00.000Z');
});

test.each([
  ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00.000Z'],
  ['2026-01-01T00:00Z', '2026-01-01T00:00:00.000Z'],
])('reads %s', (text, canonical) => {
  expect(parseTimestamp(text)).toBe(canonical);
});

test.each(['', 'yesterday', '2026-01-01', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00', '2026-01-01T00:00:00Z; DROP'])(
  'does not take %j for a time',
  (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  },
);
