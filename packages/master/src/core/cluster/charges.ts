/**
 * The only place where resources change hands: free, offered, charged. The vectors assert that nothing is taken that is
 * not there, which is invariant 1: no agent is ever charged more than it has, and nothing is freed twice.
 */
import { assert } from '@stadion/base';
import { intersectPorts } from '../resources/port-ranges.ts';
import { add, contains, isNothing, maximum, subtract, type ResourceVector } from '../resources/resource-vector.ts';
import type { FrameworkShare } from '../allocation/role-tree.ts';
import { taskKey, type AgentRecord, type FrameworkRecord, type OfferRecord, type TaskRecord } from './records.ts';
import type { ClusterState } from './state.ts';

/** Everything free on the agent becomes an offer. */
export function offerAll(state: ClusterState, offer: OfferRecord, share: FrameworkShare): void {
  const { agent } = offer;
  agent.free = subtract(agent.free, offer.resources);
  agent.offered = add(agent.offered, offer.resources);
  state.roles.allocate(share, offer.resources);
  agent.offers.add(offer);
  offer.framework.offers.add(offer);
  state.offers.set(offer.id, offer);
}

/** An offer ends; `launched` of it is charged, the rest is free again. */
export function settleOffers(
  state: ClusterState,
  agent: AgentRecord,
  share: FrameworkShare,
  offers: readonly OfferRecord[],
  remainder: ResourceVector,
): void {
  for (const offer of offers) {
    removeOffer(state, offer);
    agent.offered = subtract(agent.offered, offer.resources);
    agent.charged = add(agent.charged, offer.resources);
  }
  agent.charged = subtract(agent.charged, remainder);
  agent.free = add(agent.free, remainder);
  state.roles.charge(share, remainder, -1);
  if (agent.overcommitted) refit(state, agent);
  state.allocation.touch(agent);
}

/** An offer ends unused. */
export function withdrawOffer(state: ClusterState, offer: OfferRecord): void {
  const share = shareOf(state, offer.framework, offer.role);
  removeOffer(state, offer);
  offer.agent.offered = subtract(offer.agent.offered, offer.resources);
  offer.agent.free = add(offer.agent.free, offer.resources);
  state.roles.charge(share, offer.resources, -1);
  if (offer.agent.overcommitted) refit(state, offer.agent);
  state.allocation.touch(offer.agent);
}

/** A task of a registered agent is over: what it held is free, and no kill waits for it. Once per task, however often one is told. */
export function releaseTask(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskRecord,
): void {
  if (!task.charged) return;
  task.charged = false;
  if (agent.kills.size > 0) agent.kills.delete(taskKey(framework.id, task.id));
  agent.charged = subtract(agent.charged, task.resources);
  agent.free = add(agent.free, task.resources);
  state.roles.charge(shareOf(state, framework, task.role), task.resources, -1);
  if (agent.overcommitted) refit(state, agent);
  state.allocation.touch(agent);
}

/**
 * A task that an agent reports is charged as it stands: it runs, whether it fits or not. Where it does not, the agent
 * evidently has more than it says, and its total is raised until enough tasks have ended. A task that claims a port of
 * another one stays uncharged: a port is held once.
 */
export function adoptTask(state: ClusterState, framework: FrameworkRecord, agent: AgentRecord, task: TaskRecord): void {
  assert(!task.charged, 'a task is charged twice');
  assert(agent.offers.size === 0, 'tasks are adopted while offers are out');
  if (intersectPorts(agent.charged.ports, task.resources.ports).length > 0) return;
  task.charged = true;
  agent.charged = add(agent.charged, task.resources);
  state.roles.charge(shareOf(state, framework, task.role), task.resources, 1);
  refit(state, agent);
}

/** The agent says what it has; what runs there stays counted even beyond that. */
export function setReportedResources(state: ClusterState, agent: AgentRecord, reported: ResourceVector): void {
  agent.reported = reported;
  refit(state, agent);
}

/** The agent leaves the cluster, without tasks or offers by now. */
export function removeCapacity(state: ClusterState, agent: AgentRecord): void {
  assert(
    isNothing(agent.charged) && isNothing(agent.offered),
    'an agent leaves while something is still charged to it',
  );
  state.roles.resize(agent.total, -1);
}

/** What a framework holds in a role. */
export function shareOf(state: ClusterState, framework: FrameworkRecord, role: string): FrameworkShare {
  let share = framework.shares.get(role);
  if (share === undefined) {
    share = state.roles.share(framework.id, role);
    framework.shares.set(role, share);
  }
  return share;
}

/** total = the reported resources, or what is held where that is more; free = the rest. */
function refit(state: ClusterState, agent: AgentRecord): void {
  const held = add(agent.charged, agent.offered);
  const total = contains(agent.reported, held) ? agent.reported : maximum(agent.reported, held);
  state.roles.resize(agent.total, -1);
  state.roles.resize(total, 1);
  agent.overcommitted = total !== agent.reported;
  agent.total = total;
  agent.free = subtract(total, held);
}

function removeOffer(state: ClusterState, offer: OfferRecord): void {
  assert(state.offers.delete(offer.id), 'an offer ends twice');
  offer.agent.offers.delete(offer);
  offer.framework.offers.delete(offer);
}
