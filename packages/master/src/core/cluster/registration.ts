/** Agents come: new, again, after being unreachable. What they report is what the master knows of their tasks. */
import type { AgentInfo, ReportedTask } from '@stadion/contract/agent-link';
import { isTerminal, type Resource } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { isDown } from '../settings/maintenance.ts';
import { withCheckpointed } from '../resources/checkpointed.ts';
import { NO_HOLDINGS } from '../resources/holdings.ts';
import { parseResources } from '../resources/resource-format.ts';
import { NOTHING, type ResourceVector } from '../resources/resource-vector.ts';
import { amountProblem, capacityOf } from './agent-resources.ts';
import {
  adoptProcess,
  adoptTask,
  refit,
  releaseTask,
  setReportedResources,
  type ReportedExecutorRecord,
} from './charges.ts';
import type { RegisterMessage } from './exchange.ts';
import { endUnreported } from './executors.ts';
import { rolesOf } from './framework-info.ts';
import { recoverFramework } from './frameworks.ts';
import { closeLink } from './links.ts';
import { confirmOperations } from './operation-feedback.ts';
import { AgentRecord, addressOf, type FrameworkRecord, type LinkRecord, type TaskRecord } from './records.ts';
import { answerKnown } from './reconciliation.ts';
import type { ClusterState } from './state.ts';
import { keepStatus, sendMasterStatus, setTaskState } from './statuses.ts';
import { addTask, attachTask, endTask } from './tasks.ts';
import { answersElsewhere, endUnreachableTasks, removeUnused, rescindOffers } from './removal.ts';

/**
 * An agent process presents itself. It is told REGISTERED only once the registry has it. On the link over which it is
 * registered already this is a repetition, possibly an old one: it is answered, and its list of tasks is not believed.
 */
export function register(state: ClusterState, link: LinkRecord, message: RegisterMessage): void {
  if (isDown(state.settings, message.agent)) {
    reject(state, link, 'the machine is down for maintenance', true);
    return;
  }
  const problem = amountProblem(message.agent);
  if (problem !== undefined) {
    reject(state, link, problem, false);
    return;
  }
  const claimed = message.agent.id?.value ?? link.agentId;
  const id = claimed === undefined || claimed === '' ? undefined : claimed;
  if (link.agentId !== undefined && id !== link.agentId) {
    reject(state, link, 'this link belongs to another agent', false);
    return;
  }
  if (id === undefined) {
    state.counters.messagesRegisterAgent += 1;
    const newId = `${state.master.id}-S${String(state.nextAgent)}`;
    state.nextAgent += 1;
    link.agentId = newId;
    admit(state, link, newId, message);
    return;
  }
  if (state.gone.has(id)) {
    reject(state, link, 'the agent was marked gone by an operator', true);
    return;
  }
  const known = state.agents.get(id);
  if (known?.link === link.number) {
    sendRegistered(state, known);
    return;
  }
  if (known?.link !== undefined && known.link > link.number) {
    closeLink(state, link.number);
    return;
  }
  if (known !== undefined && answersElsewhere(state, known, message.agent)) {
    const { ip, port } = known.info;
    const reason = `the agent ${id} is connected from ${ip}:${String(port)}: was its work directory copied? Give this one an empty --work-dir`;
    reject(state, link, reason, false);
    return;
  }
  state.counters.messagesReregisterAgent += 1;
  link.agentId = id;
  const transition = state.transitions.get(id);
  if (transition !== undefined) {
    if (transition.waiting === undefined || transition.waiting.link <= link.number) {
      transition.waiting = { link: link.number, message };
    }
    return;
  }
  if (known !== undefined) attach(state, known, link, message);
  else if (state.recovered.has(id)) enroll(state, link, id, message);
  else admit(state, link, id, message);
}

/** The registry has the agent: it is part of the cluster, if its link is still there. */
export function admitted(state: ClusterState, id: string, info: AgentInfo): void {
  const transition = state.transitions.get(id);
  state.transitions.delete(id);
  const waiting = transition?.waiting;
  const link = waiting === undefined ? undefined : state.links.get(waiting.link);
  if (link === undefined || waiting === undefined) {
    // Its link broke meanwhile. One that never learnt its id will not come back with it; others are expected.
    if (waiting !== undefined && waiting.message.agent.id === undefined) state.change({ type: 'remove', id });
    else if (!state.unreachable.has(id)) {
      const until = state.elapsed + state.config.agentReregisterTimeoutMs;
      state.recovered.set(id, { id, info, until });
    }
    return;
  }
  enroll(state, link, id, waiting.message);
}

/** Sends what an agent with this record must know first. */
function sendRegistered(state: ClusterState, agent: AgentRecord): void {
  state.toAgent(agent, {
    type: 'REGISTERED',
    agent_id: { value: agent.id },
    master_id: state.master.id,
    master_hostname: state.master.hostname,
    ping_timeout_ms: state.config.agentPingIntervalMs * state.config.agentPingMissesMax,
  });
}

