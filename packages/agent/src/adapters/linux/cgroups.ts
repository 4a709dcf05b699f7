/** The control groups of one agent's containers, in version 1, 2 or both: `<root>/<agent>/<container>` in every hierarchy. */
import { readFileSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PlatformError, errorCode } from '@stadion/base';
import type { ContainerUsage } from '../../core/container.ts';
import { parseCgroupMounts, type CgroupMounts } from './cgroup-mounts.ts';

/** Clock ticks a second in cpuacct.stat: fixed at 100 on Linux for user space. */
const TICKS_PER_SECOND = 100;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;
/** What the kernel shows where there is no limit is about this or more. */
const UNLIMITED_BYTES = 2 ** 60;

/** What memory control tells of a container. */
export interface MemoryEvents {
  /** Processes that the kernel ended because the group was out of memory. */
  readonly oomKills: number;
  readonly peakBytes: number | undefined;
}

/** Control groups below one path. */
export class Cgroups {
  private readonly mounts: CgroupMounts;
  private readonly parent: string;
  private countsSwap: boolean | undefined;

  /** @param parent absolute, within each hierarchy, e.g. `/stadion/1a2b3c4d` */
  constructor(parent: string, mounts: CgroupMounts) {
    this.parent = parent;
    this.mounts = mounts;
  }

  /** As the machine has them now; undefined when nothing that is needed is mounted. */
  static find(parent: string): Cgroups | undefined {
    const mounts = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
    return mounts === undefined ? undefined : new Cgroups(parent, mounts);
  }

  get version(): 1 | 2 {
    return this.mounts.version;
  }

  /** Whether swap is accounted. */
  get limitsSwap(): boolean {
    this.countsSwap ??= this.version === 2 ? this.countsSwapV2() : this.countsSwapV1();
    return this.countsSwap ?? true;
  }

  /** Where a runtime puts a container, within each hierarchy. */
  path(containerId: string): string {
    return join(this.parent, containerId);
  }

  /** The processes in the group of a container and below it. */
  processes(containerId: string): readonly number[] {
    const top = join(this.controller('pids'), this.path(containerId));
    return groupsFrom(top).flatMap((group) => {
      const text = this.read(join(group, 'cgroup.procs')) ?? '';
      return text
        .split('\n')
        .filter((line) => line !== '' && line !== '0')
        .map(Number);
    });
  }

  memoryEvents(containerId: string): MemoryEvents {
    const group = join(this.controller('memory'), this.path(containerId));
    const isV2 = this.version === 2;
    const events = table(this.read(join(group, isV2 ? 'memory.events' : 'memory.oom_control')));
    return {
      oomKills: events.get('oom_kill') ?? 0,
      peakBytes: number(this.read(join(group, isV2 ? 'memory.peak' : 'memory.max_usage_in_bytes'))),
    };
  }

  /** What a container uses, or undefined when it has no group any more. */
  usage(containerId: string): ContainerUsage | undefined {
    const processes = this.processes(containerId);
    if (processes.length === 0) return undefined;
    return this.version === 2 ? this.usageV2(containerId, processes) : this.usageV1(containerId, processes);
  }

  /** Removes the groups of a container. False when one of them still has processes. */
  remove(containerId: string): boolean {
    let isGone = true;
    for (const mount of this.mounts.all) {
      for (const group of groupsFrom(join(mount, this.path(containerId))).reverse()) isGone &&= removeGroup(group);
    }
    return isGone;
  }

  /** Removes what was made above the containers, as far as nothing is in it any more. */
  removeParents(): void {
    for (const mount of this.mounts.all) {
      for (let path = this.parent; path !== '/'; path = dirname(path)) if (!removeGroup(join(mount, path))) break;
    }
  }

  /** The ids of containers that have a group. */
  list(): readonly string[] {
    const names = new Set<string>();
    for (const mount of this.mounts.all) for (const name of subgroups(join(mount, this.parent))) names.add(name);
    return [...names];
  }

  private countsSwapV1(): boolean {
    return this.read(join(this.controller('memory'), 'memory.memsw.limit_in_bytes')) !== undefined;
  }

  /** The root has no such file: where memory is controlled below it, there is one. Undefined while it is nowhere. */
  private countsSwapV2(): boolean | undefined {
    const root = this.controller('memory');
    const has = (file: string) => subgroups(root).some((name) => this.read(join(root, name, file)) !== undefined);
    return has('memory.max') ? has('memory.swap.max') : undefined;
  }

