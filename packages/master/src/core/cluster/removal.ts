/** Agents go: their link breaks, they leave, or they are declared unreachable or gone. */
import type { AgentInfo } from '@stadion/contract/agent-link';
import { isTerminal, type StatusReason, type TaskState } from '@stadion/contract/mesos';
import { FORGOTTEN_AGENTS_MAX, FORGOTTEN_AGENT_AGE_MS_MAX } from '../../limits.ts';
import { removeCapacity, withdrawOffer } from './charges.ts';
import type { RegisteredAgent } from './exchange.ts';
import { forgetExecutors } from './executors.ts';
import { rescindInverseOffers } from './inverse-offers.ts';
import { closeLink } from './links.ts';
import { loseOperations } from './operation-feedback.ts';
import { addressOf, type AgentRecord, type FrameworkRecord, type OfferRecord, type TaskRecord } from './records.ts';
import type { ClusterState } from './state.ts';
import { sendMasterStatus } from './statuses.ts';
import { completeTask, detachTask, endTask, noteMasterState } from './tasks.ts';

/** The link broke: no more offers of this agent, those that are out are rescinded. Its tasks stay what they are. */
export function linkClosed(state: ClusterState, linkNumber: number): void {
  const link = state.links.get(linkNumber);
  state.links.delete(linkNumber);
  const agent = link?.agentId === undefined ? undefined : state.agents.get(link.agentId);
  if (agent?.link !== linkNumber) return;
  agent.link = undefined;
  agent.disconnectedAt = state.elapsed;
  state.disconnected.add(agent);
  rescindOffers(state, agent);
  state.log('info', { agent: agent.id, hostname: agent.info.hostname }, 'Agent disconnected');
}

/** The agent leaves on purpose, and its tasks with it. */
export function unregister(state: ClusterState, agent: AgentRecord): void {
  state.counters.messagesUnregisterAgent += 1;
  if (state.transitions.has(agent.id)) return;
  state.counters.agentRemovals += 1;
  state.counters.agentRemovalsUnregistered += 1;
  state.change({ type: 'remove', id: agent.id });
  leave(state, agent, (framework, task) => {
    endTask(state, framework, agent, task, {
      state: 'TASK_GONE',
      reason: 'REASON_AGENT_REMOVED',
      message: 'The agent left the cluster',
    });
  });
}

/** An operator takes its machine out of service: the agent is told to end, and is no part of the cluster any more. */
export function shutDown(state: ClusterState, agent: AgentRecord, reason: string): void {
  const { link } = agent;
  state.counters.agentRemovals += 1;
  state.change({ type: 'remove', id: agent.id });
  leave(state, agent, (framework, task) => {
    endTask(state, framework, agent, task, {
      state: 'TASK_GONE',
      reason: 'REASON_AGENT_REMOVED',
      message: reason,
    });
  });
  if (link !== undefined) closeLink(state, link, { type: 'REJECTED', reason, shutdown: true });
}

/** Takes an agent out of the list that never learnt its id, so that nobody will miss it. */
export function removeUnused(state: ClusterState, agent: AgentRecord): void {
  if (state.agents.get(agent.id) !== agent || state.transitions.has(agent.id)) return;
  state.change({ type: 'remove', id: agent.id });
  leave(state, agent, () => undefined);
}

/** The registry has it: the agent is gone for ever. */
export function markedGone(state: ClusterState, entry: RegisteredAgent): void {
  state.gone.set(entry.id, entry);
  state.recovered.delete(entry.id);
  state.probes.delete(entry.id);
  const agent = state.agents.get(entry.id);
  const end = {
    state: 'TASK_GONE_BY_OPERATOR',
    reason: 'REASON_AGENT_REMOVED_BY_OPERATOR',
    message: 'The agent was marked gone',
  } as const;
  if (agent === undefined) {
    state.unreachable.delete(entry.id);
    endUnreachableTasks(state, entry.id, end);
    return;
  }
  const { link } = agent;
  leave(state, agent, (framework, task) => {
    endTask(state, framework, agent, task, end);
  });
  if (link === undefined) return;
  closeLink(state, link, { type: 'REJECTED', reason: 'the agent was marked gone by an operator', shutdown: true });
}

/**
 * The registry has it: tasks of the agent are unreachable from now on. Its link is closed, should it still be open: what
 * is under way on it, launches one way and lists of tasks the other, is older than what was just decided. Over a new
 * link the agent says what it has by then, and takes nothing more from the old one.
 */
