/** Tasks as the master lists them, of whichever framework. */
import type { StateTask } from '@stadion/contract/mesos-state';

/** What restricts a list of tasks; what is absent does not. */
export interface TaskSearch {
  readonly q: string;
  readonly state?: readonly string[] | undefined;
  readonly role?: readonly string[] | undefined;
  readonly framework?: readonly string[] | undefined;
}

/** Those tasks that a search finds. */
export function tasksWith(tasks: readonly StateTask[], search: TaskSearch): readonly StateTask[] {
  const { state, role, framework } = search;
  const q = search.q.toLowerCase();
  return tasks.filter(
    (task) =>
      `${task.id} ${task.name}`.toLowerCase().includes(q) &&
      (state?.includes(task.state) ?? true) &&
      (role?.includes(roleOf(task)) ?? true) &&
      (framework?.includes(task.framework_id) ?? true),
  );
}

/** The role that its resources are allocated to. */
export function roleOf({ role = '*' }: StateTask): string {
  return role;
}

/** How a task that runs says it is; undefined for one that does not run any more, or not yet. */
export function taskHealth({ state, statuses }: StateTask): 'healthy' | 'unhealthy' | 'none' | undefined {
  if (state !== 'TASK_RUNNING') return undefined;
  const healthy = statuses.at(-1)?.healthy;
  return healthy === undefined ? 'none' : healthy ? 'healthy' : 'unhealthy';
}

/** When it was first heard of, in milliseconds since the epoch; 0 when it never was. */
export function taskStart({ statuses }: StateTask): number {
  return (statuses[0]?.timestamp ?? 0) * 1000;
}

/** All different values in order, those that are chosen among them. */
export function offeredValues(values: readonly string[], chosen: readonly string[] = []): readonly string[] {
  return [...new Set([...values, ...chosen])].sort();
}
