/** The cluster as a caller sees it who may not see everything: whatever reads it can show no more. */
import { FrameworkShare, RoleNode } from '../allocation/role-tree.ts';
import { NO_HOLDINGS, roleOf } from '../resources/holdings.ts';
import { scalarsOf, type ResourceVector } from '../resources/resource-vector.ts';
import { SCALAR_NAMES } from '../resources/amounts.ts';
import { reservationsOf } from '../resources/resource-format.ts';
import { Ring } from '../ring.ts';
import type { AgentInfo } from '@stadion/contract/agent-link';
import type { FrameworkInfo } from '@stadion/contract/mesos';
import type { OfferConstraints } from '@stadion/contract/mesos-workload';
import type { ClusterSight } from './cluster-sight.ts';
import type { ClusterChange } from './exchange.ts';
import { rolesOf } from './framework-info.ts';
import { OperationTable } from './operation-table.ts';
import { taskKey, type AgentRecord, type ExecutorRecord, type FrameworkRecord, type TaskRecord } from './records.ts';
import type { ClusterView } from './state.ts';

/** Tasks that are looked at in one piece of work. */
const TASKS_PER_STEP = 1000;

/**
 * Makes the view, a piece of work at a time: there may be hundreds of thousands of tasks.
 *
 * As with Mesos's ACLs: frameworks are seen that are in a role that is seen, or have a task that is; of those tasks, executors
 * and offers that are seen, and sums of them. Agents are all seen, with what they have and what of it is taken, but what is
 * reserved only for roles that are seen.
 */
export function* seenCluster(view: ClusterView, sight: ClusterSight): Generator<undefined, ClusterView> {
  const seen: SeenTasks = { sight, tasks: new Set(), executors: new Set(), looked: 0 };
  const frameworks = new Map<string, FrameworkRecord>();
  // Copies: others work between two steps.
  for (const framework of [...view.frameworks.values()]) {
    const shown = yield* seenFramework(framework, seen);
    if (shown !== undefined) frameworks.set(shown.id, shown);
  }
  const completed: FrameworkRecord[] = [];
  for (const framework of [...view.completedFrameworks]) {
    const shown = yield* seenFramework(framework, seen);
    if (shown !== undefined) completed.push(shown);
  }
  const agents = new Map<string, AgentRecord>();
  for (const [id, agent] of [...view.agents]) {
    if (isTimeToPause(seen, agent.tasks.size + 1)) yield undefined;
    agents.set(id, seenAgent(agent, seen));
  }
  const { config, settings, roles } = view;
  const ofRole = ({ role }: { readonly role: string }): boolean => sight.seesRole(role);
  return over(view, {
    config: { ...config, weights: pick(config.weights, (role) => sight.seesRole(role)) },
    settings: { ...settings, weights: settings.weights.filter(ofRole), quotas: settings.quotas.filter(ofRole) },
    frameworks,
    completedFrameworks: ringOf(completed),
    agents,
    recovered: new Map(
      [...view.recovered].map(([id, agent]) => [id, { ...agent, info: seenAgentInfo(agent.info, sight) }]),
    ),
    offers: new Map([...view.offers].filter(([, offer]) => ofRole(offer))),
    operations: seenOperations(view, sight),
    inverseOffers: new Map(),
    roles: {
      total: roles.total,
      activeShares: 0,
      dominantShare: (allocated, weight) => roles.dominantShare(allocated, weight),
      *roles() {
        for (const role of roles.roles()) if (sight.seesRole(role.name)) yield role;
      },
    },
  });
}

/** What was found to be seen so far. */
interface SeenTasks {
  readonly sight: ClusterSight;
  readonly tasks: Set<TaskRecord>;
  /** By {@link taskKey}: those that a task which is seen runs in. */
  readonly executors: Set<string>;
  /** Since the last pause. */
  looked: number;
}

function* seenFramework(
  framework: FrameworkRecord,
  seen: SeenTasks,
): Generator<undefined, FrameworkRecord | undefined> {
  const { sight } = seen;
  const tasks = yield* seenOf([...framework.tasks.values()], seen);
  const unreachable = yield* seenOf([...framework.unreachableTasks.values()], seen);
  const completed = yield* seenOf([...framework.completedTasks], seen);
  const facts = frameworkFacts(framework, sight);
  const { roles, offers } = facts;
  if (roles.length + tasks.length + unreachable.length + completed.length === 0) return undefined;
  const share = new FrameworkShare(framework.id, new RoleNode('', undefined, 1, undefined));
  const held = [...tasks.filter(({ charged }) => charged), ...offers].map(({ resources }) => scalarsOf(resources));
  for (const amount of held) for (const name of SCALAR_NAMES) share.allocated[name] += amount[name];
  return over(facts, {
    tasks: byId(tasks),
    unreachableTasks: byId(unreachable),
    completedTasks: ringOf(completed),
    shares: new Map([['', share]]),
  });
}

function* seenOf(tasks: readonly TaskRecord[], seen: SeenTasks): Generator<undefined, TaskRecord[]> {
  const found: TaskRecord[] = [];
  for (const task of tasks) {
    if (isTimeToPause(seen, 1)) yield undefined;
    if (!seen.sight.seesTask(task)) continue;
    found.push(task);
    seen.tasks.add(task);
    if (task.executorId !== undefined) seen.executors.add(taskKey(task.frameworkId, task.executorId));
  }
  return found;
}

