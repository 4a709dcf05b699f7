/** Makes offers: the whole free remainder of an agent goes to the first framework, in DRF order, that may have it. */
import type { Offer } from '@stadion/contract/mesos';
import { ALLOCATION_PAUSE_MS_MAX, ALLOCATION_PAUSE_SHARE, OFFERS_PER_EVENT_MAX } from '../../limits.ts';
import { agentUrl } from '../cluster/agent-url.ts';
import { openOffer } from '../cluster/charges.ts';
import type { AgentRecord, FrameworkRecord, OfferRecord } from '../cluster/records.ts';
import type { ClusterState } from '../cluster/state.ts';
import { takesWork } from '../cluster/upkeep.ts';
import { formatResources } from '../resources/resource-format.ts';
import { availableTo, isNothing, withoutRevocable, type ResourceVector } from '../resources/resource-vector.ts';
import { unavailabilityOf } from '../settings/maintenance.ts';
import { NONE_IDLE, idleReservations, withinQuota, type IdleReservations } from './quota-room.ts';
import { isAllocatable } from './offer-wishes.ts';
import { isRefused } from './refusals.ts';
import type { FrameworkShare } from './role-tree.ts';

/** Looks at up to `limit` agents that wait for it and sends what comes of it, in OFFERS events of a bounded size. */
export function allocate(state: ClusterState, limit: number): void {
  if (state.roles.activeShares === 0) {
    // Whoever comes to want offers begins a sweep over all agents.
    state.allocation.clear();
    return;
  }
  if (mustWait(state)) {
    state.isAllocationPaused = true;
    state.allocation.clear();
    return;
  }
  state.counters.allocationRuns += 1;
  const idle = state.roles.hasQuotas ? idleReservations(state) : NONE_IDLE;
  const batches = new Map<FrameworkRecord, Offer[]>();
  for (let looked = 0; looked < limit; looked += 1) {
    const agent = state.allocation.next(() => state.agents.values());
    if (agent === undefined) break;
    const record = offerAgent(state, agent, idle);
    if (record === undefined) continue;
    let batch = batches.get(record.framework);
    if (batch === undefined) {
      batch = [];
      batches.set(record.framework, batch);
    }
    batch.push(toOffer(state, record));
    if (batch.length < OFFERS_PER_EVENT_MAX) continue;
    send(state, record.framework, batch);
    batches.delete(record.framework);
  }
  for (const [framework, batch] of batches) send(state, framework, batch);
}

/** Once a second: allocation that had to wait goes on when enough agents are back. */
export function resumeAllocation(state: ClusterState): void {
  if (!state.isAllocationPaused || mustWait(state)) return;
  state.isAllocationPaused = false;
  state.allocation.touchAll();
}

/**
 * With quotas nothing is offered before most agents are back after a change of masters: what roles hold on the others is not
 * known, and they would get too much (Mesos: 80 % of the agents, or ten minutes).
 */
function mustWait(state: ClusterState): boolean {
  if (!state.roles.hasQuotas || state.elapsed - state.recoveredAt >= ALLOCATION_PAUSE_MS_MAX) return false;
  const known = state.agents.size + state.recovered.size;
  return state.recovered.size > known * (1 - ALLOCATION_PAUSE_SHARE);
}

/** True when the agent may be offered at all. */
function isOfferable(state: ClusterState, agent: AgentRecord): boolean {
  return (
    agent.link !== undefined &&
    state.agents.get(agent.id) === agent &&
    !state.transitions.has(agent.id) &&
    takesWork(state, agent) &&
    (isAllocatable(agent.free) || (state.withOwnAmounts.size > 0 && !isNothing(agent.free)))
  );
}

function offerAgent(state: ClusterState, agent: AgentRecord, idle: IdleReservations): OfferRecord | undefined {
  if (!isOfferable(state, agent)) return undefined;
  for (const share of state.roles.inOrder()) {
    const framework = state.frameworks.get(share.frameworkId);
    if (framework === undefined) continue;
    const free = framework.takesRevocable ? agent.free : withoutRevocable(agent.free);
    const resources = withinQuota(share.role, availableTo(free, share.role.name), idle);
    if (!mayHave(state, agent, framework, share, resources)) continue;
    const offer: OfferRecord = {
      id: `${state.master.id}-O${String(state.nextOffer)}`,
      framework,
      role: share.role.name,
      agent,
      resources,
      madeAt: state.elapsed,
    };
    state.nextOffer += 1;
    openOffer(state, offer, share);
    return offer;
  }
  return undefined;
}

function mayHave(
  state: ClusterState,
  agent: AgentRecord,
  framework: FrameworkRecord,
  share: FrameworkShare,
  resources: ResourceVector,
): boolean {
  const role = share.role.name;
  // What is left may be reserved for others, or above the role's quota.
  const isEnough = framework.wishes.amounts.get(role) ?? isAllocatable;
  if (isNothing(resources) || !isEnough(resources)) return false;
  if (framework.wishes.agents.get(role)?.(agent.info) === false) return false;
  // GPUs are few: agents that have them are kept for those who can use them (`--filter_gpu_resources`).
  if (agent.total.gpus > 0 && !framework.gpuAware) return false;
  for (const offer of agent.offers) {
    if (offer.framework === framework && offer.role === share.role.name) return false;
  }
  return !isRefused(state, agent, share, resources);
}

function send(state: ClusterState, framework: FrameworkRecord, offers: Offer[]): void {
  state.counters.offersSent += offers.length;
  framework.counters.offersSent += offers.length;
  state.toFramework(framework, { type: 'OFFERS', offers: { offers } });
}

function toOffer(state: ClusterState, { id, framework, role, agent, resources }: OfferRecord): Offer {
  const { info } = agent;
  const unavailability = unavailabilityOf(state.settings, info);
  const executors =
    agent.executors.size === 0
      ? []
      : [...agent.executors.values()].filter(({ frameworkId }) => frameworkId === framework.id);
  return {
    id: { value: id },
    framework_id: { value: framework.id },
    agent_id: { value: agent.id },
    hostname: info.hostname,
    url: agentUrl(info),
    resources: formatResources(resources, { role, legacyReservations: !framework.refinesReservations }),
    attributes: info.attributes,
    allocation_info: { role },
    containerizers: info.containerizers,
    ...(executors.length === 0 ? {} : { executor_ids: executors.map((executor) => ({ value: executor.id })) }),
    ...(info.domain === undefined ? {} : { domain: info.domain }),
    ...(unavailability === undefined ? {} : { unavailability }),
  };
}
