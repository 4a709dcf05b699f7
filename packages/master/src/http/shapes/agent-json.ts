/** One agent in the legacy JSON of `/state`, `/slaves` and `/state-summary`. */
import { hostPort } from '@stadion/base';
import { AGENT_CAPABILITIES } from '@stadion/contract/agent-link';
import type { AgentRecord, RecoveredAgent } from '../../core/cluster/records.ts';
import type { ClusterView } from '../../core/cluster/state.ts';
import {
  formatResources,
  legacyAttributes,
  legacyReserved,
  legacyResources,
  legacyUnreserved,
  reservedInFull,
  unreservedInFull,
} from '../../core/resources/resource-format.ts';

/** `pid` must parse as `x@ip:port`: mesos-dns depends on it. */
export function agentJson(view: ClusterView, agent: AgentRecord) {
  const { info } = agent;
  return {
    id: agent.id,
    hostname: info.hostname,
    port: info.port,
    attributes: legacyAttributes(info.attributes),
    ...(info.domain === undefined ? {} : { domain: info.domain }),
    pid: `slave(1)@${hostPort(info.ip, info.port)}`,
    registered_time: agent.registeredAt / 1000,
    ...(agent.reregisteredAt === undefined ? {} : { reregistered_time: agent.reregisteredAt / 1000 }),
    resources: legacyResources(agent.total),
    used_resources: legacyResources(agent.charged),
    offered_resources: legacyResources(agent.offered),
    reserved_resources: legacyReserved(agent.total),
    unreserved_resources: legacyUnreserved(agent.total),
    active: isActive(view, agent),
    deactivated: view.upkeep.has(agent.id),
    ...drainJson(view, agent),
    version: info.version,
    capabilities: AGENT_CAPABILITIES,
    containerizers: info.containerizers,
    ...(info.containerizer_problems === undefined ? {} : { containerizer_problems: info.containerizer_problems }),
  };
}

/** The same in the legacy form. */
function drainJson(view: ClusterView, agent: AgentRecord) {
  const { drain_info: info, estimated_drain_start_time: start } = drainV1(view, agent);
  if (info === undefined || start === undefined) return {};
  return { drain_info: info, estimated_drain_start_time_seconds: start.nanoseconds / 1_000_000_000 };
}

/** `drain_info` and when the drain began, while an agent is being emptied or is empty for that reason. */
export function drainV1(
  view: ClusterView,
  agent: AgentRecord,
): { readonly drain_info?: object; readonly estimated_drain_start_time?: { readonly nanoseconds: number } } {
  const drain = view.upkeep.get(agent.id)?.drain;
  if (drain === undefined) return {};
  const grace = drain.gracePeriodMs;
  return {
    drain_info: {
      state: agent.hasTasks ? 'DRAINING' : 'DRAINED',
      config: {
        ...(grace === undefined ? {} : { max_grace_period: { nanoseconds: grace * 1_000_000 } }),
        mark_gone: drain.markGone,
      },
    },
    estimated_drain_start_time: { nanoseconds: drain.startedAt * 1_000_000 },
  };
}

/** The same, with raw resources, for `/slaves`. */
export function fullAgentJson(view: ClusterView, agent: AgentRecord) {
  return {
    ...agentJson(view, agent),
    reserved_resources_full: reservedInFull(agent.total),
    unreserved_resources_full: unreservedInFull(agent.total),
    used_resources_full: formatResources(agent.charged),
    offered_resources_full: formatResources(agent.offered),
  };
}

/** An agent that has not come back since the master started, or that was given up. */
export function recoveredAgentJson({ id, info }: Pick<RecoveredAgent, 'id' | 'info'>) {
  return {
    id,
    hostname: info.hostname,
    port: info.port,
    attributes: legacyAttributes(info.attributes),
    ...(info.domain === undefined ? {} : { domain: info.domain }),
  };
}

/** True while the agent is connected, may get work, and nothing is being decided against it. */
export function isActive(view: ClusterView, agent: AgentRecord): boolean {
  return agent.link !== undefined && !view.transitions.has(agent.id) && !view.upkeep.has(agent.id);
}
