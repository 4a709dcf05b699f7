/** What must hold for the state of a ledger between any two inputs. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { AgentRecord, FrameworkRecord } from '../core/cluster/records.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { SCALAR_NAMES } from '../core/resources/amounts.ts';
import { parseResources } from '../core/resources/resource-format.ts';
import { NOTHING, add, revocableCpusOf, scalarsOf, type ResourceVector } from '../core/resources/resource-vector.ts';

/** Invariant 1, and that every sum that is kept incrementally is the sum of its parts. */
export function checkInvariants(view: ClusterView): void {
  let total = NOTHING as Record<'cpus' | 'gpus' | 'mem' | 'disk', number>;
  total = { ...total };
  for (const agent of view.agents.values()) {
    checkAgent(view, agent);
    for (const name of SCALAR_NAMES) total[name] += scalarsOf(agent.total)[name];
  }
  for (const name of SCALAR_NAMES) expectSame(view.roles.total[name], total[name]);
  for (const framework of view.frameworks.values()) checkFramework(view, framework);
  let live = 0;
  for (const count of view.counters.live.values()) live += count;
  let tasks = 0;
  for (const framework of view.frameworks.values()) {
    tasks += framework.tasks.size;
    let own = 0;
    for (const count of framework.counters.live.values()) own += count;
    expectSame(own, framework.tasks.size);
  }
  expectSame(live, tasks);
}

/** No offer that was made since brings its role, or one above it, over its quota. */
export function checkQuota(view: ClusterView, before: ReadonlySet<string>): void {
  const nodes = new Map([...view.roles.roles()].map((node) => [node.name, node]));
  for (const { id, role, resources } of view.offers.values()) {
    if (before.has(id)) continue;
    for (let node = nodes.get(role); node !== undefined; node = node.parent) {
      for (const name of SCALAR_NAMES) {
        const limit = node.quota?.limits[name];
        if (limit !== undefined && resources[name] > 0) expect(node.allocated[name]).toBeLessThanOrEqual(limit);
      }
    }
  }
}

function checkAgent(view: ClusterView, agent: AgentRecord): void {
  let charged: ResourceVector = NOTHING;
  for (const task of agent.tasks) {
    if (task.charged) charged = add(charged, task.resources);
    expectSame(view.frameworks.get(task.frameworkId)?.tasks.get(task.id), task);
  }
  for (const executor of agent.executors.values()) charged = add(charged, executor.resources);
  let offered: ResourceVector = NOTHING;
  for (const offer of agent.offers) {
    offered = add(offered, offer.resources);
    expectSame(view.offers.get(offer.id), offer);
  }
  expectAlike({ ...agent.charged }, { ...charged });
  expectAlike({ ...agent.offered }, { ...offered });
  expectAlike(add(add(agent.charged, agent.offered), agent.free), agent.total);
  checkBelief(agent);
  if (!agent.overcommitted) expectAlike(agent.total, agent.reported);
  if (agent.link === undefined) expectSame(agent.offers.size, 0);
}

/** Where the master believes in more than the agent says, reserved and unreserved together, none of it is for anybody. */
function checkBelief(agent: AgentRecord): void {
  const parsed = parseResources(agent.info.resources);
  if (!parsed.ok) throw new Error(parsed.problem);
  const [configured, believed] = [scalarsOf(parsed.vector), scalarsOf(agent.total)];
  for (const name of SCALAR_NAMES) if (believed[name] > configured[name]) expectSame(agent.free[name], 0);
}

function checkFramework(view: ClusterView, framework: FrameworkRecord): void {
  const held = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  for (const task of framework.tasks.values()) {
    expectSame(view.agents.get(task.agentId)?.tasks.has(task), true);
    expectSame(framework.unreachableTasks.has(task.id), false);
    if (task.charged) addScalars(held, task.resources);
  }
  for (const offer of framework.offers) {
    addScalars(held, offer.resources);
    if (!framework.takesRevocable) expectSame(revocableCpusOf(offer.resources), 0);
  }
  for (const agent of view.agents.values()) {
    for (const executor of agent.executors.values()) {
      if (executor.frameworkId === framework.id) addScalars(held, executor.resources);
    }
  }
  const shares = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  for (const share of framework.shares.values()) for (const name of SCALAR_NAMES) shares[name] += share.allocated[name];
  expectAlike(shares, held);
}

function addScalars(sum: Record<'cpus' | 'gpus' | 'mem' | 'disk', number>, vector: ResourceVector): void {
  const scalars = scalarsOf(vector);
  for (const name of SCALAR_NAMES) sum[name] += scalars[name];
}

// The matchers are asked only where something differs: they would take most of the time of a long history.

function expectSame(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) expect(actual).toBe(expected);
}

function expectAlike(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toEqual(expected);
}