export function markedUnreachable(state: ClusterState, entry: RegisteredAgent): void {
  state.unreachable.set(entry.id, entry);
  state.counters.unreachableCompleted += 1;
  state.counters.agentRemovals += 1;
  state.counters.agentRemovalsUnhealthy += 1;
  state.probes.delete(entry.id);
  if (state.recovered.delete(entry.id)) state.counters.recoveryAgentRemovals += 1;
  const agent = state.agents.get(entry.id);
  state.log(
    'warn',
    { agent: entry.id, hostname: entry.info.hostname, tasks: agent?.tasks.size ?? 0 },
    'Agent is unreachable',
  );
  if (agent === undefined) return;
  const { link } = agent;
  leave(state, agent, (framework, task) => {
    if (isTerminal(task.state)) {
      completeTask(state, framework, agent, task);
      return;
    }
    // Counted as what it was until here; the record then waits aside for its agent.
    detachTask(state, framework, agent, task);
    noteMasterState(state, framework, task, 'TASK_UNREACHABLE');
    framework.unreachableTasks.set(task.id, task);
    sendMasterStatus(state, framework, {
      taskId: task.id,
      agentId: agent.id,
      state: 'TASK_UNREACHABLE',
      reason: 'REASON_AGENT_REMOVED',
      message: `Agent ${agent.info.hostname} is unreachable`,
      unreachableAt: entry.at,
    });
  });
  if (link !== undefined) closeLink(state, link);
}

/** Forgets unreachable and gone agents that are too old or too many; their tasks are then unknown. */
export function forgetOldAgents(state: ClusterState): void {
  for (const list of [state.unreachable, state.gone]) {
    for (const { id, at } of list.values()) {
      if (list.size <= FORGOTTEN_AGENTS_MAX && at > state.now - FORGOTTEN_AGENT_AGE_MS_MAX) break;
      if (state.transitions.has(id)) continue;
      list.delete(id);
      state.change({ type: 'remove', id });
      forgetUnreachableTasks(state, id);
    }
  }
}

/**
 * The agent leaves the cluster: offers, tasks, capacity, and a FAILURE event to every framework.
 * @param end ends one of its tasks
 */
function leave(
  state: ClusterState,
  agent: AgentRecord,
  end: (framework: FrameworkRecord, task: TaskRecord) => void,
): void {
  rescindOffers(state, agent);
  rescindInverseOffers(state, agent);
  for (const task of [...agent.tasks]) {
    const framework = state.frameworks.get(task.frameworkId);
    if (framework !== undefined) end(framework, task);
  }
  forgetExecutors(state, agent, () => true);
  loseOperations(state, agent, state.gone.has(agent.id) ? 'OPERATION_GONE_BY_OPERATOR' : 'OPERATION_UNREACHABLE');
  removeCapacity(state, agent);
  agent.link = undefined;
  state.agents.delete(agent.id);
  state.tell({ type: 'AGENT_REMOVED', agentId: agent.id });
  state.disconnected.delete(agent);
  state.silent.delete(agent.id);
  state.probes.delete(agent.id);
  const address = addressOf(agent.info);
  if (state.addresses.get(address) === agent) state.addresses.delete(address);
  for (const framework of state.frameworks.values()) {
    state.toFramework(framework, { type: 'FAILURE', failure: { agent_id: { value: agent.id } } });
  }
}

/** Takes back what is offered of an agent. */
export function rescindOffers(state: ClusterState, agent: AgentRecord): void {
  for (const offer of [...agent.offers]) rescindOffer(state, offer);
}

/** Takes back one offer. */
export function rescindOffer(state: ClusterState, offer: OfferRecord): void {
  withdrawOffer(state, offer);
  state.counters.offersRescinded += 1;
  offer.framework.counters.offersRescinded += 1;
  state.toFramework(offer.framework, { type: 'RESCIND', rescind: { offer_id: { value: offer.id } } });
}

/** Tells the end of what was unreachable with this agent. */
export function endUnreachableTasks(
  state: ClusterState,
  agentId: string,
  end: { readonly state: TaskState; readonly reason: StatusReason; readonly message: string },
): void {
  for (const framework of state.frameworks.values()) {
    for (const task of [...framework.unreachableTasks.values()]) {
      if (task.agentId !== agentId) continue;
      framework.unreachableTasks.delete(task.id);
      noteMasterState(state, framework, task, end.state);
      framework.completedTasks.push(task);
      sendMasterStatus(state, framework, { ...end, taskId: task.id, agentId });
    }
  }
}

function forgetUnreachableTasks(state: ClusterState, agentId: string): void {
  for (const framework of state.frameworks.values()) {
    for (const task of [...framework.unreachableTasks.values()]) {
      if (task.agentId === agentId) framework.unreachableTasks.delete(task.id);
    }
  }
}

/** Whether an agent answers over its link, from another address than this: two processes with one id, of which one is a copy. */
export function answersElsewhere(state: ClusterState, agent: AgentRecord, info: AgentInfo): boolean {
  const link = agent.link === undefined ? undefined : state.links.get(agent.link);
  return link !== undefined && link.silentPings <= 1 && addressOf(agent.info) !== addressOf(info);
}
