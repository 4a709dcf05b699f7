/** The tasks of a pod's instance, one per container, and what they make of the instance together. */
import { isTerminal, type StatusReason, type TaskState, type TaskStatus } from '@stadion/contract/mesos';
import type { CheckStatusInfo } from '@stadion/contract/mesos-workload';
import type { InstanceCondition } from '@stadion/contract/orchestrator';
import { sameCheckStatus } from '../check-result.ts';

/** One container of an instance, in its current launch. Times are milliseconds since the Unix epoch. */
export interface PodTask {
  /** The container's name. */
  readonly name: string;
  /** The last state that Mesos told, undefined before the first. */
  readonly state: TaskState | undefined;
  readonly since: number;
  readonly startedAt?: number;
  /** Undefined: no result yet, or no check. */
  readonly healthy?: boolean;
  /** The last result of its `check`. */
  readonly check?: CheckStatusInfo;
  /** Of its end. */
  readonly message?: string;
  readonly reason?: StatusReason;
}

/** An instance that was launched. */
interface Launched {
  readonly id: string;
  readonly incarnation: number;
}

/** The tasks of a launch that nothing has been heard of. */
export function newPodTasks(names: readonly string[], now: number): readonly PodTask[] {
  return names.map((name) => ({ name, state: undefined, since: now }));
}

/** What a status makes of one task; the same object when it says nothing new. */
export function updatePodTask(task: PodTask, status: TaskStatus, now: number): PodTask {
  if (task.state !== undefined && isOver(task.state)) return task;
  const isStale =
    (status.state === 'TASK_STAGING' || status.state === 'TASK_STARTING') &&
    (task.state === 'TASK_RUNNING' || task.state === 'TASK_KILLING');
  if (isStale) return task;
  const healthy = status.healthy ?? task.healthy;
  const startedAt =
    task.startedAt ?? (status.state === 'TASK_RUNNING' ? Math.round(status.timestamp * 1000) : undefined);
  const check = status.check_status ?? task.check;
  if (status.state === task.state && healthy === task.healthy && sameCheckStatus(check, task.check)) return task;
  return {
    name: task.name,
    state: status.state,
    since: status.state === task.state ? task.since : now,
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(healthy === undefined ? {} : { healthy }),
    ...(check === undefined ? {} : { check }),
    ...(isOver(status.state) && status.message !== undefined ? { message: status.message } : {}),
    ...(isOver(status.state) && status.reason !== undefined ? { reason: status.reason } : {}),
  };
}

/** What the tasks are together. `over`: none lives, and this is the end that counts. */
export type PodCondition =
  | { readonly isOver: false; readonly condition: InstanceCondition; readonly state: TaskState | undefined }
  | { readonly isOver: true; readonly end: PodTask };

/** The ends by how much they say: a pod of which one task failed and the others were killed for it has failed. */
const ENDS: readonly TaskState[] = [
  'TASK_FAILED',
  'TASK_ERROR',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_UNKNOWN',
  'TASK_KILLED',
  'TASK_FINISHED',
];

/** An instance is as far as the task that is least far, and going as soon as one of them is or has ended badly. */
export function podCondition(tasks: readonly PodTask[]): PodCondition {
  const living = tasks.filter(({ state }) => state === undefined || !isOver(state));
  if (living.length === 0) {
    const [first] = [...tasks].sort((left, right) => rankOf(left) - rankOf(right));
    return { isOver: true, end: first ?? { name: '', state: 'TASK_KILLED', since: 0 } };
  }
  const has = (state: TaskState | undefined): boolean => living.some((task) => task.state === state);
  const is = (condition: InstanceCondition, state: TaskState | undefined): PodCondition => ({
    isOver: false,
    condition,
    state,
  });
  if (has('TASK_UNREACHABLE')) return is('Unreachable', 'TASK_UNREACHABLE');
  const isBroken = tasks.some(({ state }) => state !== undefined && isOver(state) && state !== 'TASK_FINISHED');
  if (isBroken || has('TASK_KILLING')) return is('Killing', 'TASK_KILLING');
  if (has(undefined)) return is('Provisioned', undefined);
  if (has('TASK_STAGING')) return is('Staging', 'TASK_STAGING');
  if (has('TASK_STARTING')) return is('Starting', 'TASK_STARTING');
  return is('Running', 'TASK_RUNNING');
}

/**
 * Whether all containers with a check are well, or any is not; undefined while that is not known.
 * @param checked the names of the containers that have a check
 */
export function podHealth(tasks: readonly PodTask[], checked: ReadonlySet<string>): boolean | undefined {
  const results = tasks.filter(({ name }) => checked.has(name)).map(({ healthy }) => healthy);
  if (results.includes(false)) return false;
  return results.length > 0 && results.every((healthy) => healthy === true) ? true : undefined;
}

/** The ids of the tasks of the current launch. */
export function podTaskIds(instance: Launched, tasks: readonly PodTask[]): readonly string[] {
  return tasks.map(({ name }) => podTaskId(instance, name));
}

/** The id of one of them. */
export function podTaskId(instance: Launched, name: string): string {
  return `${instance.id}.${name}.${String(instance.incarnation)}`;
}

/** Whether a task is over; one that nobody knows counts as gone. */
export function isOver(state: TaskState): boolean {
  return isTerminal(state) || state === 'TASK_UNKNOWN';
}

function rankOf({ state }: PodTask): number {
  const rank = state === undefined ? -1 : ENDS.indexOf(state);
  return rank < 0 ? ENDS.length : rank;
}
