import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DueQueue } from './due-queue.ts';

describe('the queue of what is due', () => {
  it('gives everything once, in the order of time and then of adding', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), (times) => {
        const queue = new DueQueue<number>();
        times.forEach((at, index) => {
          queue.add(at, index);
        });
        const out: number[] = [];
        for (let due = queue.take(50); due !== undefined; due = queue.take(50)) out.push(due.value);
        const expected = times.map((_at, index) => index).sort((a, b) => (times[a] ?? 0) - (times[b] ?? 0) || a - b);
        expect(out).toEqual(expected);
        expect(queue.size).toBe(0);
      }),
    );
  });

  it('gives nothing before its time', () => {
    const queue = new DueQueue<string>();
    queue.add(10, 'later');
    expect(queue.take(9)).toBeUndefined();
    expect(queue.nextAt()).toBe(10);
  });
});
