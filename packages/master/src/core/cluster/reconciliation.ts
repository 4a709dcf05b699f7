/** RECONCILE and KILL: what the master answers about tasks, known and unknown, as Mesos does. */
import type { SchedulerCall, TaskState } from '@stadion/contract/mesos';
import { taskKey, type FrameworkRecord, type TaskRecord } from './records.ts';
import { TASKS_TOLD_PER_TURN } from '../../limits.ts';
import type { ClusterState } from './state.ts';
import { sendMasterStatus } from './statuses.ts';

type Reconcile = Extract<SchedulerCall, { type: 'RECONCILE' }>['reconcile'];
type Kill = Extract<SchedulerCall, { type: 'KILL' }>['kill'];

/**
 * Without tasks: tells of every known task of the framework. Otherwise gives one answer per task. Of a task whose agent may
 * still come back nothing is said; if the agent comes back without it, the framework is told when it asks again.
 */
export function reconcile(state: ClusterState, framework: FrameworkRecord, call: Reconcile): void {
  state.counters.messagesReconcileTasks += 1;
  if (call.tasks.length === 0) {
    // Asked again while the answer is under way: it begins anew, in the turns that are scheduled already.
    const isUnderWay = state.answering.has(framework.id);
    state.answering.set(framework.id, everyTask(framework));
    if (!isUnderWay) answerMore(state, framework.id);
    return;
  }
  for (const { task_id: taskId, agent_id: agentId } of call.tasks) {
    reconcileOne(state, framework, taskId.value, agentId?.value);
  }
}

/** Goes on telling a framework of all of its tasks; nobody else waits until all of a million are told. */
export function answerMore(state: ClusterState, frameworkId: string): void {
  const framework = state.frameworks.get(frameworkId);
  const tasks = state.answering.get(frameworkId);
  for (let told = 0; told < TASKS_TOLD_PER_TURN && framework?.subscription !== undefined; told += 1) {
    const next = tasks?.next();
    if (next === undefined || next.done === true) break;
    const task = next.value;
    if (framework.tasks.get(task.id) === task) answerKnown(state, framework, task);
    else answerUnreachable(state, framework, task.id, task.agentId);
    if (told + 1 < TASKS_TOLD_PER_TURN) continue;
    state.outputs.push({ type: 'later', input: { type: 'answer', frameworkId } });
    return;
  }
  state.answering.delete(frameworkId);
}

/** Tasks may come, go and change between the two maps while this is read: such a task may be told twice. */
function* everyTask({ unreachableTasks, tasks }: FrameworkRecord): Generator<TaskRecord> {
  yield* unreachableTasks.values();
  yield* tasks.values();
}

/** Asks the agent to end a task. Remembered until the task has ended, and asked again when its agent comes back. */
export function kill(state: ClusterState, framework: FrameworkRecord, call: Kill): void {
  state.counters.messagesKillTask += 1;
  const taskId = call.task_id.value;
  const task = framework.tasks.get(taskId);
  const agent = task === undefined ? undefined : state.agents.get(task.agentId);
  if (task === undefined || agent === undefined) {
    reconcileOne(state, framework, taskId, call.agent_id?.value);
    return;
  }
  const nanoseconds = call.kill_policy?.grace_period?.nanoseconds;
  const gracePeriodMs = nanoseconds === undefined ? undefined : nanoseconds / 1_000_000;
  if (task.charged) {
    agent.kills.set(taskKey(framework.id, taskId), { frameworkId: framework.id, taskId, gracePeriodMs });
  }
  state.toAgent(agent, {
    type: 'KILL_TASK',
    framework_id: { value: framework.id },
    task_id: call.task_id,
    ...(gracePeriodMs === undefined ? {} : { grace_period_ms: gracePeriodMs }),
  });
}

function reconcileOne(
  state: ClusterState,
  framework: FrameworkRecord,
  taskId: string,
  agentId: string | undefined,
): void {
  const task = framework.tasks.get(taskId);
  if (task !== undefined) {
    answerKnown(state, framework, task);
    return;
  }
  const lost = framework.unreachableTasks.get(taskId);
  if (lost !== undefined) {
    answerUnreachable(state, framework, taskId, lost.agentId);
    return;
  }
  if (agentId === undefined ? state.recovered.size > 0 : state.recovered.has(agentId)) return;
  if (agentId !== undefined && state.unreachable.has(agentId)) {
    answerUnreachable(state, framework, taskId, agentId);
    return;
  }
  const [answer, message]: readonly [TaskState, string] =
    agentId !== undefined && state.agents.has(agentId)
      ? ['TASK_GONE', 'Reconciliation: Task is unknown to the agent']
      : agentId !== undefined && state.gone.has(agentId)
        ? ['TASK_GONE_BY_OPERATOR', 'Reconciliation: Task is gone']
        : ['TASK_UNKNOWN', 'Reconciliation: Task is unknown'];
  sendMasterStatus(state, framework, { taskId, agentId, state: answer, reason: 'REASON_RECONCILIATION', message });
}

/** Tells a framework how a task is, as far as it has been told. */
export function answerKnown(state: ClusterState, framework: FrameworkRecord, task: TaskRecord): void {
  const last = task.statuses;
  state.toFramework(framework, {
    type: 'UPDATE',
    update: {
      status: {
        task_id: { value: task.id },
        state: task.statusState,
        message: 'Reconciliation: Latest task state',
        source: 'SOURCE_MASTER',
        reason: 'REASON_RECONCILIATION',
        timestamp: state.now / 1000,
        agent_id: { value: task.agentId },
        ...(last?.healthy === undefined ? {} : { healthy: last.healthy }),
        ...(last?.containerStatus === undefined ? {} : { container_status: last.containerStatus }),
      },
    },
  });
}

function answerUnreachable(state: ClusterState, framework: FrameworkRecord, taskId: string, agentId: string): void {
  const since = state.unreachable.get(agentId)?.at;
  sendMasterStatus(state, framework, {
    taskId,
    agentId,
    state: 'TASK_UNREACHABLE',
    reason: 'REASON_RECONCILIATION',
    message: 'Reconciliation: Task is unreachable',
    ...(since === undefined ? {} : { unreachableAt: since }),
  });
}