  private usageV1(containerId: string, processes: readonly number[]): ContainerUsage {
    const path = this.path(containerId);
    const cpu = table(this.read(join(this.controller('cpuacct'), path, 'cpuacct.stat')));
    const throttling = table(this.read(join(this.controller('cpu'), path, 'cpu.stat')));
    const memory = join(this.controller('memory'), path);
    const stat = table(this.read(join(memory, 'memory.stat')));
    return {
      processes: processes.length,
      threads: number(this.read(join(this.controller('pids'), path, 'pids.current'))) ?? processes.length,
      cpuUserSeconds: (cpu.get('user') ?? 0) / TICKS_PER_SECOND,
      cpuSystemSeconds: (cpu.get('system') ?? 0) / TICKS_PER_SECOND,
      memoryRssBytes: stat.get('total_rss') ?? stat.get('rss') ?? 0,
      cpuThrottling: {
        periods: throttling.get('nr_periods') ?? 0,
        throttledPeriods: throttling.get('nr_throttled') ?? 0,
        throttledSeconds: (throttling.get('throttled_time') ?? 0) / NANOSECONDS,
      },
      memory: memoryUsage({
        total: number(this.read(join(memory, 'memory.usage_in_bytes'))),
        cache: stat.get('total_cache') ?? stat.get('cache'),
        mapped: stat.get('total_mapped_file') ?? stat.get('mapped_file'),
        peak: number(this.read(join(memory, 'memory.max_usage_in_bytes'))),
        limit: number(this.read(join(memory, 'memory.limit_in_bytes'))),
      }),
    };
  }

  private usageV2(containerId: string, processes: readonly number[]): ContainerUsage {
    const group = join(this.controller('cpu'), this.path(containerId));
    const cpu = table(this.read(join(group, 'cpu.stat')));
    const stat = table(this.read(join(group, 'memory.stat')));
    return {
      processes: processes.length,
      threads: number(this.read(join(group, 'pids.current'))) ?? processes.length,
      cpuUserSeconds: (cpu.get('user_usec') ?? 0) / MICROSECONDS,
      cpuSystemSeconds: (cpu.get('system_usec') ?? 0) / MICROSECONDS,
      memoryRssBytes: stat.get('anon') ?? 0,
      cpuThrottling: {
        periods: cpu.get('nr_periods') ?? 0,
        throttledPeriods: cpu.get('nr_throttled') ?? 0,
        throttledSeconds: (cpu.get('throttled_usec') ?? 0) / MICROSECONDS,
      },
      memory: memoryUsage({
        total: number(this.read(join(group, 'memory.current'))),
        cache: stat.get('file'),
        mapped: stat.get('file_mapped'),
        peak: number(this.read(join(group, 'memory.peak'))),
        limit: number(this.read(join(group, 'memory.max'))),
      }),
    };
  }

  private controller(name: string): string {
    const mount = this.mounts.controllers.get(name);
    if (mount === undefined) {
      const message = `The control group controller ${name} is not mounted: mount it, or run tasks with --containerizers posix`;
      throw new PlatformError('agent-cgroup-controller-missing', message, { details: { controller: name } });
    }
    return mount;
  }

  /** Undefined when it is not there: groups vanish with their containers. */
  private read(path: string): string | undefined {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  }
}

function memoryUsage(found: {
  readonly total: number | undefined;
  readonly cache: number | undefined;
  readonly mapped: number | undefined;
  readonly peak: number | undefined;
  readonly limit: number | undefined;
}): NonNullable<ContainerUsage['memory']> {
  const isLimited = found.limit !== undefined && found.limit < UNLIMITED_BYTES;
  return {
    totalBytes: found.total ?? 0,
    cacheBytes: found.cache ?? 0,
    ...(found.mapped === undefined ? {} : { mappedBytes: found.mapped }),
    ...(found.peak === undefined ? {} : { peakBytes: found.peak }),
    ...(isLimited ? { limitBytes: found.limit } : {}),
  };
}

/** A group and all below it, each after its parent; empty when it is not there. */
function groupsFrom(top: string): string[] {
  const found: string[] = [];
  const waiting = [top];
  for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
    found.push(group);
    for (const name of subgroups(group)) waiting.push(join(group, name));
  }
  return found;
}

function subgroups(group: string): string[] {
  try {
    return readdirSync(group, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

/** True when it is gone, whoever removed it. */
function removeGroup(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}

/** Lines of a name and a number. */
function table(text: string | undefined): ReadonlyMap<string, number> {
  const lines = (text ?? '').split('\n').map((line) => line.split(' '));
  return new Map(
    lines.flatMap(([name, value]) => (name === undefined || value === undefined ? [] : [[name, Number(value)]])),
  );
}

function number(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isNaN(value) ? undefined : value;
}
