/**
 * The only place where resources change hands: free, offered, charged. The vectors assert that nothing is taken that is
 * not there, which is invariant 1: no agent is ever charged more than it has, and nothing is freed twice.
 */
import { assert } from '@stadion/base';
import { withCheckpointed } from '../resources/checkpointed.ts';
import { holdingsBeyond, isWhole, volumeId, NO_HOLDINGS, type Holding, type Holdings } from '../resources/holdings.ts';
import { intersectPorts } from '../resources/port-ranges.ts';
import {
  NOTHING,
  add,
  contains,
  isNothing,
  maximum,
  portsOf,
  scalarsOf,
  subtract,
  type ResourceVector,
} from '../resources/resource-vector.ts';
import type { FrameworkShare } from '../allocation/role-tree.ts';
import {
  taskKey,
  type AgentRecord,
  type ExecutorRecord,
  type FrameworkRecord,
  type OfferRecord,
  type TaskRecord,
} from './records.ts';
import type { ClusterState } from './state.ts';

/** An executor as an agent reports it. */
export type ReportedExecutorRecord = Omit<ExecutorRecord, 'charged' | 'hasProcess'>;

/** Moves the resources of a new offer from free to offered, and keeps its record. */
export function openOffer(state: ClusterState, offer: OfferRecord, share: FrameworkShare): void {
  const { agent } = offer;
  agent.free = subtract(agent.free, offer.resources);
  agent.offered = add(agent.offered, offer.resources);
  state.roles.allocate(share, scalarsOf(offer.resources));
  agent.offers.add(offer);
  offer.framework.offers.add(offer);
  state.offers.set(offer.id, offer);
}

/** What became of the resources of offers; `conversions`: what operations took, and what they made of it, in order. */
export interface Settlement {
  readonly launched: ResourceVector;
  readonly remainder: ResourceVector;
  readonly conversions: readonly { readonly from: ResourceVector; readonly to: ResourceVector }[];
}

/** Offers end; what was launched is charged, the rest is free again, reserved or not as the operations have it. */
export function settleOffers(
  state: ClusterState,
  agent: AgentRecord,
  share: FrameworkShare,
  offers: readonly OfferRecord[],
  { launched, remainder, conversions }: Settlement,
): void {
  for (const offer of offers) {
    removeOffer(state, offer);
    agent.offered = subtract(agent.offered, offer.resources);
    state.roles.charge(share, scalarsOf(offer.resources), -1);
  }
  agent.charged = add(agent.charged, launched);
  agent.free = add(agent.free, remainder);
  state.roles.charge(share, scalarsOf(launched), 1);
  for (const { from, to } of conversions) {
    agent.total = add(subtract(agent.total, from), to);
    agent.reported = add(subtract(agent.reported, from), to);
  }
  if (conversions.length > 0) {
    agent.checkpointed = { version: agent.checkpointed.version + 1, held: checkpointedOf(agent.total.held) };
  }
  if (agent.overcommitted) refit(state, agent);
  state.allocation.touch(agent);
}

/** An operator makes something else of what is free on an agent. */
export function convertFree(
  state: ClusterState,
  agent: AgentRecord,
  { from, to }: Settlement['conversions'][number],
): void {
  agent.free = add(subtract(agent.free, from), to);
  agent.total = add(subtract(agent.total, from), to);
  agent.reported = add(subtract(agent.reported, from), to);
  agent.checkpointed = { version: agent.checkpointed.version + 1, held: checkpointedOf(agent.total.held) };
  if (agent.overcommitted) refit(state, agent);
  state.allocation.touch(agent);
}

/** An offer ends unused. */
export function withdrawOffer(state: ClusterState, offer: OfferRecord): void {
  const share = shareOf(state, offer.framework, offer.role);
  removeOffer(state, offer);
  offer.agent.offered = subtract(offer.agent.offered, offer.resources);
  offer.agent.free = add(offer.agent.free, offer.resources);
  state.roles.charge(share, scalarsOf(offer.resources), -1);
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
  const over = add(task.resources, endExecutor(agent, task));
  agent.charged = subtract(agent.charged, over);
  agent.free = add(agent.free, over);
  state.roles.charge(shareOf(state, framework, task.role), scalarsOf(over), -1);
  if (agent.overcommitted) refit(state, agent);
  state.allocation.touch(agent);
}

/** What the executor of a task held, when the task was the last that is charged for it. */
function endExecutor(agent: AgentRecord, task: TaskRecord): ResourceVector {
  if (task.executorId === undefined) return NOTHING;
  const executor = agent.executors.get(taskKey(task.frameworkId, task.executorId));
  if (executor === undefined) return NOTHING;
  executor.charged -= 1;
  return forgetUnused(agent, executor);
}

