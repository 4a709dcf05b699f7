/** The life of a framework: subscribe, fail over, disconnect, be removed. The rules are Mesos's. */
import type { FrameworkInfo, SchedulerCall } from '@stadion/contract/mesos';
import type { OfferConstraints } from '@stadion/contract/mesos-workload';
import { FRAMEWORKS_MAX, REMOVED_FRAMEWORKS_MAX } from '../../limits.ts';
import { NO_WISHES, readWishes } from '../allocation/offer-wishes.ts';
import { revocableCpusOf } from '../resources/resource-vector.ts';
import { shareOf, withdrawOffer } from './charges.ts';
import { count } from './counters.ts';
import { forgetExecutors } from './executors.ts';
import { frameworkProblem, hasCapability, rolesOf } from './framework-info.ts';
import { forgetInverseOffers, reviveInverseOffers } from './inverse-offers.ts';
import { forgetOperations, resendOperations } from './operation-feedback.ts';
import { FrameworkRecord, type AgentRecord } from './records.ts';
import { rescindOffer } from './removal.ts';
import type { ClusterState } from './state.ts';
import { completeTask, recordMasterState } from './tasks.ts';

type SubscribeCall = Extract<SchedulerCall, { type: 'SUBSCRIBE' }>;
type UpdateCall = Extract<SchedulerCall, { type: 'UPDATE_FRAMEWORK' }>['update_framework'];

/**
 * A framework subscribes: new (no id), again, or with an id from the time of another master, which is adopted.
 * Removed ones and wrong descriptions get an ERROR event and the end of the subscription.
 */
export function subscribe(state: ClusterState, subscription: number, call: SubscribeCall): void {
  const info = call.subscribe.framework_info;
  const suppressed = call.subscribe.suppressed_roles ?? [];
  const outerId = nonEmpty(call.framework_id?.value);
  const id = nonEmpty(info.id?.value);
  const constraints = call.subscribe.offer_constraints;
  const problem =
    outerId !== id
      ? `'framework_id' differs from 'subscribe.framework_info.id'`
      : (frameworkProblem(info, suppressed) ?? wishesProblem(info, constraints));
  if (problem !== undefined) {
    refuse(state, subscription, problem);
    return;
  }
  if ((id === undefined || !state.frameworks.has(id)) && state.frameworks.size >= FRAMEWORKS_MAX) {
    refuse(state, subscription, `There are ${String(FRAMEWORKS_MAX)} frameworks, which is as many as a master takes`);
    return;
  }
  if (id === undefined) {
    state.counters.messagesRegisterFramework += 1;
    const framework = newFramework(state, nextFrameworkId(state), info, constraints);
    connect(state, framework, subscription, suppressed);
    return;
  }
  state.counters.messagesReregisterFramework += 1;
  if (state.removedFrameworks.has(id)) {
    refuse(state, subscription, 'Framework has been removed');
    return;
  }
  const known = state.frameworks.get(id);
  if (known === undefined) {
    connect(state, newFramework(state, id, info, constraints), subscription, suppressed);
    return;
  }
  if (!known.recovered && known.info.principal !== info.principal) {
    refuse(state, subscription, `Changing framework's principal is not allowed`);
    return;
  }
  supersede(state, known);
  // As in Mesos, `user` and `checkpoint` stay what they were.
  const { user, checkpoint } = known.recovered ? info : known.info;
  describe(state, known, { ...info, user, ...(checkpoint === undefined ? {} : { checkpoint }) }, constraints);
  if (!known.recovered) known.reregisteredAt = state.now;
  connect(state, known, subscription, suppressed);
}

/** A framework that an agent knows and this master does not: kept until it subscribes, without a limit of time. */
export function recoverFramework(state: ClusterState, id: string, info: FrameworkInfo | undefined): FrameworkRecord {
  const framework = newFramework(state, id, info ?? { user: '', name: '' });
  framework.recovered = true;
  return framework;
}

/** The subscription broke or was closed: offers come back, and the time to return begins. */
export function disconnectFramework(state: ClusterState, subscription: number): void {
  const framework = state.subscriptions.get(subscription);
  if (framework === undefined) return;
  state.subscriptions.delete(subscription);
  framework.subscription = undefined;
  withdrawAll(state, framework);
  forgetInverseOffers(state, framework);
  refreshShares(state, framework);
  const timeoutMs = (framework.info.failover_timeout ?? 0) * 1000;
  framework.failoverDeadline = state.elapsed + timeoutMs;
  state.log('info', { framework: framework.id, timeoutMs }, 'Framework disconnected');
  if (timeoutMs <= 0) removeFramework(state, framework, 'it disconnected and has no failover timeout');
  else state.tell({ type: 'FRAMEWORK_UPDATED', framework });
}

