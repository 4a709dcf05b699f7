/** ACCEPT and DECLINE: offers end, tasks are checked, charged and sent to their agent. */
import { launchedTasks, type SchedulerCall, type TaskInfo } from '@stadion/contract/mesos';
import { refuse } from '../allocation/refusals.ts';
import { parseResources } from '../resources/resource-format.ts';
import { NOTHING, add, contains, isNothing, subtract, type ResourceVector } from '../resources/resource-vector.ts';
import { settleOffers, shareOf, withdrawOffer } from './charges.ts';
import { chosenIdProblem } from './framework-info.ts';
import type { AgentRecord, FrameworkRecord, OfferRecord } from './records.ts';
import type { ClusterState } from './state.ts';
import { sendMasterStatus } from './statuses.ts';
import { addTask } from './tasks.ts';

type Accept = Extract<SchedulerCall, { type: 'ACCEPT' }>['accept'];
type Decline = Extract<SchedulerCall, { type: 'DECLINE' }>['decline'];

/** The offers of one call, or why they cannot be used together. */
type Basket =
  | { readonly ok: true; readonly agent: AgentRecord; readonly role: string; readonly offers: readonly OfferRecord[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Launches tasks on offers. All offers must be live, the framework's own, of one agent and one role; otherwise all of
 * them are given back and every task is dropped. A task that is wrong by itself gets TASK_ERROR; the others go on.
 */
export function accept(state: ClusterState, framework: FrameworkRecord, call: Accept): void {
  const tasks = call.operations.flatMap(launchedTasks);
  const basket = gather(state, framework, call.offer_ids);
  if (!basket.ok) {
    for (const { value } of call.offer_ids) {
      const offer = state.offers.get(value);
      if (offer?.framework === framework) withdrawOffer(state, offer);
    }
    for (const task of tasks) {
      sendMasterStatus(state, framework, {
        taskId: task.task_id.value,
        agentId: task.agent_id.value,
        state: 'TASK_DROPPED',
        reason: 'REASON_INVALID_OFFERS',
        message: `Task launched with invalid offers: ${basket.problem}`,
      });
    }
    return;
  }
  const { agent, role, offers } = basket;
  state.counters.messagesLaunchTasks += 1;
  state.counters.offersAccepted += offers.length;
  let pool = offers.reduce<ResourceVector>((sum, offer) => add(sum, offer.resources), NOTHING);
  const launched: TaskInfo[] = [];
  for (const info of tasks) {
    const checked = check(framework, agent, info, pool);
    if (!checked.ok) {
      sendMasterStatus(state, framework, {
        taskId: info.task_id.value,
        agentId: info.agent_id.value,
        state: 'TASK_ERROR',
        reason: 'REASON_TASK_INVALID',
        message: checked.problem,
      });
      continue;
    }
    pool = subtract(pool, checked.vector);
    // Its part of the offer turns into its charge when the offers are settled below.
    addTask(state, framework, agent, info, role, checked.vector).charged = true;
    launched.push(info);
  }
  const share = shareOf(state, framework, role);
  settleOffers(state, agent, share, offers, pool);
  refuse(state, agent, share, pool, call.filters?.refuse_seconds);
  if (launched.length === 0) return;
  state.counters.tasksLaunched += launched.length;
  state.toAgent(agent, { type: 'RUN_TASKS', framework: framework.info, tasks: launched });
}

/** Gives offers back. Those that have ended meanwhile are no error. */
export function decline(state: ClusterState, framework: FrameworkRecord, call: Decline): void {
  state.counters.messagesDeclineOffers += 1;
  for (const { value } of call.offer_ids) {
    const offer = state.offers.get(value);
    if (offer?.framework !== framework) continue;
    state.counters.offersDeclined += 1;
    withdrawOffer(state, offer);
    refuse(state, offer.agent, shareOf(state, framework, offer.role), offer.resources, call.filters?.refuse_seconds);
  }
}

function gather(state: ClusterState, framework: FrameworkRecord, ids: Accept['offer_ids']): Basket {
  const offers: OfferRecord[] = [];
  for (const { value } of ids) {
    const offer = state.offers.get(value);
    if (offer?.framework !== framework) return { ok: false, problem: `Offer ${value} is no longer valid` };
    if (offers.includes(offer)) return { ok: false, problem: `Offer ${value} is named twice` };
    const first = offers[0];
    if (first !== undefined && (first.agent !== offer.agent || first.role !== offer.role)) {
      return { ok: false, problem: `Offers ${first.id} and ${value} are of different agents or roles` };
    }
    offers.push(offer);
  }
  const first = offers[0];
  if (first === undefined) return { ok: false, problem: 'No offers specified' };
  return { ok: true, agent: first.agent, role: first.role, offers };
}

function check(framework: FrameworkRecord, agent: AgentRecord, info: TaskInfo, pool: ResourceVector) {
  const id = info.task_id.value;
  const problem =
    chosenIdProblem(id, 'Task') ??
    (framework.tasks.has(id) || framework.unreachableTasks.has(id) ? `Task has duplicate ID: ${id}` : undefined) ??
    (info.agent_id.value !== agent.id
      ? `Task uses agent ${info.agent_id.value} while the offer is of agent ${agent.id}`
      : undefined) ??
    (isNegative(info.kill_policy?.grace_period?.nanoseconds)
      ? `Task's 'kill_policy.grace_period' must be non-negative`
      : undefined) ??
    (isNegative(info.max_completion_time?.nanoseconds)
      ? `Task's 'max_completion_time' must be non-negative`
      : undefined);
  if (problem !== undefined) return { ok: false as const, problem };
  const resources = parseResources(info.resources);
  if (!resources.ok) return { ok: false as const, problem: `Task uses invalid resources: ${resources.problem}` };
  if (isNothing(resources.vector)) return { ok: false as const, problem: 'Task uses no resources' };
  if (!contains(pool, resources.vector)) {
    return {
      ok: false as const,
      problem: `Task uses more resources than what is left of the offer: ${shortage(pool, resources.vector)}`,
    };
  }
  return resources;
}

function isNegative(value: number | undefined): boolean {
  return value !== undefined && !(value >= 0);
}

function shortage(pool: ResourceVector, wanted: ResourceVector): string {
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    if (wanted[name] > pool[name]) return `${name} ${String(wanted[name] / 1000)} of ${String(pool[name] / 1000)}`;
  }
  return 'ports that are not in it';
}
