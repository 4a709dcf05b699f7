/** What runs on a node, by the frameworks and roles that hold its resources. */
import type { AgentState, ExecutorStatistics, StateExecutor } from '@stadion/contract/mesos-state';

/** What one framework holds under one role. Memory in MiB, both promised and used. */
export interface FrameworkShare {
  readonly frameworkId: string;
  readonly name: string;
  readonly role: string;
  readonly tasks: number;
  readonly cpus: number;
  readonly mem: number;
  /** Cores in use at this moment. */
  readonly cpusUsed: number;
  readonly memUsed: number;
}

/**
 * The shares, the largest first. Ended executors hold nothing.
 * @param coresOf cores that a task or executor uses, by its id
 */
export function frameworkShares(
  { frameworks }: Pick<AgentState, 'frameworks'>,
  statistics: readonly ExecutorStatistics[],
  coresOf: (id: string) => number,
): readonly FrameworkShare[] {
  const used = new Map<string, number>();
  // A pod has one executor and a line for each container, which is a task.
  for (const { executor_id: id, statistics: line } of statistics) {
    const { mem_rss_bytes: bytes } = line;
    used.set(id, (used.get(id) ?? 0) + (typeof bytes === 'number' ? bytes : 0));
  }
  const shares = new Map<string, FrameworkShare>();
  for (const { id, name = '', role, roles = [], executors } of frameworks) {
    for (const executor of executors) {
      const held = executor.role ?? role ?? roles[0] ?? '*';
      const key = `${id} ${held}`;
      const before = shares.get(key) ?? none(id, name, held);
      shares.set(key, {
        ...before,
        tasks: before.tasks + (executor.tasks?.length ?? 0),
        cpus: before.cpus + amount(executor, 'cpus'),
        mem: before.mem + amount(executor, 'mem'),
        cpusUsed: before.cpusUsed + usedBy(executor, coresOf),
        memUsed: before.memUsed + usedBy(executor, (one) => used.get(one) ?? 0) / 1024 / 1024,
      });
    }
  }
  return [...shares.values()].sort((left, right) => right.mem - left.mem);
}

function none(frameworkId: string, name: string, role: string): FrameworkShare {
  return { frameworkId, name, role, tasks: 0, cpus: 0, mem: 0, cpusUsed: 0, memUsed: 0 };
}

function usedBy({ id, tasks = [] }: StateExecutor, usedOf: (id: string) => number): number {
  const ids = new Set([id, ...tasks.map((task) => task.id)]);
  return [...ids].reduce((sum, one) => sum + usedOf(one), 0);
}

function amount({ resources }: StateExecutor, name: string): number {
  const value = resources?.[name];
  return typeof value === 'number' ? value : 0;
}
