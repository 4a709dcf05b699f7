/**
 * What operators order of an agent: that it is cordoned, drained, treated like any other again, or gone for good. An order
 * waits while another change of the same agent is on its way to the registry, and is answered once it is durable.
 */
import type { WaitingOrders } from './records.ts';
import type { ClusterState } from './state.ts';

/** Takes an order. One for an agent that nobody knows is answered at once and has no effect. */
export function order(state: ClusterState, agentId: string, wanted: WaitingOrders['wanted'], number: number): void {
  const waiting = state.orders.get(agentId);
  if (waiting === undefined) {
    state.orders.set(agentId, { wanted, numbers: [number] });
  } else {
    waiting.numbers.push(number);
    if (waiting.wanted.type !== 'mark-gone') waiting.wanted = wanted;
  }
  placeOrders(state, agentId);
}

/** Sends the orders for an agent to the registry, unless another change of the agent is under way. */
export function placeOrders(state: ClusterState, agentId: string): void {
  const waiting = state.orders.get(agentId);
  if (waiting === undefined || state.transitions.has(agentId)) return;
  state.orders.delete(agentId);
  const { wanted, numbers } = waiting;
  const info = state.infoOf(agentId);
  if (info === undefined) {
    answerOrders(state, numbers);
    return;
  }
  if (wanted.type === 'mark-gone') {
    state.change({ type: 'mark-gone', id: agentId, info, at: state.now }, numbers);
    return;
  }
  const { upkeep } = wanted;
  const unreachable = state.unreachable.get(agentId);
  state.change(
    {
      type: 'treat',
      id: agentId,
      info,
      state: unreachable === undefined ? 'admitted' : 'unreachable',
      at: unreachable?.at ?? state.now,
      ...(upkeep === undefined ? {} : { upkeep }),
    },
    numbers,
  );
}

/** Tells whoever gave these orders that they are carried out. */
export function answerOrders(state: ClusterState, numbers: readonly number[]): void {
  for (const number of numbers) state.outputs.push({ type: 'order-kept', order: number });
}
