/** ACCEPT and DECLINE: offers end, tasks are checked, charged and sent to their agent. */
import {
  launchedTasks,
  type OfferOperation,
  type SchedulerCall,
  type StatusReason,
  type TaskInfo,
} from '@stadion/contract/mesos';
import type { MasterMessage } from '@stadion/contract/agent-link';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { refuse } from '../allocation/refusals.ts';
import { addHoldings, subtractHoldings, type Holdings } from '../resources/holdings.ts';
import { formatResources } from '../resources/resource-format.ts';
import { NOTHING, add, availableTo, subtract, type ResourceVector } from '../resources/resource-vector.ts';
import { settleOffers, shareOf, withdrawOffer, type Settlement } from './charges.ts';
import { count, countEnd } from './counters.ts';
import { checkExecutedTask, checkGroup, checkTask } from './launch-checks.ts';
import { findOperationProblem, followOperation, tellError } from './operation-feedback.ts';
import { convert, type ResourceOperation } from './operations.ts';
import { taskKey, type AgentRecord, type ExecutorRecord, type FrameworkRecord, type OfferRecord } from './records.ts';
import type { ClusterState } from './state.ts';
import { sendMasterStatus, stateFor } from './statuses.ts';
import { addTask } from './tasks.ts';

type Accept = Extract<SchedulerCall, { type: 'ACCEPT' }>['accept'];
type Decline = Extract<SchedulerCall, { type: 'DECLINE' }>['decline'];

