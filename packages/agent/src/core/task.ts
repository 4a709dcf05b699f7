/** The life of one task on this agent: what each input changes, and what is to be done about it. */
import type { StatusReason, TaskInfo, TaskState, TaskStatus } from '@stadion/contract/mesos';
import type { CheckStatusInfo } from '@stadion/contract/mesos-workload';
import { NEVER_STARTED, type ContainerExit } from './container.ts';
import {
  applyHealthProbe,
  overallHealth,
  toHealthResults,
  UNKNOWN_HEALTH,
  type HealthState,
  type ProbeOutcome,
} from './health-check.ts';
import {
  applyReadinessProbe,
  toReadinessResults,
  UNKNOWN_READINESS,
  type ReadinessResponse,
  type ReadinessState,
} from './readiness-check.ts';
import type { ProbeAnswer } from './probe.ts';
import { noCheckStatus, sameCheckStatus, toCheckStatus } from './status-check.ts';
import type { TaskPod } from './pod.ts';
import { factsOfEnd, type KillCause, type StatusFacts } from './task-end.ts';
import { acknowledgeUpdate, appendUpdate, NO_UPDATES } from './update-queue.ts';

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

/** Without a kill policy of anybody: 3 seconds from SIGTERM to SIGKILL. */
const KILL_GRACE_MS_DEFAULT = 3000;

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

/** Decides what an input changes. An input that does not fit the phase (a late exit, an old probe) changes nothing. */
export function applyTask(
  task: Task,
  input: TaskInput,
  context: StatusContext,
): { readonly task: Task; readonly effects: readonly TaskEffect[] } {
  switch (input.type) {
    case 'prepared':
      return applyPrepared(task, context);
    case 'refused':
      if (task.phase === 'ended' || task.phase === 'running') return unchanged(task);
      return task.kill === undefined
        ? end(task, { state: input.state, reason: input.reason, message: input.message }, context)
        : end(task, { state: 'TASK_KILLED', message: 'Killed before it was started' }, context);
    case 'progress':
      return applyProgress(task, input.message, context);
    case 'launched':
      return applyLaunched(task, input.pid, context);
    case 'exited':
      return applyExited(task, input.exit, context);
    case 'kill':
      return applyKill(task, input, context);
    case 'acknowledged':
      return applyAcknowledged(task, input.uuid);
    case 'health-probed':
      return applyHealth(task, input.index, input.outcome, context);
    case 'readiness-probed':
      return applyReadiness(task, input.index, input.response, context);
    case 'checked':
      return applyChecked(task, input.answer, context);
    case 'found':
      return applyFound(task, input.container, context);
  }
}

interface Outcome {
  readonly task: Task;
  readonly effects: readonly TaskEffect[];
}

const NO_EFFECTS: readonly TaskEffect[] = [];

function unchanged(task: Task): Outcome {
  return { task, effects: NO_EFFECTS };
}

function applyPrepared(task: Task, context: StatusContext): Outcome {
  if (task.phase !== 'staged') return unchanged(task);
  const starting: Task = { ...task, phase: 'starting' };
  const told = update(starting, { state: 'TASK_STARTING' }, context);
  return { task: told.task, effects: [{ type: 'save', durable: true }, { type: 'launch' }, ...told.effects] };
}

/** Told as TASK_STARTING with a message; one that waits to be sent is replaced. */
function applyProgress(task: Task, message: string, context: StatusContext): Outcome {
  if (task.phase !== 'staged') return unchanged(task);
  return update(task, { state: 'TASK_STARTING', message }, context);
}

function applyLaunched(task: Task, pid: number | undefined, context: StatusContext): Outcome {
  if (task.phase !== 'starting') return unchanged(task);
  if (task.kill !== undefined) {
    // The kill came while the process was being started.
    const killing: Task = { ...task, phase: 'killing', runningSince: context.now };
    return {
      task: killing,
      effects: [
        { type: 'kill', graceMs: Math.max(0, task.kill.deadline - context.now) },
        { type: 'save', durable: false },
      ],
    };
  }
  const running: Task = { ...task, phase: 'running', runningSince: context.now };
  const told = update(running, { state: 'TASK_RUNNING' }, context, pid);
  const effects: TaskEffect[] = [...told.effects, { type: 'save', durable: false }];
  if (needsWatching(task)) effects.push({ type: 'start-checks' });
  return { task: told.task, effects };
}

