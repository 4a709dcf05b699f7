/**
 * What is told of operations with an id: their end, again and again until it is acknowledged, and what becomes of them when
 * somebody asks. An operation is finished when the agent has its result on disk.
 */
import type { OfferOperation, Resource, SchedulerCall } from '@stadion/contract/mesos';
import type { OperationState, OperationStatus } from '@stadion/contract/mesos-workload';
import { OPERATION_RESEND_MS_FIRST, OPERATION_RESEND_MS_MAX } from '../../limits.ts';
import type { AgentRecord, FrameworkRecord, OperationRecord } from './records.ts';
import type { ClusterState } from './state.ts';

type Acknowledge = Extract<SchedulerCall, { type: 'ACKNOWLEDGE_OPERATION_STATUS' }>['acknowledge_operation_status'];
type Reconcile = Extract<SchedulerCall, { type: 'RECONCILE_OPERATIONS' }>['reconcile_operations'];

/** Why an operation with this id cannot be taken beside those of the same call, or nothing. */
export function findOperationProblem(
  state: ClusterState,
  framework: FrameworkRecord,
  { id }: OfferOperation,
  beside: readonly { readonly operation: OfferOperation }[],
): string | undefined {
  if (id === undefined) return undefined;
  if (id.value === '') return 'an operation ID must not be empty';
  const isKnown = state.operations.get(framework.id, id.value) !== undefined;
  if (isKnown || beside.some(({ operation }) => operation.id?.value === id.value)) {
    return `there is an operation ${id.value} already`;
  }
  return state.operations.findProblem(framework.id, beside.length);
}

/** The agent has been told of an operation's result. */
export function followOperation(
  state: ClusterState,
  framework: FrameworkRecord,
  agent: AgentRecord,
  info: OfferOperation,
  converted: readonly Resource[],
): void {
  const id = info.id?.value;
  if (id === undefined) return;
  state.operations.add({
    id,
    frameworkId: framework.id,
    agentId: agent.id,
    info,
    converted,
    version: agent.checkpointed.version,
    state: 'OPERATION_PENDING',
    uuid: uuidOf(state.master.id, (state.nextOperation += 1)),
    dueAt: Infinity,
    attempts: 0,
  });
}

/** An operation that cannot be: told once, as nothing has come of it. */
export function tellError(
  state: ClusterState,
  framework: FrameworkRecord,
  agentId: string | undefined,
  operation: OfferOperation,
  problem: string,
): void {
  if (operation.id === undefined) return;
  send(state, framework, {
    operation_id: operation.id,
    state: 'OPERATION_ERROR',
    message: problem,
    ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
  });
}

/** The agent says which version of its resources is on disk. @param isAll it was told of nothing newer */
export function confirmOperations(state: ClusterState, agent: AgentRecord, version: number, isAll: boolean): void {
  // Every sign of life says it, and what is under way is newer than what was said before.
  if (!isAll && version <= agent.versionOnDisk) return;
  agent.versionOnDisk = version;
  for (const operation of [...state.operations.values()]) {
    if (operation.agentId !== agent.id || operation.state !== 'OPERATION_PENDING') continue;
    if (operation.version <= version) {
      operation.state = 'OPERATION_FINISHED';
      operation.dueAt = state.elapsed;
      tellEnd(state, operation);
    } else if (isAll) {
      // It never got there: the agent is back without it.
      state.operations.remove(operation);
      tellAs(state, operation, 'OPERATION_DROPPED', 'The operation never reached the agent');
    }
  }
}

/** The agent has left: nobody knows what came of what was under way there. */
export function loseOperations(
  state: ClusterState,
  agent: AgentRecord,
  as: 'OPERATION_UNREACHABLE' | 'OPERATION_GONE_BY_OPERATOR',
): void {
  for (const operation of [...state.operations.values()]) {
    if (operation.agentId !== agent.id || operation.state !== 'OPERATION_PENDING') continue;
    state.operations.remove(operation);
    tellAs(state, operation, as, 'The agent of the operation has left the cluster');
  }
}

/** Once a second: ends that nobody has acknowledged are told again. */
export function repeatOperations(state: ClusterState): void {
  for (const operation of state.operations.values()) if (operation.dueAt <= state.elapsed) tellEnd(state, operation);
}

