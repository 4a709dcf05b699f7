/** The life of one task on this agent: what each input changes, and what is to be done about it. */
import { NEVER_STARTED, type ContainerExit } from './container.ts';
import { applyExecutedTask } from './executed-task.ts';
import { applyHealthProbe, type HealthState, type ProbeOutcome } from './health-check.ts';
import { applyReadinessProbe, type ReadinessResponse } from './readiness-check.ts';
import type { ProbeAnswer } from './probe.ts';
import { isExecuted } from './pod.ts';
import { sameCheckStatus, toCheckStatus } from './status-check.ts';
import { factsOfEnd } from './task-end.ts';
import { applyAcknowledged, graceOf, killedInTime } from './task-kill.ts';
import {
  NO_EFFECTS,
  unchanged,
  type FoundContainer,
  type Outcome,
  type StatusContext,
  type Task,
  type TaskEffect,
  type TaskInput,
} from './task-model.ts';
import { end, update } from './task-status.ts';

export { stageTask, taskState } from './task-model.ts';
export type { StatusContext, Task, TaskEffect, TaskInput } from './task-model.ts';

/** Decides what an input changes. An input that does not fit the phase (a late exit, an old probe) changes nothing. */
export function applyTask(
  task: Task,
  input: TaskInput,
  context: StatusContext,
): { readonly task: Task; readonly effects: readonly TaskEffect[] } {
  if (isExecuted(task.pod)) return applyExecutedTask(task, input, context);
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
    case 'reported':
    case 'executor-ended':
      return unchanged(task);
  }
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
  const graceMs = graceOf(task, input.graceMs);
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
      return killedInTime({ ...task, kill }, context);
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