function applyExited(task: Task, exit: ContainerExit, context: StatusContext): Outcome {
  if (task.phase === 'ended' || task.phase === 'staged') return unchanged(task);
  return end(task, factsOfEnd(task.kill?.cause, exit), context);
}

function applyKill(task: Task, input: Extract<TaskInput, { type: 'kill' }>, context: StatusContext): Outcome {
  if (task.phase === 'ended') return unchanged(task);
  const policyNanoseconds = task.info.kill_policy?.grace_period?.nanoseconds;
  const policyMs = policyNanoseconds === undefined ? KILL_GRACE_MS_DEFAULT : policyNanoseconds / 1e6;
  const graceMs = Math.max(0, input.graceMs ?? policyMs);
  const deadline = context.now + graceMs;
  if (task.kill !== undefined) {
    // A repeated kill may only shorten.
    if (deadline >= task.kill.deadline) return unchanged(task);
    const sooner: Task = { ...task, kill: { cause: task.kill.cause, deadline } };
    return { task: sooner, effects: task.phase === 'killing' ? [{ type: 'kill', graceMs }] : NO_EFFECTS };
  }
  const kill = { cause: input.cause, deadline };
  switch (task.phase) {
    case 'staged':
      return end(
        { ...task, kill },
        {
          state: 'TASK_KILLED',
          reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
          message: 'Killed before it was started',
        },
        context,
      );
    case 'starting':
      return { task: { ...task, kill }, effects: [{ type: 'save', durable: false }] };
    case 'running':
    case 'killing': {
      const killing: Task = { ...task, phase: 'killing', kill };
      const told = input.announce
        ? update(killing, { state: 'TASK_KILLING' }, context)
        : { task: killing, effects: NO_EFFECTS };
      return {
        task: told.task,
        effects: [{ type: 'kill', graceMs }, ...told.effects, { type: 'save', durable: false }],
      };
    }
  }
}

function applyAcknowledged(task: Task, uuid: string): Outcome {
  const updates = acknowledgeUpdate(task.updates, uuid);
  if (updates === task.updates) return unchanged(task);
  const next: Task = { ...task, updates };
  if (updates.length > 0) {
    return {
      task: next,
      effects: [{ type: 'deliver' }, { type: 'save', durable: false }],
    };
  }
  return {
    task: next,
    effects: task.phase === 'ended' ? [{ type: 'retire' }] : [{ type: 'save', durable: false }],
  };
}