/** Removes what has not come back in time. */
export function expireFrameworks(state: ClusterState): void {
  for (const framework of [...state.frameworks.values()]) {
    if (framework.failoverDeadline !== undefined && framework.failoverDeadline <= state.elapsed) {
      removeFramework(state, framework, 'its failover timeout is over');
    }
  }
}

/** Ends a framework for good: agents shut it down, its tasks are over, its id may not come back. */
export function removeFramework(state: ClusterState, framework: FrameworkRecord, why: string): void {
  state.counters.messagesUnregisterFramework += 1;
  const { subscription } = framework;
  withdrawAll(state, framework);
  if (subscription !== undefined) {
    state.outputs.push({ type: 'close-subscription', subscription, reason: `the framework was removed: ${why}` });
    state.subscriptions.delete(subscription);
    framework.subscription = undefined;
  }
  const agents = new Set<AgentRecord>();
  for (const task of [...framework.tasks.values()]) {
    const agent = state.agents.get(task.agentId);
    if (agent === undefined) continue;
    agents.add(agent);
    recordMasterState(state, framework, task, 'TASK_KILLED');
    completeTask(state, framework, agent, task);
  }
  for (const agent of state.agents.values()) {
    if ([...agent.executors.values()].some(({ frameworkId }) => frameworkId === framework.id)) agents.add(agent);
    forgetExecutors(state, agent, ({ frameworkId }) => frameworkId === framework.id);
  }
  for (const agent of agents) {
    state.toAgent(agent, { type: 'SHUTDOWN_FRAMEWORK', framework_id: { value: framework.id } });
  }
  for (const task of framework.unreachableTasks.values()) framework.completedTasks.push(task);
  framework.unreachableTasks.clear();
  framework.failoverDeadline = undefined;
  framework.unregisteredAt = state.now;
  framework.roles = [];
  refreshShares(state, framework);
  state.frameworks.delete(framework.id);
  state.withOwnAmounts.delete(framework.id);
  forgetOperations(state, framework);
  state.tell({ type: 'FRAMEWORK_REMOVED', info: framework.info });
  state.completedFrameworks.push(framework);
  state.removedFrameworks.add(framework.id);
  if (state.removedFrameworks.size > REMOVED_FRAMEWORKS_MAX) {
    for (const oldest of state.removedFrameworks) {
      state.removedFrameworks.delete(oldest);
      break;
    }
  }
  state.log('info', { framework: framework.id, why }, 'Framework removed');
}

/** REVIVE: no refusal counts any more, and offers are wanted. No roles: all. */
export function revive(state: ClusterState, framework: FrameworkRecord, roles: readonly string[]): void {
  state.counters.messagesReviveOffers += 1;
  for (const share of sharesIn(framework, roles)) {
    share.suppressed = false;
    share.revival += 1;
  }
  reviveInverseOffers(state, framework);
  refreshShares(state, framework);
  state.allocation.touchAll();
}

/** UPDATE_FRAMEWORK: another description, as a whole. A call that {@link updateProblem} has something against has no effect. */
export function updateFramework(
  state: ClusterState,
  framework: FrameworkRecord,
  { framework_info: info, suppressed_roles: suppressed = [], offer_constraints: constraints }: UpdateCall,
): void {
  if (updateProblem(framework, info, suppressed, constraints) !== undefined) return;
  describe(state, framework, info, constraints);
  for (const offer of [...framework.offers]) {
    const isLent = revocableCpusOf(offer.resources) > 0;
    if (!framework.roles.includes(offer.role) || (isLent && !framework.takesRevocable)) rescindOffer(state, offer);
  }
  for (const role of framework.roles) shareOf(state, framework, role).suppressed = suppressed.includes(role);
  refreshShares(state, framework);
  state.tell({ type: 'FRAMEWORK_UPDATED', framework });
  state.allocation.touchAll();
}

/** What is wrong with another description of a framework, as a sentence, or undefined. */
export function updateProblem(
  { id, info: known }: FrameworkRecord,
  info: FrameworkInfo,
  suppressed: readonly string[],
  constraints: OfferConstraints | undefined,
): string | undefined {
  if (info.id?.value !== id) return `'update_framework.framework_info.id' differs from 'framework_id'`;
  for (const name of ['user', 'principal', 'checkpoint'] as const) {
    if ((info[name] ?? false) !== (known[name] ?? false)) return `Updating 'FrameworkInfo.${name}' is unsupported`;
  }
  return frameworkProblem(info, suppressed) ?? wishesProblem(info, constraints);
}

function wishesProblem(info: FrameworkInfo, constraints: OfferConstraints | undefined): string | undefined {
  const read = readWishes(info, constraints);
  return read.ok ? undefined : read.problem;
}

/** SUPPRESS: no more offers; those that are out stay. No roles: all. */
export function suppress(state: ClusterState, framework: FrameworkRecord, roles: readonly string[]): void {
  state.counters.messagesSuppressOffers += 1;
  for (const share of sharesIn(framework, roles)) share.suppressed = true;
  refreshShares(state, framework);
}