function admit(state: ClusterState, link: LinkRecord, id: string, message: RegisterMessage): void {
  state.change({ type: 'admit', id, info: { ...message.agent, id: { value: id } }, at: state.now });
  const transition = state.transitions.get(id);
  if (transition !== undefined) transition.waiting = { link: link.number, message };
}

/** Makes the record of an agent that the registry has. */
function enroll(state: ClusterState, link: LinkRecord, id: string, message: RegisterMessage): void {
  const again = message.agent.id !== undefined;
  if (again) state.counters.agentReregistrations += 1;
  else state.counters.agentRegistrations += 1;
  state.recovered.delete(id);
  const wasUnreachable = state.unreachable.delete(id);
  const agent = new AgentRecord(id, message.agent, state.now);
  if (again) agent.reregisteredAt = state.now;
  const former = state.addresses.get(addressOf(message.agent));
  // It started over before it learnt its id, and left nothing behind.
  if (former !== undefined && former.link === undefined && former.tasks.size === 0) removeUnused(state, former);
  state.agents.set(id, agent);
  bind(state, agent, link, message);
  state.tell({ type: 'AGENT_ADDED', agent });
  // The agent has reported all that it has: tasks that are still missing never come back.
  if (wasUnreachable) {
    endUnreachableTasks(state, id, {
      state: 'TASK_GONE',
      reason: 'REASON_RECONCILIATION',
      message: 'The agent has come back without the task',
    });
  }
}

/** Another link of an agent that is registered: the newer one wins. */
function attach(state: ClusterState, agent: AgentRecord, link: LinkRecord, message: RegisterMessage): void {
  state.counters.agentReregistrations += 1;
  agent.reregisteredAt = state.now;
  rescindOffers(state, agent);
  if (agent.link !== undefined) {
    const old = state.links.get(agent.link);
    if (old !== undefined) old.agentId = undefined;
    closeLink(state, agent.link);
  }
  bind(state, agent, link, message);
}

function bind(state: ClusterState, agent: AgentRecord, link: LinkRecord, message: RegisterMessage): void {
  agent.link = link.number;
  agent.info = { ...message.agent, id: { value: agent.id } };
  agent.disconnectedAt = undefined;
  agent.isSuspended = false;
  state.disconnected.delete(agent);
  state.probes.delete(agent.id);
  state.addresses.set(addressOf(agent.info), agent);
  link.agentId = agent.id;
  link.silentPings = 0;
  sendRegistered(state, agent);
  agent.checkpointed = checkpointedBy(state, agent, message);
  confirmOperations(state, agent, agent.checkpointed.version, true);
  setReportedResources(state, agent, withCheckpointed(capacityOf(state, agent), agent.checkpointed.held));
  believe(state, agent, message);
  believeExecutors(state, agent, message);
  for (const { frameworkId, taskId, gracePeriodMs } of agent.kills.values()) {
    state.toAgent(agent, {
      type: 'KILL_TASK',
      framework_id: { value: frameworkId },
      task_id: { value: taskId },
      ...(gracePeriodMs === undefined ? {} : { grace_period_ms: gracePeriodMs }),
    });
  }
  state.allocation.touch(agent);
  state.log('info', { agent: agent.id, hostname: agent.info.hostname, tasks: agent.tasks.size }, 'Agent registered');
}

/** Brings the master's tasks of this agent in line with what the agent reports over its new link. */
function believe(state: ClusterState, agent: AgentRecord, message: RegisterMessage): void {
  const reported = new Set<TaskRecord>();
  const removed = new Set<string>();
  for (const task of message.tasks) {
    const frameworkId = task.framework_id.value;
    if (state.removedFrameworks.has(frameworkId)) {
      removed.add(frameworkId);
      continue;
    }
    const framework =
      state.frameworks.get(frameworkId) ??
      recoverFramework(
        state,
        frameworkId,
        message.frameworks.find((info) => info.id?.value === frameworkId),
      );
    const record = believeTask(state, agent, framework, task);
    if (record !== undefined) reported.add(record);
  }
  refit(state, agent);
  for (const frameworkId of removed) {
    state.toAgent(agent, { type: 'SHUTDOWN_FRAMEWORK', framework_id: { value: frameworkId } });
  }
  for (const task of [...agent.tasks]) {
    const framework = state.frameworks.get(task.frameworkId);
    if (framework === undefined || reported.has(task)) continue;
    const neverSeen = task.statuses === undefined;
    endTask(state, framework, agent, task, {
      state: neverSeen ? 'TASK_DROPPED' : 'TASK_GONE',
      reason: 'REASON_RECONCILIATION',
      message: neverSeen ? 'Task never reached the agent' : 'Task is unknown to the agent',
    });
  }
}

