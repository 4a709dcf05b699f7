/** What is known of one task on this agent, what may happen to it, and what may be to do about it. */
import type { StatusReason, TaskInfo, TaskState, TaskStatus } from '@stadion/contract/mesos';
import type { CheckStatusInfo, ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { ContainerExit } from './container.ts';
import { UNKNOWN_HEALTH, type HealthState, type ProbeOutcome } from './health-check.ts';
import { UNKNOWN_READINESS, type ReadinessResponse, type ReadinessState } from './readiness-check.ts';
import type { ProbeAnswer } from './probe.ts';
import { noCheckStatus } from './status-check.ts';
import type { TaskPod } from './pod.ts';
import type { KillCause } from './task-end.ts';
import { NO_UPDATES } from './update-queue.ts';

/**
 * `staged`: accepted, sandbox and artifacts are being made; no process exists or ever did.
 * `starting`: the launch intent is on its way to disk, or the containerizer was asked. `ended`: no process is left.
 */
export type TaskPhase = 'staged' | 'starting' | 'running' | 'killing' | 'ended';

/** One task. Objects are replaced, never changed. Times are milliseconds since the epoch. */
export interface Task {
  readonly frameworkId: string;
  readonly info: TaskInfo;
  readonly containerId: string;
  readonly pod: TaskPod | undefined;
  readonly phase: TaskPhase;
  /** Set once somebody asked for the end; `deadline` is when SIGKILL is due. */
  readonly kill: { readonly cause: KillCause; readonly deadline: number } | undefined;
  readonly runningSince: number | undefined;
  readonly endedAt: number | undefined;
  /** The newest status made, acknowledged or not. */
  readonly latest: TaskStatus | undefined;
  readonly updates: readonly TaskStatus[];
  readonly health: readonly HealthState[];
  readonly readiness: readonly ReadinessState[];
  /** The custom executor whose process this is: no task of anybody's, and nobody is told of it. */
  readonly runs?: ExecutorInfo | undefined;
  /** Identities of what its custom executor reported lately, which may say it again. */
  readonly reported?: readonly string[] | undefined;
  /** The last result of its `check`; absent without one. */
  readonly checkStatus?: CheckStatusInfo | undefined;
}

/** What happens to a task. */
export type TaskInput =
  | { readonly type: 'prepared' }
  | { readonly type: 'refused'; readonly state: TaskState; readonly reason: StatusReason; readonly message: string }
  | { readonly type: 'launched'; readonly pid: number | undefined }
  /** What the preparation of the container is at. */
  | { readonly type: 'progress'; readonly message: string }
  | { readonly type: 'exited'; readonly exit: ContainerExit }
  | {
      readonly type: 'kill';
      readonly cause: KillCause;
      readonly graceMs: number | undefined;
      readonly announce: boolean;
    }
  | { readonly type: 'acknowledged'; readonly uuid: string }
  /** Its custom executor reports; what the agent knows better is filled in. */
  | { readonly type: 'reported'; readonly status: TaskStatus }
  /** Its custom executor is no more. */
  | {
      readonly type: 'executor-ended';
      readonly state: TaskState;
      readonly reason: StatusReason;
      readonly message: string;
    }
  | { readonly type: 'health-probed'; readonly index: number; readonly outcome: ProbeOutcome }
  | { readonly type: 'readiness-probed'; readonly index: number; readonly response: ReadinessResponse }
  | { readonly type: 'checked'; readonly answer: ProbeAnswer }
  /** The agent is back; `undefined` when the containerizer has no trace of the container. */
  | { readonly type: 'found'; readonly container: FoundContainer | undefined };

/** What the containerizer found of a task's container after a restart of the agent. */
export type FoundContainer =
  | { readonly state: 'running'; readonly pid: number | undefined }
  | { readonly state: 'exited'; readonly exit: ContainerExit };

/** What is to be done, in this order. */
export type TaskEffect =
  /** Keep the task's record; `durable` before what follows may happen. */
  | { readonly type: 'save'; readonly durable: boolean }
  | { readonly type: 'launch' }
  | { readonly type: 'kill'; readonly graceMs: number }
  | { readonly type: 'start-checks' }
  /** The first update of the queue changed: send it. */
  | { readonly type: 'deliver' }
  /** No process is left: free the resources, stop what was begun for the task. */
  | { readonly type: 'release' }
  /** The last update is acknowledged: the task is history. */
  | { readonly type: 'retire' };

/** What the agent adds to every status. */
export interface StatusContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** For the update that this input may make: 16 random bytes, base64. */
  readonly uuid: string;
  /** Shared by all statuses of the agent: its own address. */
  readonly networkInfos: NonNullable<NonNullable<TaskStatus['container_status']>['network_infos']>;
}

const NO_HEALTH: readonly HealthState[] = [];
const NO_READINESS: readonly ReadinessState[] = [];

/** A task as it was just accepted. */
export function stageTask(frameworkId: string, info: TaskInfo, containerId: string, pod?: TaskPod): Task {
  return {
    frameworkId,
    info,
    containerId,
    pod,
    phase: 'staged',
    kill: undefined,
    runningSince: undefined,
    endedAt: undefined,
    latest: undefined,
    updates: NO_UPDATES,
    health: info.health_checks?.map(() => UNKNOWN_HEALTH) ?? NO_HEALTH,
    readiness: info.readiness_checks?.map(() => UNKNOWN_READINESS) ?? NO_READINESS,
    ...(info.check !== undefined && { checkStatus: noCheckStatus(info.check) }),
  };
}

/** The state as the outside sees it. */
export function taskState(task: Task): TaskState {
  return task.latest?.state ?? 'TASK_STAGING';
}

/** The task as it is then, and what is to be done. */
export interface Outcome {
  readonly task: Task;
  readonly effects: readonly TaskEffect[];
}

/** Nothing is to be done. */
export const NO_EFFECTS: readonly TaskEffect[] = [];

/** An input that changes nothing. */
export function unchanged(task: Task): Outcome {
  return { task, effects: NO_EFFECTS };
}
