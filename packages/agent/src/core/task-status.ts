/** The statuses that are made of a task, and its end. */
import type { TaskStatus } from '@stadion/contract/mesos';
import { overallHealth, toHealthResults } from './health-check.ts';
import { containerIdOf } from './pod.ts';
import { toReadinessResults } from './readiness-check.ts';
import type { StatusFacts } from './task-end.ts';
import { NO_EFFECTS, type Outcome, type StatusContext, type Task } from './task-model.ts';
import { appendUpdate } from './update-queue.ts';

/** No process of it is left. */
export function end(task: Task, facts: StatusFacts, context: StatusContext): Outcome {
  const ended: Task = { ...task, phase: 'ended', endedAt: context.now };
  const told = update(ended, facts, context);
  return { task: told.task, effects: [{ type: 'save', durable: true }, { type: 'release' }, ...told.effects] };
}

/** Something is to be told of it. */
export function update(task: Task, facts: StatusFacts, context: StatusContext, pid?: number): Outcome {
  return append(task, makeStatus(task, facts, context, pid));
}

/** A status that is complete is to be told. */
export function append(task: Task, status: TaskStatus): Outcome {
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
export function containerStatus(
  task: Task,
  context: StatusContext,
  pid: number | undefined,
): NonNullable<TaskStatus['container_status']> {
  const known = task.latest?.container_status;
  if (known !== undefined && (pid === undefined || known.executor_pid === pid)) return known;
  const container_id = known?.container_id ?? containerIdOf(task);
  return pid === undefined
    ? { container_id, network_infos: context.networkInfos }
    : { container_id, network_infos: context.networkInfos, executor_pid: pid };
}
