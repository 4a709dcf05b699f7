/** Custom executors: what frameworks and they say to each other, and their ends. */
import type { AgentMessage, ReportedExecutor } from '@stadion/contract/agent-link';
import type { SchedulerCall } from '@stadion/contract/mesos';
import { releaseExecutor } from './charges.ts';
import { taskKey, type AgentRecord, type ExecutorRecord, type FrameworkRecord, type TaskRecord } from './records.ts';
import type { ClusterState } from './state.ts';

type Message = Extract<SchedulerCall, { type: 'MESSAGE' }>['message'];
type Shutdown = Extract<SchedulerCall, { type: 'SHUTDOWN' }>['shutdown'];
type Word = Extract<AgentMessage, { type: 'EXECUTOR_MESSAGE' }>;
type Exit = Extract<AgentMessage, { type: 'EXECUTOR_EXITED' }>;

/** The status (as of `wait(2)`) of an executor of which nobody knows how it ended: killed by SIGKILL. */
const STATUS_UNKNOWN = 9;

/** A framework speaks to an executor. Where that is not connected, the words are lost, as in Mesos. */
export function tellExecutor(state: ClusterState, framework: FrameworkRecord, call: Message): void {
  const agent = state.agents.get(call.agent_id.value);
  if (agent?.link === undefined) {
    state.counters.invalidFrameworkMessages += 1;
    return;
  }
  state.counters.validFrameworkMessages += 1;
  state.toAgent(agent, {
    type: 'FRAMEWORK_MESSAGE',
    framework_id: { value: framework.id },
    executor_id: call.executor_id,
    data: call.data,
  });
}

/** A framework ends one of its executors. */
export function shutDownExecutor(state: ClusterState, framework: FrameworkRecord, call: Shutdown): void {
  const agent = state.agents.get(call.agent_id.value);
  if (agent === undefined) return;
  const framework_id = { value: framework.id };
  state.toAgent(agent, { type: 'SHUTDOWN_EXECUTOR', framework_id, executor_id: call.executor_id });
}

/** An executor speaks to its framework. */
export function executorSays(state: ClusterState, agent: AgentRecord, { framework_id, executor_id, data }: Word): void {
  const framework = state.frameworks.get(framework_id.value);
  if (framework?.subscription === undefined) {
    state.counters.invalidExecutorMessages += 1;
    return;
  }
  state.counters.validExecutorMessages += 1;
  state.toFramework(framework, { type: 'MESSAGE', message: { agent_id: { value: agent.id }, executor_id, data } });
}

/** The process of an executor has ended. */
export function executorExited(state: ClusterState, agent: AgentRecord, message: Exit): void {
  state.counters.messagesExitedExecutor += 1;
  const { framework_id, executor_id, status } = message;
  const executor = agent.executors.get(taskKey(framework_id.value, executor_id.value));
  if (executor !== undefined) releaseExecutor(state, agent, executor);
  tellFailure(state, agent, framework_id.value, executor_id.value, status);
}

/**
 * A process of a task's executor lives. Where one ended while the task was on its way to the agent, another one was started for it,
 * and the end of the first is told after the task was charged.
 */
export function believeProcess(agent: AgentRecord, { frameworkId, executorId }: TaskRecord): void {
  const executor = executorId === undefined ? undefined : agent.executors.get(taskKey(frameworkId, executorId));
  if (executor?.info.type === 'CUSTOM') executor.hasProcess = true;
}

/** The agent is back and says which executors live: the others ended while nobody heard of it. */
export function endUnreported(state: ClusterState, agent: AgentRecord, reported: readonly ReportedExecutor[]): void {
  const living = new Set(
    reported.map(({ framework_id, executor }) => taskKey(framework_id.value, executor.executor_id.value)),
  );
  for (const [key, executor] of [...agent.executors]) {
    if (!executor.hasProcess || living.has(key)) continue;
    releaseExecutor(state, agent, executor);
    tellFailure(state, agent, executor.frameworkId, executor.id, STATUS_UNKNOWN);
  }
}

/** Forgets executors whose agent or framework is gone. */
export function forgetExecutors(
  state: ClusterState,
  agent: AgentRecord,
  isMeant: (executor: ExecutorRecord) => boolean,
): void {
  for (const executor of [...agent.executors.values()]) if (isMeant(executor)) releaseExecutor(state, agent, executor);
}

function tellFailure(
  state: ClusterState,
  agent: AgentRecord,
  frameworkId: string,
  executorId: string,
  status: number,
): void {
  const framework = state.frameworks.get(frameworkId);
  if (framework === undefined) return;
  state.toFramework(framework, {
    type: 'FAILURE',
    failure: { agent_id: { value: agent.id }, executor_id: { value: executorId }, status },
  });
}
