import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cgroups } from './cgroups.ts';

/** Files as the kernel has them in one group of version 2 (Documentation/admin-guide/cgroup-v2.rst). */
const V2: Readonly<Record<string, string>> = {
  'cgroup.procs': '11\n12\n',
  'pids.current': '5\n',
  'cpu.stat':
    'usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\nnr_periods 10\nnr_throttled 4\nthrottled_usec 500000\n',
  'memory.current': '5000000\n',
  'memory.stat': 'anon 3000000\nfile 1500000\nfile_mapped 700000\n',
  'memory.peak': '6000000\n',
  'memory.max': '33554432\n',
  'memory.events': 'low 0\nhigh 0\nmax 3\noom 1\noom_kill 2\n',
};

describe('control groups of version 2', () => {
  let root: string;
  let cgroups: Cgroups;
  const write = (group: string, files: Readonly<Record<string, string>>): void => {
    const directory = join(root, 'stadion', 'agent', group);
    mkdirSync(directory, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  };

  const anew = (): Cgroups => {
    const controllers = new Map(['cpu', 'cpuacct', 'memory', 'pids', 'devices'].map((name) => [name, root]));
    return new Cgroups('/stadion/agent', { version: 2, controllers, all: [root] });
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stadion-cgroups-'));
    cgroups = anew();
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('tell what a container uses, its limit and its peak', () => {
    write('one', V2);
    expect(cgroups.usage('one')).toEqual({
      processes: 2,
      threads: 5,
      cpuUserSeconds: 2,
      cpuSystemSeconds: 1,
      memoryRssBytes: 3_000_000,
      cpuThrottling: { periods: 10, throttledPeriods: 4, throttledSeconds: 0.5 },
      memory: {
        totalBytes: 5_000_000,
        cacheBytes: 1_500_000,
        mappedBytes: 700_000,
        peakBytes: 6_000_000,
        limitBytes: 33_554_432,
      },
    });
    write('one', { 'memory.max': 'max\n' });
    expect(cgroups.usage('one')?.memory).not.toHaveProperty('limitBytes');
  });

  it('tell of ends for lack of memory, on kernels without a peak as well', () => {
    write('one', V2);
    expect(cgroups.memoryEvents('one')).toEqual({ oomKills: 2, peakBytes: 6_000_000 });
    write('two', { 'memory.events': 'oom_kill 0\n' });
    expect(cgroups.memoryEvents('two')).toEqual({ oomKills: 0, peakBytes: undefined });
    expect(cgroups.memoryEvents('gone')).toEqual({ oomKills: 0, peakBytes: undefined });
  });

  it('have the processes of groups that a container made for itself, too', () => {
    write('one', { 'cgroup.procs': '' });
    write('one/inner', { 'cgroup.procs': '21\n0\n' });
    expect(cgroups.processes('one')).toEqual([21]);
    expect(cgroups.list()).toEqual(['one']);
    expect(cgroups.usage('gone')).toBeUndefined();
    expect(cgroups.limitsSwap).toBe(true);
  });

  it('limit swap unless the kernel counts none', () => {
    const other = (name: string): void => {
      mkdirSync(join(root, 'system.slice'), { recursive: true });
      writeFileSync(join(root, 'system.slice', name), 'max\n');
    };
    // Nobody is controlled yet: nothing is known.
    expect(cgroups.limitsSwap).toBe(true);
    other('memory.max');
    expect(anew().limitsSwap).toBe(false);
    other('memory.swap.max');
    expect(anew().limitsSwap).toBe(true);
  });

  it('are removed with what is below them, and those above when they are empty', () => {
    mkdirSync(join(root, 'stadion', 'agent', 'one', 'inner'), { recursive: true });
    expect(cgroups.remove('one')).toBe(true);
    expect(cgroups.list()).toEqual([]);
    cgroups.removeParents();
    expect(cgroups.list()).toEqual([]);
  });
});
