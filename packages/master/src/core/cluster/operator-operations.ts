/** Operators reserve, unreserve, and make, change and give up volumes on an agent, for whoever will be offered them. */
import type { Resource } from '@stadion/contract/mesos';
import { add, type ResourceVector } from '../resources/resource-vector.ts';
import { sendCheckpointed } from './accept.ts';
import { convertFree } from './charges.ts';
import { convert, type ResourceOperation } from './operations.ts';
import { rescindOffer } from './removal.ts';
import type { ClusterState } from './state.ts';

/**
 * Carries out one operation on what is free on an agent. Offers that hold what it needs are taken back, oldest first; none where
 * all of them together would not do.
 * @returns what is wrong with it, or undefined
 */
export function operate(state: ClusterState, agentId: string, operation: ResourceOperation): string | undefined {
  const agent = state.agents.get(agentId);
  if (agent?.link === undefined) return `The agent ${agentId} is not connected`;
  const role = roleOf(operation);
  const from = (pool: ResourceVector) => convert(operation, pool, agent.total.held, role);
  let conversion = from(agent.free);
  if (!conversion.ok && from(add(agent.free, agent.offered)).ok) {
    for (const offer of [...agent.offers]) {
      rescindOffer(state, offer);
      conversion = from(agent.free);
      if (conversion.ok) break;
    }
  }
  if (!conversion.ok) return `${operation.type} is not possible on ${agentId}: ${conversion.problem}`;
  convertFree(state, agent, conversion);
  sendCheckpointed(state, agent);
  return undefined;
}

/** An operator reserves for whatever role it says. */
function roleOf(operation: ResourceOperation): string {
  const [first]: readonly Resource[] =
    operation.type === 'RESERVE'
      ? operation.reserve.resources
      : operation.type === 'UNRESERVE'
        ? operation.unreserve.resources
        : [];
  return first?.reservations?.at(-1)?.role ?? first?.role ?? '*';
}
