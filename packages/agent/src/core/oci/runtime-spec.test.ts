import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContainerLimits } from '../container.ts';
import { CAPABILITIES_DEFAULT, runtimeSpec, type RuntimeChoices } from './runtime-spec.ts';

const MEBIBYTE = 1024 * 1024;

interface Resources {
  readonly cpu?: { readonly shares: number; readonly quota?: number; readonly period?: number };
  readonly memory?: { readonly limit: number; readonly swap?: number };
  readonly pids: { readonly limit: number };
  readonly unified?: Readonly<Record<string, string>>;
}

function resourcesOf(limits: ContainerLimits | undefined, changes: Partial<RuntimeChoices> = {}): Resources {
  const choices: RuntimeChoices = {
    terminal: false,
    argv: ['true'],
    environment: {},
    directory: '/',
    user: { uid: 0, gid: 0 },
    root: { path: '/', readOnly: true },
    mounts: [],
    hostname: 'here',
    cgroupsPath: '/stadion/agent/one',
    namespaces: { network: 'host', ipc: 'private', pid: 'private' },
    limits,
    hardCpuLimit: false,
    limitsSwap: true,
    killsGroups: true,
    pidsMax: 4096,
    capabilities: { bounding: CAPABILITIES_DEFAULT, effective: CAPABILITIES_DEFAULT, isForAnyUser: false },
    seccomp: undefined,
    rlimits: [],
    devices: [],
    shmBytes: 64 * MEBIBYTE,
    ...changes,
  };
  return (runtimeSpec(choices) as { linux: { resources: Resources } }).linux.resources;
}

/**
 * What an OCI runtime writes of these resources into a group of version 2, as runc and crun have it: the weight by their
 * formula, swap without the memory that the member of the runtime-spec includes.
 */
function filesOf({ cpu, memory, pids, unified }: Resources): Readonly<Record<string, string>> {
  return {
    ...(cpu === undefined ? {} : { 'cpu.weight': String(1 + Math.floor(((cpu.shares - 2) * 9999) / 262_142)) }),
    ...(cpu?.quota === undefined ? {} : { 'cpu.max': `${cpu.quota} ${cpu.period ?? 100_000}` }),
    ...(memory === undefined ? {} : { 'memory.max': String(memory.limit) }),
    ...(memory?.swap === undefined ? {} : { 'memory.swap.max': String(memory.swap - memory.limit) }),
    'pids.max': String(pids.limit),
    ...unified,
  };
}

const limits = (cpus: number, mebibytes: number): ContainerLimits => {
  return { cpus, memoryBytes: mebibytes * MEBIBYTE, diskBytes: 0, gpus: 0 };
};

describe('what a group of version 2 gets', () => {
  it('is a weight, a limit of memory without swap that ends the whole group, and a number of processes', () => {
    expect(filesOf(resourcesOf(limits(1, 128)))).toEqual({
      'cpu.weight': '39',
      'memory.max': String(128 * MEBIBYTE),
      'memory.swap.max': '0',
      'memory.oom.group': '1',
      'pids.max': '4096',
    });
  });

  it('is a hard limit of the processor where that is wanted, never below what the kernel takes', () => {
    const hard = { hardCpuLimit: true };
    expect(filesOf(resourcesOf(limits(0.5, 64), hard))).toMatchObject({ 'cpu.max': '50000 100000' });
    expect(filesOf(resourcesOf(limits(2.5, 64), hard))).toMatchObject({ 'cpu.max': '250000 100000' });
    expect(filesOf(resourcesOf(limits(0.0001, 64), hard))).toMatchObject({ 'cpu.max': '1000 100000' });
  });

  it('has no limit of swap where the kernel counts none, and none of memory for a task that was granted none', () => {
    const files = filesOf(resourcesOf(limits(1, 64), { limitsSwap: false }));
    expect(files).not.toHaveProperty('memory.swap.max');
    expect(filesOf(resourcesOf(limits(1, 0)))).not.toHaveProperty('memory.max');
    expect(filesOf(resourcesOf(undefined))).toEqual({ 'pids.max': '4096' });
  });

  it('is what the kernel takes, for every amount (cgroup-v2.rst: weights from 1 to 10,000, a quota of 1 ms at least)', () => {
    const cpus = fc.double({ min: 0.0001, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(cpus, fc.double({ min: 0.1, max: 1_000_000, noNaN: true }), (amount, mebibytes) => {
        const files = filesOf(resourcesOf(limits(amount, mebibytes), { hardCpuLimit: true }));
        const weight = Number(files['cpu.weight']);
        expect(weight).toBeGreaterThanOrEqual(1);
        expect(weight).toBeLessThanOrEqual(10_000);
        expect(Number(files['cpu.max']?.split(' ')[0])).toBeGreaterThanOrEqual(1000);
        expect(Number.isSafeInteger(Number(files['memory.max']))).toBe(true);
        expect(Number(files['memory.max'])).toBeGreaterThanOrEqual(32 * MEBIBYTE);
      }),
    );
  });
});
