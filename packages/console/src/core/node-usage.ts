/** What is promised of a node and what is used of that, as long as somebody looks. */
import type { ExecutorStatistics } from '@stadion/contract/mesos-state';
import { coresBetween, usedByTasks } from './usage.ts';

/** One look. Memory in MiB. */
export interface NodeSample {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Since the look before; null at the first. */
  readonly cores: number | null;
  readonly memory: number;
  readonly promised: Promised;
}

interface Promised {
  readonly cpus: number;
  readonly mem: number;
}

/** Ten minutes, one each two seconds. */
const SAMPLES_MAX = 300;
const NODES_MAX = 50;
const NO_SAMPLES: readonly NodeSample[] = [];

/** The samples of some nodes, the longest not looked at forgotten first. */
export class NodeUsageLog {
  private readonly nodes = new Map<
    string,
    { readonly samples: readonly NodeSample[]; readonly last: readonly ExecutorStatistics[] }
  >();

  /** Takes a look; one that was had already is passed over. @param time milliseconds since the epoch */
  add(agentId: string, time: number, statistics: readonly ExecutorStatistics[], promised: Promised): void {
    const known = this.nodes.get(agentId);
    if (known !== undefined && (known.samples.at(-1)?.time ?? 0) >= time) return;
    const cores = known === undefined ? null : coresBetween(known.last, statistics);
    const sample = { time, cores, memory: usedByTasks(statistics).memoryMebibytes, promised };
    this.nodes.delete(agentId);
    this.nodes.set(agentId, { samples: [...(known?.samples ?? []), sample].slice(-SAMPLES_MAX), last: statistics });
    for (const id of this.nodes.keys()) {
      if (this.nodes.size <= NODES_MAX) break;
      this.nodes.delete(id);
    }
  }

  /** The samples of a node, the oldest first; the same list as long as none is added. */
  of(agentId: string): readonly NodeSample[] {
    return this.nodes.get(agentId)?.samples ?? NO_SAMPLES;
  }
}
