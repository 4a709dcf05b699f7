/** What running tasks and their executors use: `/monitor/statistics` and `/containers`, measured at most twice a second. */
import type { Clock } from '@stadion/base';
import type { AgentView } from '../agent-view.ts';
import type { ContainerUsage } from '../core/container.ts';
import type { Task } from '../core/task.ts';
import { isExecuted, type TaskPod } from '../core/pod.ts';
import { executorLine, limitsOf, together, type ContainerLine, type Statistics } from './executor-statistics.ts';
import { executorName } from './legacy-json.ts';

const MEASURED_MS_MAX = 500;
/** A sandbox is measured rarely, as Mesos's disk isolator does. */
const DISK_MEASURED_MS_MAX = 15_000;
/** The overhead that Mesos adds for its command executor is not added here: there is none. */
const NO_USAGE: ContainerUsage = {
  processes: 0,
  threads: 0,
  cpuUserSeconds: 0,
  cpuSystemSeconds: 0,
  memoryRssBytes: 0,
};

/** The same moment, told in two ways. */
interface Measured {
  /** One line for each task that runs. */
  readonly tasks: readonly ContainerLine[];
  /** One for each executor, which is how Mesos tells it. */
  readonly executors: readonly ContainerLine[];
  /** Of the tasks, those whose containers are inside that of their executor. */
  readonly nested: readonly ContainerLine[];
}

/** An executor, and the lines of those of its tasks that run. */
interface Group {
  readonly frameworkId: string;
  readonly pod: Pick<TaskPod, 'podId' | 'executor'>;
  readonly lines: ContainerLine[];
}

/** Measures on demand and remembers for a moment, so that any number of pollers cost as much as one. */
export class StatisticsSource {
  private readonly agent: AgentView;
  private readonly clock: Clock;
  private cached: { readonly at: number; readonly measured: Promise<Measured> } | undefined;
  private readonly disk = new Map<string, { readonly at: number; readonly bytes: number | undefined }>();

  constructor(agent: AgentView, clock: Clock) {
    this.agent = agent;
    this.clock = clock;
  }

  measured(): Promise<Measured> {
    const now = this.clock.monotonic();
    if (this.cached === undefined || now - this.cached.at >= MEASURED_MS_MAX) {
      this.cached = { at: now, measured: this.measure() };
    }
    return this.cached.measured;
  }

  private async measure(): Promise<Measured> {
    const usage = await this.agent.usage();
    const tasks: ContainerLine[] = [];
    const nested: ContainerLine[] = [];
    const executors: (ContainerLine | Group)[] = [];
    const groups = new Map<string, Group>();
    const groupOf = (frameworkId: string, pod: Group['pod']): Group => {
      const known = groups.get(pod.podId);
      if (known !== undefined) return known;
      const group: Group = { frameworkId, pod, lines: [] };
      groups.set(pod.podId, group);
      executors.push(group);
      return group;
    };
    const known = new Set<string>();
    for (const task of [...this.agent.tasks()]) {
      if (task.phase !== 'running' && task.phase !== 'killing') continue;
      known.add(task.containerId);
      const disk = await this.diskUsed(task);
      const line = this.line(task, usage.get(task.containerId) ?? NO_USAGE, disk);
      tasks.push(line);
      if (task.pod === undefined) executors.push(line);
      else groupOf(task.frameworkId, task.pod).lines.push(line);
      if (task.pod !== undefined && !isExecuted(task.pod)) nested.push(line);
    }
    for (const containerId of this.disk.keys()) if (!known.has(containerId)) this.disk.delete(containerId);
    // Custom executors live also when they have nothing to do.
    for (const {
      framework_id: { value: frameworkId },
      executor,
    } of this.agent.executors.reported()) {
      const podId = this.agent.executors.containerOf(frameworkId, executor.executor_id.value);
      if (podId !== undefined) groupOf(frameworkId, { podId, executor });
    }
    return {
      tasks,
      nested,
      executors: executors.map((each) => ('pod' in each ? this.lineOfGroup(each, usage.get(each.pod.podId)) : each)),
    };
  }

  /** @param usage of the process of a custom executor */
  private lineOfGroup({ frameworkId, pod, lines }: Group, usage: ContainerUsage | undefined): ContainerLine {
    const own = limitsOf(pod.executor.resources);
    const all = lines.map(({ statistics }) => statistics);
    const [first] = lines;
    if (pod.executor.type !== 'CUSTOM') return executorLine(frameworkId, pod, together([own, ...all]), first?.status);
    // Its process does all the work, in one directory.
    const { cpus_limit, mem_limit_bytes, disk_limit_bytes } = together([own, ...all]);
    const { disk_used_bytes } = first?.statistics ?? {};
    const statistics = {
      ...this.used(usage ?? NO_USAGE),
      ...{
        cpus_limit: cpus_limit ?? 0,
        mem_limit_bytes: mem_limit_bytes ?? 0,
        disk_limit_bytes: disk_limit_bytes ?? 0,
      },
      ...(disk_used_bytes === undefined ? {} : { disk_used_bytes }),
    };
    return executorLine(frameworkId, pod, statistics, first?.status);
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
    const limits = limitsOf(info.resources);
    return {
      container_id: task.containerId,
      framework_id: task.frameworkId,
      executor_id: info.task_id.value,
      executor_name: executorName(info),
      source: info.task_id.value,
      statistics: {
        ...this.used(usage),
        ...limits,
        ...(usage.memory?.limitBytes === undefined ? {} : { mem_limit_bytes: usage.memory.limitBytes }),
        ...(diskBytes === undefined ? {} : { disk_used_bytes: diskBytes + (usage.diskBytes ?? 0) }),
      },
      status: { container_id: { value: task.containerId }, ...task.latest?.container_status },
    };
  }

  private used(usage: ContainerUsage): Statistics {
    return {
      timestamp: this.clock.now() / 1000,
      processes: usage.processes,
      threads: usage.threads,
      cpus_user_time_secs: usage.cpuUserSeconds,
      cpus_system_time_secs: usage.cpuSystemSeconds,
      mem_rss_bytes: usage.memoryRssBytes,
      ...isolated(usage),
    };
  }
}

/** What only a container with control groups, or a network of its own, can tell; the names are Mesos's, but the peak. */
function isolated({
  cpuThrottling: cpu,
  memory,
  memoryRssBytes: rss,
  network,
}: ContainerUsage): Record<string, number> {
  return {
    ...(cpu === undefined
      ? {}
      : {
          cpus_nr_periods: cpu.periods,
          cpus_nr_throttled: cpu.throttledPeriods,
          cpus_throttled_time_secs: cpu.throttledSeconds,
        }),
    ...(memory === undefined
      ? {}
      : {
          mem_total_bytes: memory.totalBytes,
          mem_anon_bytes: rss,
          mem_cache_bytes: memory.cacheBytes,
          mem_file_bytes: memory.cacheBytes,
          mem_mapped_file_bytes: memory.mappedBytes ?? 0,
        }),
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
