/** What executors use, as Mesos tells it: a pod is one line, and so is a custom executor, whatever it runs. */
import type { Resource } from '@stadion/contract/mesos';
import type { TaskPod } from '../core/pod.ts';

/** One line of `/containers`; `/monitor/statistics` shows it without container id and status. */
export interface ContainerLine {
  readonly container_id: string;
  readonly framework_id: string;
  readonly executor_id: string;
  readonly executor_name: string;
  readonly source: string;
  readonly statistics: Readonly<Record<string, number>>;
  readonly status: Readonly<Record<string, unknown>>;
}

/** Amounts by Mesos's names. */
export type Statistics = Readonly<Record<string, number>>;

const MIB = 1024 * 1024;

/** What somebody with these resources may use. */
export function limitsOf(resources: readonly Resource[]): Statistics {
  const amount = (name: string): number =>
    resources.reduce((sum, each) => sum + (each.name === name ? (each.scalar?.value ?? 0) : 0), 0);
  return {
    cpus_limit: Math.round(amount('cpus') * 1000) / 1000,
    mem_limit_bytes: amount('mem') * MIB,
    disk_limit_bytes: amount('disk') * MIB,
  };
}

/** The containers of a pod together. Their network is one, of which each tells all, and a moment is none to add up. */
export function together(all: readonly Statistics[]): Statistics {
  const result: Record<string, number> = {};
  for (const statistics of all) {
    for (const [name, value] of Object.entries(statistics)) {
      const before = result[name] ?? 0;
      result[name] =
        name === 'timestamp' || name.startsWith('net_') ? Math.max(before, value) : rounded(before + value);
    }
  }
  return result;
}

/** Microseconds and less are none of anybody's. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** The line of an executor. @param status of one of its tasks */
export function executorLine(
  frameworkId: string,
  { podId, executor }: Pick<TaskPod, 'podId' | 'executor'>,
  statistics: Statistics,
  status: Readonly<Record<string, unknown>> = {},
): ContainerLine {
  const { executor_pid: _process, ...shared } = status;
  return {
    container_id: podId,
    framework_id: frameworkId,
    executor_id: executor.executor_id.value,
    executor_name: executor.name ?? '',
    source: '',
    statistics,
    status: { ...shared, container_id: { value: podId } },
  };
}