/** The offers of one call, or why they cannot be used together. */
type Basket =
  | { readonly ok: true; readonly agent: AgentRecord; readonly role: string; readonly offers: readonly OfferRecord[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Carries out operations on offers, in order. All offers must be live, the framework's own, of one agent and one role;
 * otherwise all of them are given back and every task is dropped. A task that is wrong by itself gets TASK_ERROR, and a
 * group of which any task is wrong gets it as a whole; an operation on resources that cannot be is left out. The others
 * go on, and what depended on it finds its resources missing.
 */
export function accept(state: ClusterState, framework: FrameworkRecord, call: Accept): void {
  for (const { type } of call.operations) count(framework.counters.operations, type);
  const basket = gather(state, framework, call.offer_ids);
  if (!basket.ok) {
    giveBack(state, framework, call, basket.problem);
    return;
  }
  const { agent, role, offers } = basket;
  state.counters.messagesLaunchTasks += 1;
  state.counters.offersAccepted += offers.length;
  framework.counters.offersAccepted += offers.length;
  const work = new Work(state, framework, agent, role, offers);
  for (const operation of call.operations) work.carryOut(operation);
  const share = shareOf(state, framework, role);
  settleOffers(state, agent, share, offers, work);
  for (const { operation, to } of work.converted) {
    followOperation(state, framework, agent, operation, formatResources(to, { role }));
  }
  refuse(state, agent, share, availableTo(work.remainder, role), call.filters?.refuse_seconds);
  // Reservations and volumes are on the agent's disk before the tasks that use them start.
  if (work.conversions.length > 0) sendCheckpointed(state, agent);
  for (const message of work.messages()) state.toAgent(agent, message);
}

function giveBack(state: ClusterState, framework: FrameworkRecord, call: Accept, problem: string): void {
  for (const { value } of call.offer_ids) {
    const offer = state.offers.get(value);
    if (offer?.framework === framework) withdrawOffer(state, offer);
  }
  for (const operation of call.operations) {
    if (launchedTasks(operation).length === 0) {
      tellError(state, framework, undefined, operation, `The offers are invalid: ${problem}`);
    }
  }
  for (const task of call.operations.flatMap(launchedTasks)) {
    countEnd(state.counters, framework.counters, stateFor(framework, 'TASK_DROPPED'));
    sendMasterStatus(state, framework, {
      taskId: task.task_id.value,
      agentId: task.agent_id.value,
      state: 'TASK_DROPPED',
      reason: 'REASON_INVALID_OFFERS',
      message: `Task launched with invalid offers: ${problem}`,
    });
  }
}

/** Tells an agent all that it has to keep on its disk. */
export function sendCheckpointed(state: ClusterState, agent: AgentRecord): void {
  const { version, held } = agent.checkpointed;
  state.toAgent(agent, {
    type: 'CHECKPOINT_RESOURCES',
    checkpointed: { version, resources: formatResources({ ...NOTHING, held }) },
  });
}

/** The operations of one ACCEPT under way. */
class Work implements Settlement {
  launched: ResourceVector = NOTHING;
  remainder: ResourceVector;
  readonly conversions: { readonly from: ResourceVector; readonly to: ResourceVector }[] = [];
  readonly converted: { readonly operation: ResourceOperation; readonly to: ResourceVector }[] = [];
  private readonly tasks: TaskInfo[] = [];
  private readonly groups: { readonly executor: ExecutorInfo; readonly tasks: TaskInfo[] }[] = [];
  private readonly state: ClusterState;
  private readonly framework: FrameworkRecord;
  private readonly agent: AgentRecord;
  private readonly role: string;
  /** All reserved resources of the agent, as the operations so far leave them. */
  private existing: Holdings;

  constructor(
    state: ClusterState,
    framework: FrameworkRecord,
    agent: AgentRecord,
    role: string,
    offers: readonly OfferRecord[],
  ) {
    this.state = state;
    this.framework = framework;
    this.agent = agent;
    this.role = role;
    this.existing = agent.total.held;
    this.remainder = offers.reduce<ResourceVector>((sum, offer) => add(sum, offer.resources), NOTHING);
  }

  carryOut(operation: OfferOperation): void {
    const tasks = launchedTasks(operation);
    if (operation.id !== undefined && tasks.length > 0) {
      const reason = operation.type === 'LAUNCH' ? 'REASON_TASK_INVALID' : 'REASON_TASK_GROUP_INVALID';
      for (const info of tasks) this.error(info, reason, `'id' must not be set of an operation that launches`);
      return;
    }
    switch (operation.type) {
      case 'LAUNCH':
        for (const info of operation.launch.task_infos) this.launch(info);
        return;
      case 'LAUNCH_GROUP':
        this.launchGroup(operation.launch_group.executor, operation.launch_group.task_group.tasks);
        return;
      default:
        this.convert(operation);
    }
  }

  /** What the agent is to do. */
  *messages(): Iterable<MasterMessage> {
    const framework = this.framework.info;
    if (this.tasks.length > 0) yield { type: 'RUN_TASKS', framework, tasks: this.tasks };
    for (const { executor, tasks } of this.groups) yield { type: 'RUN_TASK_GROUP', framework, executor, tasks };
  }

  private launch(info: TaskInfo): void {
    const { executor } = info;
    if (executor !== undefined) {
      this.launchExecuted({ ...executor, type: executor.type ?? 'CUSTOM' }, info);
      return;
    }
    const checked = checkTask(this.framework, this.agent, info, this.remainder);
    if (!checked.ok) {
      this.error(info, 'REASON_TASK_INVALID', checked.problem);
      return;
    }
    this.charge(info, checked.vector, undefined);
    this.tasks.push(info);
  }

  private launchExecuted(executor: ExecutorInfo, info: TaskInfo): void {
    const checked = checkExecutedTask(this.framework, this.agent, executor, info, this.remainder, this.role);
    if (!checked.ok) {
      this.error(info, 'REASON_TASK_INVALID', checked.problem);
      return;
    }
    const record = this.chargeExecutor(executor, checked.executor);
    this.charge(info, checked.tasks[0] ?? NOTHING, record);
    this.tasks.push({ ...info, executor });
  }

  private launchGroup(executor: ExecutorInfo, tasks: readonly TaskInfo[]): void {
    const checked = checkGroup(this.framework, this.agent, executor, tasks, this.remainder, this.role);
    if (!checked.ok) {
      for (const info of tasks) this.error(info, 'REASON_TASK_GROUP_INVALID', checked.problem);
      return;
    }
    const record = this.chargeExecutor(executor, checked.executor);
    for (const [index, info] of tasks.entries()) this.charge(info, checked.tasks[index] ?? NOTHING, record);
    this.groups.push({ executor, tasks: [...tasks] });
  }

  private chargeExecutor(info: ExecutorInfo, resources: ResourceVector): ExecutorRecord {
    const id = info.executor_id.value;
    const key = taskKey(this.framework.id, id);
    const known = this.agent.executors.get(key);
    const hasProcess = info.type === 'CUSTOM';
    if (known !== undefined) {
      // It may have ended while its last tasks are still to be acknowledged: the agent starts it anew.
      known.hasProcess = hasProcess;
      return known;
    }
    this.take(resources);
    const { framework, role } = this;
    const record: ExecutorRecord = { id, frameworkId: framework.id, role, info, resources, charged: 0, hasProcess };
    this.agent.executors.set(key, record);
    return record;
  }

  /** Its part of the offer turns into its charge when the offers are settled. */
  private charge(info: TaskInfo, vector: ResourceVector, executor: ExecutorRecord | undefined): void {
    this.take(vector);
    addTask(this.state, this.framework, this.agent, info, this.role, vector, executor?.id).charged = true;
    if (executor !== undefined) executor.charged += 1;
    this.state.counters.tasksLaunched += 1;
  }

  private convert(operation: ResourceOperation): void {
    const problem = findOperationProblem(this.state, this.framework, operation, this.converted);
    const conversion =
      problem === undefined
        ? convert(operation, this.remainder, this.existing, this.role)
        : ({ ok: false, problem } as const);
    if (!conversion.ok) {
      tellError(this.state, this.framework, this.agent.id, operation, conversion.problem);
      const facts = { framework: this.framework.id, agent: this.agent.id, problem: conversion.problem };
      this.state.log('warn', facts, `${operation.type} is not carried out`);
      return;
    }
    const { from, to } = conversion;
    this.remainder = add(subtract(this.remainder, from), to);
    this.existing = addHoldings(subtractHoldings(this.existing, from.held), to.held);
    this.conversions.push({ from, to });
    this.converted.push({ operation, to });
  }

  private take(vector: ResourceVector): void {
    this.remainder = subtract(this.remainder, vector);
    this.launched = add(this.launched, vector);
  }

  private error(info: TaskInfo, reason: StatusReason, message: string): void {
    countEnd(this.state.counters, this.framework.counters, 'TASK_ERROR');
    sendMasterStatus(this.state, this.framework, {
      taskId: info.task_id.value,
      agentId: info.agent_id.value,
      state: 'TASK_ERROR',
      reason,
      message,
    });
  }
}

/** Gives offers back. Those that have ended meanwhile are no error. */
export function decline(state: ClusterState, framework: FrameworkRecord, call: Decline): void {
  state.counters.messagesDeclineOffers += 1;
  for (const { value } of call.offer_ids) {
    const offer = state.offers.get(value);
    if (offer?.framework !== framework) continue;
    state.counters.offersDeclined += 1;
    framework.counters.offersDeclined += 1;
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