function connect(
  state: ClusterState,
  framework: FrameworkRecord,
  subscription: number,
  suppressedRoles: readonly string[],
): void {
  framework.subscription = subscription;
  framework.recovered = false;
  framework.failoverDeadline = undefined;
  state.subscriptions.set(subscription, framework);
  count(framework.counters.calls, 'SUBSCRIBE');
  for (const role of framework.roles) {
    const share = shareOf(state, framework, role);
    share.suppressed = suppressedRoles.includes(role);
    share.revival += 1;
  }
  refreshShares(state, framework);
  resendOperations(state, framework);
  state.toFramework(framework, {
    type: 'SUBSCRIBED',
    subscribed: {
      framework_id: { value: framework.id },
      heartbeat_interval_seconds: state.config.heartbeatIntervalMs / 1000,
      master_info: state.master,
    },
  });
  state.toFramework(framework, { type: 'HEARTBEAT' });
  askForUpdates(state, framework);
  const isKnown = framework.reregisteredAt !== undefined;
  state.tell({ type: isKnown ? 'FRAMEWORK_UPDATED' : 'FRAMEWORK_ADDED', framework });
  state.allocation.touchAll();
  state.log('info', { framework: framework.id, name: framework.info.name }, 'Framework subscribed');
}

/** Agents sent updates that nobody took: they are not waited for until agents would send them again by themselves. */
function askForUpdates(state: ClusterState, framework: FrameworkRecord): void {
  const asked = new Set<AgentRecord>();
  for (const task of framework.tasks.values()) {
    const agent = task.statusUuid === undefined ? undefined : state.agents.get(task.agentId);
    if (agent !== undefined) asked.add(agent);
  }
  for (const agent of asked) state.toAgent(agent, { type: 'RESUME_UPDATES' });
}

function supersede(state: ClusterState, framework: FrameworkRecord): void {
  const { subscription } = framework;
  if (subscription === undefined) return;
  state.toFramework(framework, { type: 'ERROR', error: { message: 'Framework failed over' } });
  state.outputs.push({ type: 'close-subscription', subscription, reason: 'the framework failed over' });
  state.subscriptions.delete(subscription);
  framework.subscription = undefined;
  withdrawAll(state, framework);
}

function newFramework(
  state: ClusterState,
  id: string,
  info: FrameworkInfo,
  constraints?: OfferConstraints,
): FrameworkRecord {
  const framework = new FrameworkRecord(id, info, state.now, state.config.completedTasksPerFramework);
  describe(state, framework, info, constraints);
  state.frameworks.set(id, framework);
  return framework;
}

function describe(
  state: ClusterState,
  framework: FrameworkRecord,
  info: FrameworkInfo,
  constraints: OfferConstraints | undefined,
): void {
  const read = readWishes(info, constraints);
  framework.wishes = read.ok ? read.wishes : NO_WISHES;
  framework.offerConstraints = constraints;
  if (framework.wishes.amounts.size > 0) state.withOwnAmounts.add(framework.id);
  else state.withOwnAmounts.delete(framework.id);
  framework.info = { ...info, id: { value: framework.id } };
  framework.roles = rolesOf(info);
  framework.partitionAware = hasCapability(info, 'PARTITION_AWARE');
  framework.gpuAware = hasCapability(info, 'GPU_RESOURCES');
  framework.takesRevocable = hasCapability(info, 'REVOCABLE_RESOURCES');
  framework.refinesReservations = hasCapability(info, 'RESERVATION_REFINEMENT');
}

/** Brings the allocator's view in line with roles, connection and suppression. */
function refreshShares(state: ClusterState, framework: FrameworkRecord): void {
  for (const role of framework.roles) shareOf(state, framework, role);
  for (const [role, share] of framework.shares) {
    share.subscribed = framework.roles.includes(role);
    state.roles.setActive(share, share.subscribed && framework.subscription !== undefined && !share.suppressed);
    if (!share.subscribed && state.roles.drop(share)) framework.shares.delete(role);
  }
}

function withdrawAll(state: ClusterState, framework: FrameworkRecord): void {
  for (const offer of [...framework.offers]) withdrawOffer(state, offer);
}

function sharesIn(framework: FrameworkRecord, roles: readonly string[]) {
  return [...framework.shares.values()].filter(
    (share) => share.subscribed && (roles.length === 0 || roles.includes(share.role.name)),
  );
}

function refuse(state: ClusterState, subscription: number, message: string): void {
  state.outputs.push({ type: 'to-framework', subscription, event: { type: 'ERROR', error: { message } } });
  state.outputs.push({ type: 'close-subscription', subscription, reason: message });
}

function nextFrameworkId(state: ClusterState): string {
  const id = `${state.master.id}-${String(state.nextFramework).padStart(4, '0')}`;
  state.nextFramework += 1;
  return id;
}

function nonEmpty(id: string | undefined): string | undefined {
  return id === '' ? undefined : id;
}
