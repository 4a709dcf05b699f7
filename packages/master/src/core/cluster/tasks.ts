/** The coming and going of task records. */
import { assert } from '@stadion/base';
import { isTerminal, type StatusReason, type TaskInfo, type TaskState, type TaskStatus } from '@stadion/contract/mesos';
import type { ResourceVector } from '../resources/resource-vector.ts';
import { releaseTask } from './charges.ts';
import { countEnd, countLive } from './counters.ts';
import { TaskRecord, type AgentRecord, type FrameworkRecord } from './records.ts';
import type { ClusterState } from './state.ts';
import { keepStatus, sendMasterStatus, setTaskState, stateFor } from './statuses.ts';

/** A record made from what a framework or an agent says, not yet charged. */
export function addTask(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  info: TaskInfo,
  role: string,
  resources: ResourceVector,
  executorId: string | undefined,
): TaskRecord {
  const task = new TaskRecord({
    id: info.task_id.value,
    name: info.name,
    frameworkId: framework.id,
    agentId: agent.id,
    role,
    resources,
    labels: info.labels,
    discovery: info.discovery,
    container: info.container,
    healthCheck: info.health_checks?.[0],
    killPolicy: info.kill_policy,
    user: info.command?.user,
    executorId,
  });
  attachTask(state, framework, agent, task);
  return task;
}

/** Puts a record under its framework and agent. */
export function attachTask(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskRecord,
): void {
  assert(!framework.tasks.has(task.id), 'a task is added twice');
  framework.tasks.set(task.id, task);
  agent.tasks.add(task);
  countLive(state.counters, framework.counters, task.state, 1);
  state.tell({ type: 'TASK_ADDED', task });
}

/** Takes a record away from its framework and agent, freeing what it holds. Where it goes is the caller's word. */
export function detachTask(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskRecord,
): void {
  releaseTask(state, framework, agent, task);
  framework.tasks.delete(task.id);
  agent.tasks.delete(task);
  countLive(state.counters, framework.counters, task.state, -1);
}

/** The task is over and its last update acknowledged: it goes to the framework's ring of finished tasks. */
export function completeTask(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskRecord,
): void {
  detachTask(state, framework, agent, task);
  framework.completedTasks.push(task);
}

/**
 * The master itself ends a task, for good: the framework is told, once, and the record is done with.
 * A task that had already ended keeps its state and nothing is sent.
 */
export function endTask(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskRecord,
  end: { readonly state: TaskState; readonly reason: StatusReason; readonly message: string },
): void {
  if (!isTerminal(task.state)) {
    recordMasterState(state, framework, task, end.state);
    sendMasterStatus(state, framework, { ...end, taskId: task.id, agentId: agent.id });
  }
  completeTask(state, framework, agent, task);
}

/** Writes a state of the master's own into a live record. */
export function recordMasterState(
  state: ClusterState,
  framework: FrameworkRecord,
  task: TaskRecord,
  to: TaskState,
): void {
  setTaskState(state, framework, task, stateFor(framework, to));
  writeMasterState(state, task, stateFor(framework, to));
}

/** Writes a state of the master's own into a record that is no longer among the live ones. */
export function noteMasterState(
  state: ClusterState,
  framework: FrameworkRecord,
  task: TaskRecord,
  to: TaskState,
): void {
  const seen = stateFor(framework, to);
  if (isTerminal(seen) && task.state !== seen) countEnd(state.counters, framework.counters, seen);
  task.state = seen;
  writeMasterState(state, task, seen);
}

function writeMasterState(state: ClusterState, task: TaskRecord, seen: TaskState): void {
  task.statusState = seen;
  task.statusUuid = undefined;
  const status: TaskStatus = { task_id: { value: task.id }, state: seen, timestamp: state.now / 1000 };
  keepStatus(task, status);
  state.tell({ type: 'TASK_UPDATED', task, status });
}
