/** One sentence for people that answers "why does it wait?". */
import { MAX_EXPLANATIONS_IN_SENTENCE } from './limits.ts';
import type { RejectTally } from './types.ts';

/**
 * E.g. `1 instance waits: no agent has Docker (1 agent examined)`.
 * @param input.waiting how many instances wait
 * @param input.tally the last round of offers; undefined when none came since the wait began
 * @param input.delaySeconds what is left of the launch delay, when there is one
 */
export function explainWaiting(input: {
  readonly waiting: number;
  readonly tally: RejectTally | undefined;
  readonly delaySeconds?: number;
}): string {
  const { waiting, tally, delaySeconds = 0 } = input;
  if (delaySeconds > 0) {
    const who = waiting === 1 ? '1 instance is' : `${waiting} instances are`;
    return `${who} waiting for the launch delay of ${delaySeconds} s after failures`;
  }
  const who = waiting === 1 ? '1 instance waits' : `${waiting} instances wait`;
  if (tally === undefined || (tally.processed === 0 && tally.explanations.size === 0)) {
    return `${who}, no offers seen: no agent is registered or every resource is in use`;
  }
  const causes = [...tally.explanations.values()].map(({ message }) => message);
  const takers = tally.processed - declinedIn(tally);
  if (takers > 0) causes.unshift(`${takers} of ${tally.processed} agents will take more with their next offers`);
  const named = causes.slice(0, MAX_EXPLANATIONS_IN_SENTENCE).join('; ');
  const rest = causes.length - MAX_EXPLANATIONS_IN_SENTENCE;
  if (rest > 0) return `${who}: ${named}; and ${rest} more ${rest === 1 ? 'reason' : 'reasons'}`;
  // Several causes carry their counts; one alone does not.
  const examined =
    tally.processed === 0 ? '' : ` (${tally.processed} ${tally.processed === 1 ? 'agent' : 'agents'} examined)`;
  return `${who}: ${named}${causes.length === 1 ? examined : ''}`;
}

function declinedIn(tally: RejectTally): number {
  let sum = 0;
  for (const count of tally.declined.values()) sum += count;
  return sum;
}
