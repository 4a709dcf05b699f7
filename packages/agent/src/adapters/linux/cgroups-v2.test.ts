import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../testing/task-machine.ts';
import { Cgroups } from './cgroups.ts';

/** A hierarchy of version 2 of this very machine, also the one beside version 1, which has hardly any controllers. */
function findHierarchy(): string | undefined {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((each) => each.includes(' - cgroup2 ') && each.split(' ')[5]?.split(',').includes('rw') === true);
  return line?.split(' ')[4];
}

const mount = process.platform === 'linux' && process.getuid?.() === 0 ? findHierarchy() : undefined;

describe.skipIf(mount === undefined)('control groups of version 2 of the kernel itself', () => {
  const parent = `/stadion-test-${process.pid}`;
  const root = mount ?? '';
  const group = join(root, parent, 'one');
  let cgroups: Cgroups;
  let child: ChildProcess;

  beforeEach(() => {
    const controllers = new Map(['cpu', 'cpuacct', 'memory', 'pids', 'devices'].map((name) => [name, root]));
    cgroups = new Cgroups(parent, { version: 2, controllers, all: [root] });
    mkdirSync(join(group, 'inner'), { recursive: true });
    child = spawn('/bin/sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    writeFileSync(join(group, 'inner', 'cgroup.procs'), String(child.pid));
  });

  afterEach(async () => {
    child.kill('SIGKILL');
    await until(() => cgroups.remove('one'));
    try {
      rmdirSync(join(root, parent));
    } catch {
      // The test has removed it.
    }
  });

  it('have the processes of all groups below, and the time that they took', async () => {
    expect(cgroups.processes('one')).toEqual([child.pid]);
    expect(cgroups.list()).toEqual(['one']);
    await until(() => (cgroups.usage('one')?.cpuUserSeconds ?? 0) > 0);
    expect(cgroups.usage('one')).toMatchObject({ processes: 1, threads: 1 });
    expect(cgroups.memoryEvents('one').oomKills).toBe(0);
  });

  it('are not removed while a process is in one of them, and with all that is below and above them afterwards', async () => {
    expect(cgroups.remove('one')).toBe(false);
    expect(cgroups.processes('one')).toEqual([child.pid]);
    child.kill('SIGKILL');
    await until(() => cgroups.remove('one'));
    expect(cgroups.usage('one')).toBeUndefined();
    cgroups.removeParents();
    expect(() => readFileSync(join(root, parent, 'cgroup.procs'))).toThrow('ENOENT');
  });
});
