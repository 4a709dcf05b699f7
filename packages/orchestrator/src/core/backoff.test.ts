import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFailure, isIdle, remainingMs, restartClock, type Backoff } from './backoff.ts';

const app = { backoffSeconds: 1, backoffFactor: 2, maxLaunchDelaySeconds: 10 };

describe('the pause between launches', () => {
  it('begins with backoffSeconds and grows by the factor up to the maximum', () => {
    let backoff: Backoff | undefined;
    const delays = Array.from({ length: 6 }, (_, index) => {
      backoff = afterFailure(backoff, app, index);
      return backoff.delayMs;
    });
    expect(delays).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000]);
  });

  it('counts from the last failure', () => {
    const backoff = afterFailure(undefined, app, 5000);
    expect(remainingMs(backoff, 5400)).toBe(600);
    expect(remainingMs(backoff, 7000)).toBe(0);
    expect(remainingMs(undefined, 0)).toBe(0);
  });

  it('is over when the clock was set back to before it', () => {
    const backoff = afterFailure(undefined, app, 3_600_000);
    expect(remainingMs(backoff, 0)).toBe(0);
  });

  it('starts its clock anew, with the same length, when a task comes up', () => {
    expect(restartClock({ delayMs: 4000, since: 0 }, 3000)).toEqual({ delayMs: 4000, since: 3000 });
  });

  it('is forgotten when nothing touched it for longer than the longest pause', () => {
    const backoff = { delayMs: 8000, since: 0 };
    expect(isIdle(backoff, app, 10_000)).toBe(false);
    expect(isIdle(backoff, app, 10_001)).toBe(true);
    expect(afterFailure(backoff, app, 10_001).delayMs).toBe(1000);
  });

  it('never exceeds the maximum', () => {
    const settings = fc.record({
      backoffSeconds: fc.nat(1000),
      backoffFactor: fc.double({ min: 1, max: 10, noNaN: true }),
      maxLaunchDelaySeconds: fc.nat(3600),
    });
    const property = fc.property(settings, fc.integer({ min: 1, max: 30 }), (chosen, failures) => {
      let backoff: Backoff | undefined;
      for (let failure = 0; failure < failures; failure += 1) backoff = afterFailure(backoff, chosen, failure);
      expect(remainingMs(backoff, failures - 1)).toBeLessThanOrEqual(chosen.maxLaunchDelaySeconds * 1000);
    });
    fc.assert(property);
  });
});
