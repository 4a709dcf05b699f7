/** What agents say that they have, and how much of it is believed. */
import { RESOURCE_AMOUNT_MAX, type AgentInfo } from '@stadion/contract/agent-link';
import { SCALAR_NAMES } from '../resources/amounts.ts';
import { parseResources } from '../resources/resource-format.ts';
import { add, NOTHING, type ResourceVector } from '../resources/resource-vector.ts';
import type { AgentRecord } from './records.ts';
import type { ClusterState } from './state.ts';

/** Why an agent is not taken: it says that it has more than can be kept count of. A sentence, or undefined. */
export function amountProblem({ resources }: Pick<AgentInfo, 'resources'>): string | undefined {
  for (const name of SCALAR_NAMES) {
    let sum = 0;
    for (const resource of resources) {
      const value = resource.name === name ? (resource.scalar?.value ?? 0) : 0;
      // What is no amount at all is left out below.
      if (Number.isFinite(value)) sum += Math.max(0, value);
    }
    if (sum > RESOURCE_AMOUNT_MAX) {
      return `the agent says that it has ${String(sum)} ${name}, and none has more than ${String(RESOURCE_AMOUNT_MAX)}: set --resources`;
    }
  }
  return undefined;
}

/** All that it has and the master knows the kind of; the rest is left out, and said so. */
export function capacityOf(state: ClusterState, agent: AgentRecord): ResourceVector {
  let total = NOTHING;
  for (const resource of agent.info.resources) {
    const parsed = parseResources([resource]);
    if (parsed.ok) total = add(total, parsed.vector);
    else state.log('warn', { agent: agent.id, problem: parsed.problem }, 'A resource of an agent is left out');
  }
  return total;
}
