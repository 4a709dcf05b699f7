/** What tasks use, worked out from two looks at the counters of their agents. */
import type { ExecutorStatistics } from '@stadion/contract/mesos-state';

/** The counters of one task, as Mesos names them. */
export type TaskCounters = Readonly<Partial<Record<string, number>>>;

/** What one task uses. Rates are a second; absent is not measured there. */
export interface TaskUsage {
  readonly task: string;
  readonly node: string;
  /** In cores. */
  readonly cpus: number;
  readonly cpusGranted: number;
  /** Share of time in which it wanted to run and had to wait, of its quota. */
  readonly throttled: number | undefined;
  readonly memoryBytes: number;
  readonly memoryLimitBytes: number;
  readonly memoryPeakBytes: number | undefined;
  readonly diskBytes: number | undefined;
  readonly receivedBytesPerSecond: number | undefined;
  readonly sentBytesPerSecond: number | undefined;
  readonly processes: number;
}

/** One look: counters by task. */
export type Look = ReadonlyMap<string, { readonly node: string; readonly counters: TaskCounters }>;

/** @param answers what each agent answers to `/monitor/statistics`, with its name */
export function lookAt(
  answers: readonly { readonly node: string; readonly statistics: readonly ExecutorStatistics[] }[],
): Look {
  return new Map(
    answers.flatMap(({ node, statistics }) =>
      statistics.map(
        ({ executor_id: task, statistics: counters }) => [task, { node, counters: counters as TaskCounters }] as const,
      ),
    ),
  );
}

/** What each task of the later look uses, the busiest first. A task that was not there before has no rates yet. */
export function usageBetween(before: Look, after: Look): readonly TaskUsage[] {
  const rows = [...after].map(([task, { node, counters }]) => {
    const earlier = before.get(task)?.counters;
    const seconds = (counters['timestamp'] ?? 0) - (earlier?.['timestamp'] ?? 0);
    const rate = (...names: readonly string[]): number | undefined => {
      if (names.every((name) => counters[name] === undefined)) return undefined;
      if (earlier === undefined || seconds <= 0) return 0;
      const sum = (of: TaskCounters) => names.reduce((total, name) => total + (of[name] ?? 0), 0);
      return Math.max(0, sum(counters) - sum(earlier)) / seconds;
    };
    return {
      task,
      node,
      cpus: rate('cpus_user_time_secs', 'cpus_system_time_secs') ?? 0,
      cpusGranted: counters['cpus_limit'] ?? 0,
      throttled: rate('cpus_throttled_time_secs'),
      memoryBytes: counters['mem_total_bytes'] ?? counters['mem_rss_bytes'] ?? 0,
      memoryLimitBytes: counters['mem_limit_bytes'] ?? 0,
      memoryPeakBytes: counters['mem_peak_bytes'],
      diskBytes: counters['disk_used_bytes'],
      receivedBytesPerSecond: rate('net_rx_bytes'),
      sentBytesPerSecond: rate('net_tx_bytes'),
      processes: counters['processes'] ?? 0,
    };
  });
  return rows.sort((one, other) => other.cpus - one.cpus || (one.task < other.task ? -1 : 1));
}

/** `1.5 GiB`, `12 MiB`, `0`: three figures are enough to compare by eye. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (bytes === 0) return '0';
  return `${value < 10 && unit > 0 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? ''}`;
}