/** Forgets an executor that has neither tasks nor a process. @returns what it held; nothing while it has either */
function forgetUnused(agent: AgentRecord, executor: ExecutorRecord): ResourceVector {
  if (executor.charged > 0 || executor.hasProcess) return NOTHING;
  agent.executors.delete(taskKey(executor.frameworkId, executor.id));
  return executor.resources;
}

/** The process of a custom executor is over: what the executor held is free when its last task is over, too. */
export function releaseExecutor(state: ClusterState, agent: AgentRecord, executor: ExecutorRecord): void {
  if (!executor.hasProcess) return;
  executor.hasProcess = false;
  const over = forgetUnused(agent, executor);
  agent.charged = subtract(agent.charged, over);
  agent.free = add(agent.free, over);
  const framework = state.frameworks.get(executor.frameworkId);
  if (framework !== undefined) state.roles.charge(shareOf(state, framework, executor.role), scalarsOf(over), -1);
  if (agent.overcommitted) refit(state, agent);
  state.allocation.touch(agent);
}

/**
 * A task that an agent reports is charged as it stands: it runs, whether it fits or not. Where it does not, the agent
 * evidently has more than it says, and its total is raised until enough tasks have ended. A task that claims a port or
 * a volume of another one stays uncharged: each is held once. What is free is counted anew when all are taken in: {@link refit}.
 */
export function adoptTask(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  task: TaskRecord,
  executor: ReportedExecutorRecord | undefined,
): void {
  assert(!task.charged, 'a task is charged twice');
  assert(agent.offers.size === 0, 'tasks are adopted while offers are out');
  if (isTaken(agent, task.resources)) return;
  task.charged = true;
  agent.charged = add(agent.charged, task.resources);
  state.roles.charge(shareOf(state, framework, task.role), scalarsOf(task.resources), 1);
  if (executor !== undefined) adoptExecutor(state, framework, agent, executor).charged += 1;
}

function adoptExecutor(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  reported: ReportedExecutorRecord,
): ExecutorRecord {
  const key = taskKey(framework.id, reported.id);
  const known = agent.executors.get(key);
  if (known !== undefined) return known;
  const resources = isTaken(agent, reported.resources) ? NOTHING : reported.resources;
  const record: ExecutorRecord = { ...reported, resources, charged: 0, hasProcess: false };
  agent.executors.set(key, record);
  agent.charged = add(agent.charged, resources);
  state.roles.charge(shareOf(state, framework, reported.role), scalarsOf(resources), 1);
  return record;
}

/** A custom executor that an agent reports is charged as it stands, like its tasks. */
export function adoptProcess(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  executor: ReportedExecutorRecord,
): void {
  assert(agent.offers.size === 0, 'executors are adopted while offers are out');
  adoptExecutor(state, framework, agent, executor).hasProcess = true;
  refit(state, agent);
}

/** Whether it claims a port or a volume that another task holds. */
function isTaken(agent: AgentRecord, resources: ResourceVector): boolean {
  if (intersectPorts(portsOf(agent.charged), portsOf(resources)).length > 0) return true;
  for (const [key, holding] of resources.held) {
    if (isWhole(holding) && agent.charged.held.has(key)) return true;
  }
  return false;
}

/** Of reserved resources, those that the agent must keep on its disk. Static reservations are in its settings. */
export function checkpointedOf(held: Holdings): Holdings {
  if (held === NO_HOLDINGS) return held;
  const kept = new Map<string, Holding>();
  for (const [key, holding] of held) {
    const isDynamic = holding.reservations.some(({ type }) => type === 'DYNAMIC');
    if (isDynamic || volumeId(holding) !== undefined) kept.set(key, holding);
  }
  return kept.size === 0 ? NO_HOLDINGS : kept;
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
  state.roles.resize(scalarsOf(agent.total), -1);
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

/**
 * total = what the agent reports, or what is held on it where that is more; free = the rest. A held reservation that the
 * agent does not report was made of its unreserved resources, which are therefore not counted twice.
 */
export function refit(state: ClusterState, agent: AgentRecord): void {
  const held = add(agent.charged, agent.offered);
  const { reported } = agent;
  const total = contains(reported, held)
    ? reported
    : maximum(withCheckpointed(reported, holdingsBeyond(held.held, reported.held)), held);
  state.roles.resize(scalarsOf(agent.total), -1);
  state.roles.resize(scalarsOf(total), 1);
  agent.overcommitted = total !== reported;
  agent.total = total;
  agent.free = subtract(total, held);
}

function removeOffer(state: ClusterState, offer: OfferRecord): void {
  assert(state.offers.delete(offer.id), 'an offer ends twice');
  offer.agent.offers.delete(offer);
  offer.framework.offers.delete(offer);
}
