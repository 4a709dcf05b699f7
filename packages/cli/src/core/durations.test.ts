import { describe, expect, it } from 'vitest';
import { formatAge, formatDuration, parseDuration } from './durations.ts';

describe('durations', () => {
  it('are read in every unit, a bare number as seconds', () => {
    const cases = {
      '90': 90_000,
      '90s': 90_000,
      '5m': 300_000,
      '1h30m': 5_400_000,
      '2d': 172_800_000,
      '250ms': 250,
      '0': 0,
    };
    for (const [text, expected] of Object.entries(cases)) expect(parseDuration(text)).toBe(expected);
    for (const text of ['', 'soon', '-1', '1.5s', '1 h', '5m3', 'm']) expect(parseDuration(text)).toBeUndefined();
  });

  it('are written in their two largest units', () => {
    const cases: readonly (readonly [number, string])[] = [
      [0, '0s'],
      [59_999, '59s'],
      [185_000, '3m 5s'],
      [3_600_000, '1h'],
      [187_000_000, '2d 3h'],
      [-5000, '0s'],
    ];
    for (const [duration, expected] of cases) expect(formatDuration(duration)).toBe(expected);
  });

  it('of what never happened are a dash', () => {
    expect(formatAge(undefined, 0)).toBe('-');
    expect(formatAge('yesterday', 0)).toBe('-');
    expect(formatAge('1970-01-01T00:00:00.000Z', 61_000)).toBe('1m 1s');
  });
});
