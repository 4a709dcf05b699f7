/** Status updates on their way to frameworks, and acknowledgements on their way back, as in Mesos. */
import type { AgentMessage } from '@stadion/contract/agent-link';
import { isTerminal, type SchedulerCall } from '@stadion/contract/mesos';
import { releaseTask } from './charges.ts';
import { believeProcess } from './executors.ts';
import type { AgentRecord, FrameworkRecord } from './records.ts';
import type { ClusterState } from './state.ts';
import { keepStatus, setTaskState, stateFor } from './statuses.ts';
import { completeTask } from './tasks.ts';
import { inDrain } from './upkeep.ts';

type Update = Extract<AgentMessage, { type: 'STATUS_UPDATE' }>;
type Acknowledge = Extract<SchedulerCall, { type: 'ACKNOWLEDGE' }>['acknowledge'];

/**
 * An agent reports a status. It is forwarded whether the task is known or not, and as often as it comes; resources are
 * freed by the first terminal one. Without its framework it is left to the agent, which sends it again.
 */
export function statusUpdate(state: ClusterState, agent: AgentRecord, update: Update): void {
  state.counters.messagesStatusUpdate += 1;
  const frameworkId = update.framework_id.value;
  const framework = state.frameworks.get(frameworkId);
  if (framework === undefined) {
    state.counters.invalidStatusUpdates += 1;
    if (state.removedFrameworks.has(frameworkId)) {
      state.toAgent(agent, { type: 'SHUTDOWN_FRAMEWORK', framework_id: update.framework_id });
    }
    return;
  }
  state.counters.validStatusUpdates += 1;
  // Whoever acknowledges must know the agent.
  const known =
    update.status.agent_id === undefined ? { ...update.status, agent_id: { value: agent.id } } : update.status;
  const status = inDrain(state, framework, agent, known);
  const task = framework.tasks.get(status.task_id.value);
  if (task?.agentId === agent.id) {
    const latest = inDrain(state, framework, agent, { state: update.latest_state });
    setTaskState(state, framework, task, isTerminal(status.state) ? status.state : latest.state);
    task.statusState = status.state;
    task.statusUuid = status.uuid;
    keepStatus(task, status);
    state.tell({ type: 'TASK_UPDATED', task, status });
    // Agents of an earlier release say nothing of the executor; a task that goes on shows that it lives.
    if (update.executor_lives ?? !isTerminal(task.state)) believeProcess(agent, task);
    if (isTerminal(task.state)) releaseTask(state, framework, agent, task);
  }
  const told = stateFor(framework, status.state);
  const understood = told === status.state ? status : { ...status, state: told };
  state.toFramework(framework, { type: 'UPDATE', update: { status: understood } });
}

/** A framework has made a status its own: the agent may forget it, and a task whose last one it was is complete. */
export function acknowledge(state: ClusterState, framework: FrameworkRecord, call: Acknowledge): void {
  state.counters.messagesStatusUpdateAcknowledgement += 1;
  const agent = state.agents.get(call.agent_id.value);
  if (agent?.link === undefined) {
    // The agent sends the update again once it is back, and this comes again.
    state.counters.invalidStatusUpdateAcknowledgements += 1;
    return;
  }
  state.counters.validStatusUpdateAcknowledgements += 1;
  state.toAgent(agent, {
    type: 'ACKNOWLEDGE_STATUS_UPDATE',
    framework_id: { value: framework.id },
    task_id: call.task_id,
    uuid: call.uuid,
  });
  const task = framework.tasks.get(call.task_id.value);
  if (task?.agentId !== agent.id || task.statusUuid !== call.uuid) return;
  if (isTerminal(task.statusState)) completeTask(state, framework, agent, task);
  else task.statusUuid = undefined;
}