/** Counts what is looked at next. */
function isTimeToPause(seen: SeenTasks, count: number): boolean {
  seen.looked += count;
  if (seen.looked < TASKS_PER_STEP) return false;
  seen.looked = 0;
  return true;
}

function seenAgent(agent: AgentRecord, { sight, tasks, executors }: SeenTasks): AgentRecord {
  const isSeen = ({ frameworkId, id, role }: ExecutorRecord): boolean =>
    executors.has(taskKey(frameworkId, id)) || sight.seesRole(role);
  return over(agentFacts(agent, sight), {
    tasks: new Set([...agent.tasks].filter((task) => tasks.has(task))),
    // Of others, too: a machine that still works for them is not drained.
    hasTasks: agent.hasTasks,
    executors: new Map([...agent.executors].filter(([, executor]) => isSeen(executor))),
  });
}

/** An agent without what is reserved on it for roles that are not seen; its tasks and executors as they are. */
function agentFacts(agent: AgentRecord, sight: ClusterSight): AgentRecord {
  return over(agent, {
    info: seenAgentInfo(agent.info, sight),
    total: withReservations(agent.total, sight),
    charged: withReservations(agent.charged, sight),
    offered: withReservations(agent.offered, sight),
  });
}

/** What an agent says of itself has what it was started with reserved, too. */
function seenAgentInfo(info: AgentInfo, sight: ClusterSight): AgentInfo {
  const isSeen = (role: string | undefined): boolean => role === undefined || sight.seesRole(role);
  return { ...info, resources: info.resources.filter((resource) => isSeen(reservationsOf(resource).at(-1)?.role)) };
}

/** A framework with the roles and offers that are seen; its tasks as they are. */
function frameworkFacts(framework: FrameworkRecord, sight: ClusterSight): FrameworkRecord {
  const offers = new Set([...framework.offers].filter(({ role }) => sight.seesRole(role)));
  return over(framework, {
    info: seenInfo(framework.info, sight),
    roles: framework.roles.filter((role) => sight.seesRole(role)),
    offerConstraints: framework.offerConstraints && seenConstraints(framework.offerConstraints, sight),
    offers,
  });
}

function seenConstraints(constraints: OfferConstraints, sight: ClusterSight): OfferConstraints {
  return { role_constraints: pick(constraints.role_constraints, (role) => sight.seesRole(role)) };
}

function seenInfo(info: FrameworkInfo, sight: ClusterSight): FrameworkInfo {
  return info.roles === undefined ? info : { ...info, roles: info.roles.filter((role) => sight.seesRole(role)) };
}

/** A change as it is told; undefined: it is not. A framework that is in no role that is seen is only in snapshots. */
export function seenChange(change: ClusterChange, sight: ClusterSight): ClusterChange | undefined {
  if (sight.isWhole) return change;
  const isInSeen = (info: FrameworkInfo): boolean => rolesOf(info).some((role) => sight.seesRole(role));
  switch (change.type) {
    case 'TASK_ADDED':
    case 'TASK_UPDATED':
      return sight.seesTask(change.task) ? change : undefined;
    case 'AGENT_ADDED':
      return { ...change, agent: agentFacts(change.agent, sight) };
    case 'AGENT_REMOVED':
      return change;
    case 'FRAMEWORK_ADDED':
    case 'FRAMEWORK_UPDATED': {
      const { framework } = change;
      return isInSeen(framework.info) ? { ...change, framework: frameworkFacts(framework, sight) } : undefined;
    }
    case 'FRAMEWORK_REMOVED':
      return isInSeen(change.info) ? { ...change, info: seenInfo(change.info, sight) } : undefined;
  }
}

/** Without what is reserved for roles that are not seen, volumes included. */
function withReservations(vector: ResourceVector, sight: ClusterSight): ResourceVector {
  if (vector.held === NO_HOLDINGS) return vector;
  const kept = [...vector.held].filter(
    ([, holding]) => holding.reservations.length === 0 || sight.seesRole(roleOf(holding)),
  );
  return { ...vector, held: kept.length === 0 ? NO_HOLDINGS : new Map(kept) };
}

/** A record with some of its members hidden behind others; the rest is as it is at any moment. */
function over<Of extends object>(whole: Of, members: Partial<Of>): Of {
  // Defined, not assigned: what is hidden may be a getter.
  return Object.create(whole, Object.getOwnPropertyDescriptors(members)) as Of;
}

function seenOperations({ operations, frameworks }: ClusterView, sight: ClusterSight): OperationTable {
  const seen = new OperationTable();
  for (const operation of operations.values()) {
    if (isWithin(frameworks.get(operation.frameworkId), sight)) seen.add(operation);
  }
  return seen;
}

/** Whether all of a framework is seen: what it asked of an agent says nothing of the role that it is for. One in no role is nobody's. */
function isWithin(framework: FrameworkRecord | undefined, sight: ClusterSight): boolean {
  const { roles = [] } = framework ?? {};
  return roles.length > 0 && roles.every((role) => sight.seesRole(role));
}

function byId(tasks: readonly TaskRecord[]): Map<string, TaskRecord> {
  return new Map(tasks.map((task) => [task.id, task]));
}

function ringOf<Item>(items: readonly Item[]): Ring<Item> {
  const ring = new Ring<Item>(items.length);
  for (const item of items) ring.push(item);
  return ring;
}

function pick<Value>(members: Readonly<Record<string, Value>>, isKept: (name: string) => boolean) {
  return Object.fromEntries(Object.entries(members).filter(([name]) => isKept(name)));
}
