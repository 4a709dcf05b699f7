/** What agents lend beside what they have: revocable cpus, as much as they say at the time. */
import type { AgentMessage } from '@stadion/contract/agent-link';
import { parseResources } from '../resources/resource-format.ts';
import { add, isNothing, revocableCpusOf, withoutRevocable } from '../resources/resource-vector.ts';
import { setReportedResources } from './charges.ts';
import type { AgentRecord } from './records.ts';
import { rescindOffer } from './removal.ts';
import type { ClusterState } from './state.ts';

/**
 * An agent says what it lends from now on, in all. Where that is less than what is lent already, offers of it are taken
 * back; tasks stay counted until the agent has ended those that are too many.
 */
export function oversubscribe(
  state: ClusterState,
  agent: AgentRecord,
  { resources }: Extract<AgentMessage, { type: 'OVERSUBSCRIBED' }>,
): void {
  const parsed = parseResources(resources);
  const isLent = parsed.ok && isNothing(withoutRevocable(parsed.vector));
  if (!isLent) {
    const problem = parsed.ok ? 'some of it is not revocable' : parsed.problem;
    state.log('warn', { agent: agent.id, problem }, 'What an agent lends cannot be read, and stays as it was');
    return;
  }
  const { vector } = parsed;
  if (revocableCpusOf(vector) === revocableCpusOf(agent.reported)) return;
  if (revocableCpusOf(vector) < revocableCpusOf(agent.charged) + revocableCpusOf(agent.offered)) {
    for (const offer of [...agent.offers]) {
      if (revocableCpusOf(offer.resources) > 0) rescindOffer(state, offer);
    }
  }
  setReportedResources(state, agent, add(withoutRevocable(agent.reported), vector));
  state.allocation.touch(agent);
}
