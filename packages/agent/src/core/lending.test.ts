import { describe, expect, it } from 'vitest';
import type { Resource } from '@stadion/contract/mesos';
import { changedResources, cpuShares } from './oci/runtime-spec.ts';
import { believedUse, coresBetween, cpusOf, isWorthTelling, leftFree, toLend } from './lending.ts';
import { limitsOf } from './resources.ts';

const cpus = (value: number, more: Partial<Resource> = {}): Resource => ({
  name: 'cpus',
  type: 'SCALAR',
  scalar: { value },
  ...more,
});

describe('how many cpus are lent', () => {
  it.each([
    { mode: 'off', use: 0, lent: 0 },
    { mode: 'auto', use: 0, lent: 7.2 },
    { mode: 'auto', use: 3.5, lent: 3.7 },
    { mode: 'auto', use: 7.5, lent: 0 },
    { mode: 'auto', use: 9, lent: 0 },
    { mode: 2, use: 1, lent: 2 },
    { mode: 2, use: 6.5, lent: 1.5 },
    { mode: 2, use: 8, lent: 0 },
  ] as const)('of 8 with $use in use, by the rule "$mode": $lent', ({ mode, use, lent }) => {
    expect(toLend(mode, 8, use)).toBe(lent);
  });

  it('believes more use at once, and less of it slowly', () => {
    expect(believedUse(undefined, 2)).toBe(2);
    expect(believedUse(2, 6)).toBe(6);
    expect(believedUse(6, 2)).toBe(5);
  });

  it('tells the master what is much, or that it is nothing', () => {
    expect(isWorthTelling(4, 4.3, 8)).toBe(false);
    expect(isWorthTelling(4, 4.4, 8)).toBe(true);
    expect(isWorthTelling(0.05, 0, 8)).toBe(true);
    expect(isWorthTelling(0, 0, 8)).toBe(false);
  });

  it('measures between two samples of one container', () => {
    expect(coresBetween({ seconds: 1, at: 0 }, { seconds: 11, at: 5000 })).toBe(2);
    expect(coresBetween(undefined, { seconds: 11, at: 5000 })).toBeUndefined();
    expect(coresBetween({ seconds: 1, at: 0 }, undefined)).toBeUndefined();
  });

  it('leaves nothing free of what is overbooked', () => {
    expect(leftFree(4, 5)).toBe(0);
  });
});

describe('a task with revocable cpus', () => {
  it('is told from others', () => {
    expect(cpusOf([cpus(1), cpus(0.5), cpus(2, { revocable: {} })])).toEqual({ own: 1.5, lent: 2 });
  });

  it('has the least weight, however many it was lent', () => {
    const limits = limitsOf([cpus(2, { revocable: {} }), { name: 'mem', type: 'SCALAR', scalar: { value: 64 } }]);
    expect(limits).toMatchObject({ cpus: 2, isRevocable: true, memoryBytes: 64 * 1024 * 1024 });
    expect(cpuShares(limits)).toBe(2);
    const choices = { hardCpuLimit: true, limitsSwap: false };
    expect(changedResources(limits, choices)).toMatchObject({ cpu: { shares: 2 } });
    expect(changedResources(limits, choices)).not.toHaveProperty('cpu.quota');
    expect(limitsOf([cpus(2)])).not.toHaveProperty('isRevocable');
  });
});
