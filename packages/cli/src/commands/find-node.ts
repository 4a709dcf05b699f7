/** Finds the agent that somebody means. */
import type { StateSlave } from '@stadion/contract/mesos-state';
import { didYouMean } from '../core/suggestions.ts';
import { notFound } from '../report-error.ts';

/** What it takes to be meant. */
interface Named {
  readonly id: string;
  readonly hostname: string;
}

/** @throws PlatformError when there is none, with the names that come near */
export function findNode<Node extends Named = StateSlave>(slaves: readonly Node[], written: string): Node {
  const found =
    slaves.find(({ id }) => id === written) ??
    slaves.find(({ hostname }) => hostname === written) ??
    // The last part of an id, as in names of the cluster: S0.
    slaves.find(({ id }) => id.toLowerCase().endsWith(`-${written.toLowerCase()}`));
  if (found !== undefined) return found;
  const names = slaves.flatMap(({ id, hostname }) => [hostname, id]);
  throw notFound(`There is no node '${written}'.`, didYouMean(written, names) || 'See all with: stadion node list');
}
