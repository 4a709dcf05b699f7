/** What running tasks use: `/monitor/statistics` and `/containers`, measured at most twice a second. */
import type { Clock } from '@stadion/base';
import type { AgentView } from '../agent-view.ts';
import type { ContainerUsage } from '../core/container.ts';
import type { Task } from '../core/task.ts';
import { executorName } from './legacy-json.ts';

const MEASURED_MS_MAX = 500;
/** A sandbox is measured rarely, as Mesos's disk isolator does. */
const DISK_MEASURED_MS_MAX = 15_000;
const MIB = 1024 * 1024;
/** The overhead that Mesos adds for its command executor is not added here: there is none. */
const NO_USAGE: ContainerUsage = {
  processes: 0,
  threads: 0,
  cpuUserSeconds: 0,
  cpuSystemSeconds: 0,
  memoryRssBytes: 0,
};

/** One line of `/containers`; `/monitor/statistics` shows it without container id and status. */
export interface ContainerLine {
  readonly container_id: string;
  readonly framework_id: string;
  readonly executor_id: string;
  readonly executor_name: string;
  readonly source: string;
  readonly statistics: Record<string, number>;
  readonly status: Record<string, unknown>;
}

/** Measures on demand and remembers for a moment, so that any number of pollers cost as much as one. */
export class StatisticsSource {
  private readonly agent: AgentView;
  private readonly clock: Clock;
  private cached: { readonly at: number; readonly lines: Promise<readonly ContainerLine[]> } | undefined;
  private readonly disk = new Map<string, { readonly at: number; readonly bytes: number | undefined }>();

  constructor(agent: AgentView, clock: Clock) {
    this.agent = agent;
    this.clock = clock;
  }

  /** One line for each task that runs. */
  lines(): Promise<readonly ContainerLine[]> {
    const now = this.clock.monotonic();
    if (this.cached === undefined || now - this.cached.at >= MEASURED_MS_MAX) {
      this.cached = { at: now, lines: this.measure() };
    }
    return this.cached.lines;
  }

  private async measure(): Promise<readonly ContainerLine[]> {
    const usage = await this.agent.usage();
    const lines: ContainerLine[] = [];
    const known = new Set<string>();
    for (const task of [...this.agent.tasks()]) {
      if (task.phase !== 'running' && task.phase !== 'killing') continue;
      known.add(task.containerId);
      const disk = await this.diskUsed(task);
      lines.push(this.line(task, usage.get(task.containerId) ?? NO_USAGE, disk));
    }
    for (const containerId of this.disk.keys()) if (!known.has(containerId)) this.disk.delete(containerId);
    return lines;
  }

  private async diskUsed(task: Task): Promise<number | undefined> {
    const now = this.clock.monotonic();
    const known = this.disk.get(task.containerId);
    if (known !== undefined && now - known.at < DISK_MEASURED_MS_MAX) return known.bytes;
    const bytes = await this.agent.diskUsedBytes(task).catch(() => undefined);
    this.disk.set(task.containerId, { at: now, bytes });
    return bytes;
  }

  private line(task: Task, usage: ContainerUsage, diskBytes: number | undefined): ContainerLine {
    const { info } = task;
    const amount = (name: string): number =>
      info.resources.reduce((sum, each) => sum + (each.name === name ? (each.scalar?.value ?? 0) : 0), 0);
    const containerId = { value: task.containerId };
    return {
      container_id: task.containerId,
      framework_id: task.frameworkId,
      executor_id: info.task_id.value,
      executor_name: executorName(info),
      source: info.task_id.value,
      statistics: {
        timestamp: this.clock.now() / 1000,
        processes: usage.processes,
        threads: usage.threads,
        cpus_user_time_secs: usage.cpuUserSeconds,
        cpus_system_time_secs: usage.cpuSystemSeconds,
        cpus_limit: amount('cpus'),
        mem_rss_bytes: usage.memoryRssBytes,
        mem_limit_bytes: usage.memory?.limitBytes ?? amount('mem') * MIB,
        disk_limit_bytes: amount('disk') * MIB,
        ...(diskBytes === undefined ? {} : { disk_used_bytes: diskBytes + (usage.diskBytes ?? 0) }),
        ...isolated(usage),
      },
      status: { ...task.latest?.container_status, container_id: containerId },
    };
  }
}

/** What only a container with control groups, or a network of its own, can tell; the names are Mesos's, but the peak. */
function isolated({ cpuThrottling: cpu, memory, network }: ContainerUsage): Record<string, number> {
  return {
    ...(cpu === undefined
      ? {}
      : {
          cpus_nr_periods: cpu.periods,
          cpus_nr_throttled: cpu.throttledPeriods,
          cpus_throttled_time_secs: cpu.throttledSeconds,
        }),
    ...(memory === undefined ? {} : { mem_total_bytes: memory.totalBytes, mem_cache_bytes: memory.cacheBytes }),
    ...(memory?.peakBytes === undefined ? {} : { mem_peak_bytes: memory.peakBytes }),
    ...(network === undefined
      ? {}
      : {
          net_rx_bytes: network.receivedBytes,
          net_rx_packets: network.receivedPackets,
          net_rx_errors: network.receiveErrors,
          net_rx_dropped: network.receiveDropped,
          net_tx_bytes: network.sentBytes,
          net_tx_packets: network.sentPackets,
          net_tx_errors: network.sendErrors,
          net_tx_dropped: network.sendDropped,
        }),
  };
}