function applyHealth(task: Task, index: number, outcome: ProbeOutcome, context: StatusContext): Outcome {
  const check = task.info.health_checks?.[index];
  const state = task.health[index];
  if (task.phase !== 'running' || check === undefined || state === undefined) return unchanged(task);
  const verdict = applyHealthProbe(check, state, outcome, task.runningSince ?? context.now, context.now);
  if (verdict.state === state) return unchanged(task);
  const next: Task = { ...task, health: task.health.with(index, verdict.state) };
  if (!verdict.report) return { task: next, effects: NO_EFFECTS };
  const told = update(
    next,
    { state: 'TASK_RUNNING', reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED', ...causeOf(verdict.state) },
    context,
  );
  if (!verdict.kill) return { task: told.task, effects: [...told.effects, { type: 'save', durable: false }] };
  const killed = applyKill(
    told.task,
    { type: 'kill', cause: 'unhealthy', graceMs: undefined, announce: false },
    context,
  );
  return { task: killed.task, effects: [...told.effects, ...killed.effects] };
}

function causeOf(state: HealthState): { message?: string } {
  return state.alive === false && state.cause !== undefined ? { message: `Health check failed: ${state.cause}` } : {};
}

function applyReadiness(task: Task, index: number, response: ReadinessResponse, context: StatusContext): Outcome {
  const check = task.info.readiness_checks?.[index];
  const state = task.readiness[index];
  if (task.phase !== 'running' || check === undefined || state === undefined) return unchanged(task);
  const verdict = applyReadinessProbe(check, state, response);
  if (!verdict.report) return unchanged(task);
  const next: Task = { ...task, readiness: task.readiness.with(index, verdict.state) };
  const told = update(next, { state: 'TASK_RUNNING', reason: 'REASON_TASK_CHECK_STATUS_UPDATED' }, context);
  return { task: told.task, effects: [...told.effects, { type: 'save', durable: false }] };
}

function applyChecked(task: Task, answer: ProbeAnswer, context: StatusContext): Outcome {
  const { check } = task.info;
  if (task.phase !== 'running' || check === undefined) return unchanged(task);
  const checkStatus = toCheckStatus(check, answer);
  if (task.checkStatus !== undefined && sameCheckStatus(task.checkStatus, checkStatus)) return unchanged(task);
  const facts = { state: 'TASK_RUNNING', reason: 'REASON_TASK_CHECK_STATUS_UPDATED' } as const;
  const told = update({ ...task, checkStatus }, facts, context);
  return { task: told.task, effects: [...told.effects, { type: 'save', durable: false }] };
}

function applyFound(task: Task, container: FoundContainer | undefined, context: StatusContext): Outcome {
  if (task.phase === 'ended') return unchanged(task);
  if (task.phase === 'staged') {
    const message = 'The agent was restarted before the task was started; it never ran';
    return end(task, { state: 'TASK_DROPPED', reason: 'REASON_AGENT_RESTARTED', message }, context);
  }
  if (container === undefined) {
    // Containerizers note a container before they start it.
    if (task.phase === 'starting') return applyExited(task, NEVER_STARTED, context);
    const message = 'The agent was restarted and found no trace of the container; its exit status is not known';
    return applyExited(task, { kind: 'unknown', message }, context);
  }
  if (container.state === 'exited') return applyExited(task, container.exit, context);
  switch (task.phase) {
    case 'starting':
      return applyLaunched(task, container.pid, context);
    case 'running':
      return { task, effects: needsWatching(task) ? [{ type: 'start-checks' }] : NO_EFFECTS };
    case 'killing': {
      const graceMs = Math.max(0, (task.kill?.deadline ?? context.now) - context.now);
      return { task, effects: [{ type: 'kill', graceMs }] };
    }
  }
}

function needsWatching(task: Task): boolean {
  const { check, max_completion_time: limit } = task.info;
  return task.health.length > 0 || task.readiness.length > 0 || check !== undefined || limit !== undefined;
}

function end(task: Task, facts: StatusFacts, context: StatusContext): Outcome {
  const ended: Task = { ...task, phase: 'ended', endedAt: context.now };
  const told = update(ended, facts, context);
  return { task: told.task, effects: [{ type: 'save', durable: true }, { type: 'release' }, ...told.effects] };
}

function update(task: Task, facts: StatusFacts, context: StatusContext, pid?: number): Outcome {
  const status = makeStatus(task, facts, context, pid);
  const updates = appendUpdate(task.updates, status);
  const isFirst = updates.length === 1;
  return { task: { ...task, latest: status, updates }, effects: isFirst ? [{ type: 'deliver' }] : NO_EFFECTS };
}

/** Absent fields are left out one by one: a chain of spreads would cost every task twice the memory. */
function makeStatus(task: Task, facts: StatusFacts, context: StatusContext, pid: number | undefined): TaskStatus {
  const status: TaskStatus = {
    task_id: task.info.task_id,
    state: facts.state,
    source: 'SOURCE_EXECUTOR',
    agent_id: task.info.agent_id,
    executor_id: task.pod?.executor.executor_id ?? task.info.task_id,
    timestamp: context.now / 1000,
    uuid: context.uuid,
    container_status: containerStatus(task, context, pid),
  };
  if (facts.message !== undefined) status.message = facts.message;
  if (facts.reason !== undefined) status.reason = facts.reason;
  const healthy = facts.healthy ?? (facts.state === 'TASK_RUNNING' ? overallHealth(task.health) : undefined);
  if (healthy !== undefined) status.healthy = healthy;
  const health = toHealthResults(task.health);
  if (health.length > 0) status.health_results = health;
  const readiness = toReadinessResults(task.info.readiness_checks ?? [], task.readiness);
  if (readiness.length > 0) status.readiness_results = readiness;
  if (facts.state === 'TASK_RUNNING' && task.checkStatus !== undefined) status.check_status = task.checkStatus;
  return status;
}

/** The same object in all statuses of a task, once its process is known. */
function containerStatus(
  task: Task,
  context: StatusContext,
  pid: number | undefined,
): NonNullable<TaskStatus['container_status']> {
  const known = task.latest?.container_status;
  if (known !== undefined && (pid === undefined || known.executor_pid === pid)) return known;
  const container_id = known?.container_id ?? { value: task.containerId };
  return pid === undefined
    ? { container_id, network_infos: context.networkInfos }
    : { container_id, network_infos: context.networkInfos, executor_pid: pid };
}
