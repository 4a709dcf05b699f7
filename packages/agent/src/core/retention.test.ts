import { describe, expect, it } from 'vitest';
import { planRotation } from './log-rotation.ts';
import { pickExpired, sandboxAgeMsMax } from './retention.ts';
import { registrationBackoffMs } from './registration.ts';
import { resendDelayMs } from './update-queue.ts';

describe('the age that a sandbox may reach', () => {
  it.each([
    [0, 900],
    [0.4, 500],
    [0.9, 0],
    [1, 0],
  ])('shrinks as the disk fills: %d used', (used, ageMs) => {
    expect(sandboxAgeMsMax({ delayMs: 1000, diskHeadroom: 0.1 }, used)).toBeCloseTo(ageMs, 6);
  });

  it('is reached by the oldest, and by what is too many', () => {
    const ended = [5, 1, 4, 2, 3].map((endedAt) => ({ endedAt }));
    expect(pickExpired(ended, 8, 100, 10).map((each) => each.endedAt)).toEqual([1, 2]);
    expect(pickExpired(ended, 1000, 2, 10).map((each) => each.endedAt)).toEqual([1, 2, 3]);
  });
});

describe('a rotation', () => {
  it('moves the older ones up and copies the live one', () => {
    expect(planRotation('stdout', 9, 10, 2)).toBeUndefined();
    expect(planRotation('stdout', 10, 10, 3)).toEqual({
      remove: 'stdout.3',
      renames: [
        { from: 'stdout.2', to: 'stdout.3' },
        { from: 'stdout.1', to: 'stdout.2' },
      ],
      copyTo: 'stdout.1',
    });
  });
});

describe('delays', () => {
  it('of resending double from 10 s to 10 min', () => {
    expect([0, 1, 2, 5, 6, 7, 1000].map(resendDelayMs)).toEqual([
      10_000, 20_000, 40_000, 320_000, 600_000, 600_000, 600_000,
    ]);
  });

  it('of registering are none at first, then a random part of 1 s, 2 s … 1 min', () => {
    expect([0, 1, 2, 7, 1000].map((attempt) => registrationBackoffMs(attempt, 0.5))).toEqual([
      0, 500, 1000, 30_000, 30_000,
    ]);
  });
});