/** @returns its record; undefined when another agent has one of this id */
function believeTask(
  state: ClusterState,
  agent: AgentRecord,
  framework: FrameworkRecord,
  task: ReportedTask,
): TaskRecord | undefined {
  const id = task.info.task_id.value;
  const known = framework.tasks.get(id);
  const back = framework.unreachableTasks.get(id);
  const place = (known ?? back)?.agentId;
  if (place !== undefined && place !== agent.id) {
    // The framework used an id twice, after the first task was declared gone. Neither of the two is touched.
    state.log('warn', { agent: agent.id, task: id, other: place }, 'Two agents report the same task');
    return undefined;
  }
  if (known !== undefined) {
    if (known.statuses === undefined) takeReported(state, framework, known, task);
    else setTaskState(state, framework, known, task.state);
    if (isTerminal(known.state)) {
      // This message may have adopted it, and what is free is counted anew only when all are adopted.
      refit(state, agent);
      releaseTask(state, framework, agent, known);
    }
    return known;
  }
  const record =
    back === undefined ? newRecord(state, agent, framework, task) : bringBack(state, agent, framework, back, task);
  if (!isTerminal(record.state)) {
    adoptTask(state, framework, agent, record, executorOf(state, agent, framework, record, task));
  }
  if (back !== undefined) {
    sendMasterStatus(state, framework, {
      taskId: id,
      agentId: agent.id,
      state: record.statusState,
      reason: 'REASON_AGENT_REREGISTERED',
      message: 'Task is running on an agent that has come back',
    });
  } else if (!isTerminal(record.state)) {
    // Frameworks ask for all that runs now and then, not at this moment.
    answerKnown(state, framework, record);
  }
  return record;
}

function newRecord(
  state: ClusterState,
  agent: AgentRecord,
  framework: FrameworkRecord,
  task: ReportedTask,
): TaskRecord {
  const role = allocatedRole(task.info.resources);
  const record = addTask(
    state,
    framework,
    agent,
    task.info,
    role ?? rolesOf(framework.info)[0] ?? '*',
    readResources(state, agent, task.info.resources),
    task.executor?.executor_id.value,
  );
  takeReported(state, framework, record, task);
  return record;
}

/** The executor of a task's pod as the agent reports it. */
function executorOf(
  state: ClusterState,
  agent: AgentRecord,
  framework: FrameworkRecord,
  record: TaskRecord,
  { executor }: ReportedTask,
): ReportedExecutorRecord | undefined {
  if (executor === undefined) return undefined;
  return reportedExecutor(state, agent, framework, executor, record.role);
}

function reportedExecutor(
  state: ClusterState,
  agent: AgentRecord,
  framework: FrameworkRecord,
  info: ExecutorInfo,
  role: string,
): ReportedExecutorRecord {
  const resources = readResources(state, agent, info.resources);
  return { id: info.executor_id.value, frameworkId: framework.id, role, info, resources };
}

/** Custom executors live and end apart from their tasks. */
function believeExecutors(
  state: ClusterState,
  agent: AgentRecord,
  { executors = [], frameworks }: RegisterMessage,
): void {
  for (const { framework_id: id, executor } of executors) {
    if (state.removedFrameworks.has(id.value)) {
      state.toAgent(agent, { type: 'SHUTDOWN_FRAMEWORK', framework_id: id });
      continue;
    }
    const framework =
      state.frameworks.get(id.value) ??
      recoverFramework(
        state,
        id.value,
        frameworks.find((info) => info.id?.value === id.value),
      );
    const role = allocatedRole(executor.resources) ?? rolesOf(framework.info)[0] ?? '*';
    adoptProcess(state, framework, agent, reportedExecutor(state, agent, framework, executor, role));
  }
  endUnreported(state, agent, executors);
}

function allocatedRole(resources: readonly Resource[]): string | undefined {
  return resources.find((resource) => resource.allocation_info !== undefined)?.allocation_info?.role;
}

function readResources(state: ClusterState, agent: AgentRecord, resources: readonly Resource[]): ResourceVector {
  const parsed = parseResources(resources);
  if (parsed.ok) return parsed.vector;
  state.log('warn', { agent: agent.id, problem: parsed.problem }, 'A reported task has unreadable resources');
  return NOTHING;
}

/** What the agent has checkpointed of operations: it decides, since that is what is on its disk. */
function checkpointedBy(
  state: ClusterState,
  agent: AgentRecord,
  { checkpointed }: RegisterMessage,
): AgentRecord['checkpointed'] {
  if (checkpointed === undefined) return { version: 0, held: NO_HOLDINGS };
  const { held } = readResources(state, agent, checkpointed.resources);
  return { version: checkpointed.version, held };
}

function bringBack(
  state: ClusterState,
  agent: AgentRecord,
  framework: FrameworkRecord,
  record: TaskRecord,
  task: ReportedTask,
): TaskRecord {
  framework.unreachableTasks.delete(record.id);
  // TASK_LOST is final for any other record; for this one it was only a guess.
  record.state = 'TASK_STAGING';
  attachTask(state, framework, agent, record);
  takeReported(state, framework, record, task);
  return record;
}

function takeReported(state: ClusterState, framework: FrameworkRecord, record: TaskRecord, task: ReportedTask): void {
  setTaskState(state, framework, record, task.state);
  record.statusState = task.status?.state ?? task.state;
  record.statusUuid = task.status?.uuid;
  keepStatus(record, task.status ?? { task_id: task.info.task_id, state: task.state, timestamp: state.now / 1000 });
}

function reject(state: ClusterState, link: LinkRecord, reason: string, shutdown: boolean): void {
  closeLink(state, link.number, { type: 'REJECTED', reason, shutdown });
}
