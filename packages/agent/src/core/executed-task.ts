/** The life of a task that a custom executor runs: the executor says how it is, the agent keeps what it says. */
import { isTerminal, type TaskStatus } from '@stadion/contract/mesos';
import { applyAcknowledged, graceOf, killedInTime } from './task-kill.ts';
import { unchanged, type Outcome, type StatusContext, type Task, type TaskInput } from './task-model.ts';
import { PREEMPTED } from './task-end.ts';
import { append, containerStatus, end } from './task-status.ts';
import { REPORTS_REMEMBERED_MAX } from '../limits.ts';

/**
 * `staged`: it waits for its executor. `starting`: the intent to hand it over is on its way to disk, or it was handed
 * over. `running` and `ended`: as the executor says.
 */
export function applyExecutedTask(task: Task, input: TaskInput, context: StatusContext): Outcome {
  switch (input.type) {
    case 'prepared':
      if (task.phase !== 'staged') return unchanged(task);
      return { task: { ...task, phase: 'starting' }, effects: [{ type: 'save', durable: true }] };
    case 'reported':
      return applyReported(task, input.status, context);
    case 'kill':
      return applyKill(task, input, context);
    case 'refused':
      if (task.phase === 'ended') return unchanged(task);
      return end(task, { state: input.state, reason: input.reason, message: input.message }, context);
    case 'executor-ended':
      if (task.phase === 'ended') return unchanged(task);
      return end(
        task,
        {
          state: task.kill?.cause === 'asked' ? 'TASK_KILLED' : input.state,
          reason: input.reason,
          message: input.message,
        },
        context,
      );
    case 'found':
      if (task.phase !== 'staged') return unchanged(task);
      return end(
        task,
        {
          state: 'TASK_DROPPED',
          reason: 'REASON_AGENT_RESTARTED',
          message: 'The agent was restarted before the task was handed to its executor; it never ran',
        },
        context,
      );
    case 'acknowledged':
      return applyAcknowledged(task, input.uuid);
    default:
      return unchanged(task);
  }
}

/** What comes twice is kept once; whoever says it again has not heard that it is kept. */
function applyReported(task: Task, status: TaskStatus, context: StatusContext): Outcome {
  const { uuid = '' } = status;
  if (task.phase === 'ended' || task.phase === 'staged' || task.reported?.includes(uuid) === true) {
    return unchanged(task);
  }
  const reported = [...(task.reported ?? []).slice(1 - REPORTS_REMEMBERED_MAX), uuid];
  const isOver = isTerminal(status.state);
  const known: Task = {
    ...task,
    reported,
    phase: isOver ? 'ended' : task.phase === 'starting' && status.state !== 'TASK_STARTING' ? 'running' : task.phase,
    ...(isOver && { endedAt: context.now }),
    runningSince: task.runningSince ?? context.now,
  };
  const told = append(known, {
    ...status,
    ...(isOver ? preempted(task, status) : {}),
    task_id: task.info.task_id,
    agent_id: task.info.agent_id,
    executor_id: task.pod?.executor.executor_id ?? task.info.task_id,
    source: 'SOURCE_EXECUTOR',
    container_status: status.container_status ?? containerStatus(task, context, undefined),
  });
  return {
    task: told.task,
    effects: [{ type: 'save', durable: true }, ...(isOver ? [{ type: 'release' } as const] : []), ...told.effects],
  };
}

/** Its framework did not ask for the end that the executor reports: the agent did. */
function preempted({ kill }: Task, { state }: TaskStatus): Partial<TaskStatus> {
  const isForced = state === 'TASK_KILLED' || state === 'TASK_FAILED';
  return kill?.cause === 'preempted' && isForced ? PREEMPTED : {};
}

/** The executor ends it and says so; nobody else can. */
function applyKill(task: Task, input: Extract<TaskInput, { type: 'kill' }>, context: StatusContext): Outcome {
  if (task.phase === 'ended') return unchanged(task);
  const graceMs = graceOf(task, input.graceMs);
  const deadline = context.now + graceMs;
  if (task.kill !== undefined && deadline >= task.kill.deadline) return unchanged(task);
  const cause = input.cause === 'preempted' && task.kill === undefined ? 'preempted' : 'asked';
  const killed: Task = { ...task, kill: { cause, deadline } };
  if (task.phase === 'staged') return killedInTime(killed, context);
  return {
    task: killed,
    effects: [
      { type: 'kill', graceMs },
      { type: 'save', durable: false },
    ],
  };
}
