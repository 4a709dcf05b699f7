import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { VirtualTime } from './virtual-time.ts';
import { every } from './time.ts';

describe('virtual time', () => {
  it('fires timers in order of time, then of their start', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 }), async (delays) => {
        const time = new VirtualTime();
        const fired: { at: number; index: number }[] = [];
        delays.forEach((delayMs, index) => {
          time.after(delayMs, () => fired.push({ at: time.monotonic(), index }));
        });
        await time.advance(100);
        const wanted = delays.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at || a.index - b.index);
        expect(fired).toEqual(wanted);
      }),
    );
  });

  it('never fires a cancelled timer', async () => {
    const time = new VirtualTime();
    let fired = 0;
    const handle = time.after(10, () => (fired += 1));
    time.after(5, () => {
      handle.cancel();
    });
    await time.advance(50);
    expect(fired).toBe(0);
  });

  it('lets promises settle between two timers', async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    time.after(1, () => {
      void Promise.resolve()
        .then(() => Promise.resolve())
        .then(() => seen.push('promise of the first'));
    });
    time.after(1, () => seen.push('second timer'));
    await time.advance(1);
    expect(seen).toEqual(['promise of the first', 'second timer']);
  });

  it('moves the wall clock and the monotonic clock together', async () => {
    const time = new VirtualTime(1_000_000);
    await time.advance(2_500);
    expect([time.now(), time.monotonic()]).toEqual([1_002_500, 2_500]);
  });

  it('advances only as far as a condition needs', async () => {
    const time = new VirtualTime();
    let ticks = 0;
    const repetition = every(time, 100, () => (ticks += 1));
    expect(await time.advanceUntil(() => ticks === 3, 10_000)).toBe(true);
    expect(time.monotonic()).toBe(300);
    repetition.cancel();
    expect(await time.advanceUntil(() => ticks === 4, 10_000)).toBe(false);
  });
});

describe('a repeated callback', () => {
  it('may end its own repetition', async () => {
    const time = new VirtualTime();
    let ticks = 0;
    const repetition = every(time, 10, () => {
      ticks += 1;
      if (ticks === 2) repetition.cancel();
    });
    await time.advance(1_000);
    expect(ticks).toBe(2);
  });
});
