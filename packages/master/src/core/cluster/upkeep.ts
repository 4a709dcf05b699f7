/**
 * How people want an agent treated: left out of new work (cordoned), or emptied and then left out (drained). What was
 * asked for is durable before it acts, and survives the agent, the master and both.
 */
import { rescindOffers } from './removal.ts';
import type { StatusReason, TaskState } from '@stadion/contract/mesos';
import type { RegistryChange } from './exchange.ts';
import { taskKey, type AgentRecord, type FrameworkRecord } from './records.ts';
import type { ClusterState } from './state.ts';

/** The registry has it. */
export function treated(state: ClusterState, { id, upkeep }: Extract<RegistryChange, { type: 'treat' }>): void {
  if (upkeep === undefined) state.upkeep.delete(id);
  else state.upkeep.set(id, upkeep);
  const agent = state.agents.get(id);
  state.log('info', { agent: id, hostname: agent?.info.hostname, upkeep }, 'Agent is to be treated so');
  if (agent === undefined) return;
  if (upkeep === undefined) state.allocation.touch(agent);
  else rescindOffers(state, agent);
}

/** Once a second: drains whose time has come. */
export function keepUp(state: ClusterState): void {
  for (const [agentId, { drain }] of state.upkeep) {
    const agent = state.agents.get(agentId);
    if (drain === undefined || agent === undefined || state.transitions.has(agentId)) continue;
    if (agent.hasTasks) {
      if (state.now >= drain.deadline) killAll(state, agent, drain.gracePeriodMs);
    } else if (drain.markGone) state.change({ type: 'mark-gone', id: agentId, info: agent.info, at: state.now });
  }
}

/** Whether an agent may get new work. */
export function takesWork(state: ClusterState, agent: AgentRecord): boolean {
  return !state.upkeep.has(agent.id);
}

/**
 * What an agent reports, with what its drain has to do with it, as Mesos's agents tell it: whoever asked for the end of a task,
 * the reason is the drain, and the task of an agent that goes for good is gone with it. Mesos says the latter of a task that is
 * still being killed, too; a final state waits here for the end.
 */
export function inDrain<Told extends { readonly state: TaskState; readonly reason?: StatusReason }>(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  told: Told,
): Told {
  const drain = state.upkeep.get(agent.id)?.drain;
  if (drain === undefined || (told.state !== 'TASK_KILLING' && told.state !== 'TASK_KILLED')) return told;
  const isGone = told.state === 'TASK_KILLED' && drain.markGone && framework.partitionAware;
  return { ...told, reason: 'REASON_AGENT_DRAINING', ...(isGone && { state: 'TASK_GONE_BY_OPERATOR' }) };
}

function killAll(state: ClusterState, agent: AgentRecord, gracePeriodMs: number | undefined): void {
  for (const { id: taskId, frameworkId, charged } of agent.tasks) {
    const key = taskKey(frameworkId, taskId);
    if (!charged || agent.kills.has(key)) continue;
    agent.kills.set(key, { frameworkId, taskId, gracePeriodMs });
    state.toAgent(agent, {
      type: 'KILL_TASK',
      framework_id: { value: frameworkId },
      task_id: { value: taskId },
      ...(gracePeriodMs === undefined ? {} : { grace_period_ms: gracePeriodMs }),
    });
  }
}