/** A framework is back. */
export function resendOperations(state: ClusterState, framework: FrameworkRecord): void {
  for (const operation of state.operations.of(framework.id)) {
    if (operation.state !== 'OPERATION_FINISHED') continue;
    operation.attempts = 0;
    operation.dueAt = state.elapsed;
  }
}

/** A framework has left for good. */
export function forgetOperations(state: ClusterState, framework: FrameworkRecord): void {
  state.operations.removeAll(framework.id);
}

/** A framework knows how an operation ended: it is told no more. */
export function acknowledgeOperation(state: ClusterState, framework: FrameworkRecord, call: Acknowledge): void {
  const operation = state.operations.get(framework.id, call.operation_id.value);
  if (operation?.state !== 'OPERATION_FINISHED' || operation.uuid !== call.uuid) {
    state.counters.invalidOperationAcknowledgements += 1;
    return;
  }
  state.counters.validOperationAcknowledgements += 1;
  state.operations.remove(operation);
}

/** What is known of some operations, or of all; nothing of it has to be acknowledged. */
export function reconcileOperations(state: ClusterState, framework: FrameworkRecord, call: Reconcile): void {
  state.counters.messagesReconcileOperations += 1;
  if (call.operations.length === 0) {
    for (const operation of state.operations.of(framework.id)) tellAs(state, operation, operation.state, RECONCILED);
    return;
  }
  for (const { operation_id: id, agent_id: agentId } of call.operations) {
    const known = state.operations.get(framework.id, id.value);
    if (known !== undefined) {
      tellAs(state, known, known.state, RECONCILED);
      continue;
    }
    send(state, framework, {
      operation_id: id,
      state: unknownAt(state, agentId?.value),
      message: RECONCILED,
      ...(agentId === undefined ? {} : { agent_id: agentId }),
    });
  }
}

const RECONCILED = 'Reconciliation: latest operation state';

function unknownAt(state: ClusterState, agentId: string | undefined): OperationState {
  if (agentId === undefined) return state.recovered.size > 0 ? 'OPERATION_RECOVERING' : 'OPERATION_UNKNOWN';
  if (state.recovered.has(agentId)) return 'OPERATION_RECOVERING';
  if (state.unreachable.has(agentId)) return 'OPERATION_UNREACHABLE';
  return state.gone.has(agentId) ? 'OPERATION_GONE_BY_OPERATOR' : 'OPERATION_UNKNOWN';
}

function tellEnd(state: ClusterState, operation: OperationRecord): void {
  operation.dueAt =
    state.elapsed + Math.min(OPERATION_RESEND_MS_FIRST * 2 ** operation.attempts, OPERATION_RESEND_MS_MAX);
  operation.attempts += 1;
  const framework = state.frameworks.get(operation.frameworkId);
  if (framework === undefined) return;
  send(state, framework, {
    operation_id: { value: operation.id },
    state: operation.state,
    agent_id: { value: operation.agentId },
    converted_resources: [...operation.converted],
    uuid: { value: operation.uuid },
  });
}

function tellAs(state: ClusterState, operation: OperationRecord, as: OperationState, message: string): void {
  const framework = state.frameworks.get(operation.frameworkId);
  if (framework === undefined) return;
  const { id, agentId } = operation;
  send(state, framework, { operation_id: { value: id }, state: as, message, agent_id: { value: agentId } });
}

function send(state: ClusterState, framework: FrameworkRecord, status: OperationStatus): void {
  state.toFramework(framework, { type: 'UPDATE_OPERATION_STATUS', update_operation_status: { status } });
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** 16 bytes that no other operation of any master has: ten of the master's id, and a count. */
function uuidOf(masterId: string, count: number): string {
  const hex = masterId.replaceAll('-', '').slice(0, 20).padEnd(20, '0') + count.toString(16).padStart(12, '0');
  let bits = 0n;
  for (const digit of hex) bits = bits * 16n + BigInt(Number.parseInt(digit, 16) || 0);
  // Four bits more make it a multiple of six.
  bits *= 16n;
  let text = '';
  for (let index = 0; index < 22; index += 1) {
    text = (BASE64[Number(bits % 64n)] ?? '') + text;
    bits /= 64n;
  }
  return `${text}==`;
}
