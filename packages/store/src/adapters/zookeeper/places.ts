/**
 * What is where in ZooKeeper, below the folder of the cluster. Everything but the candidates begins with a letter after
 * `j`: some Mesos clients take the smallest name for the leader without looking at it.
 */

/** Candidates, as Mesos masters announce themselves: the one with the lowest number leads. */
export const CANDIDATE_PREFIX = 'json.info_';

/** Paths of one cluster. */
export interface Places {
  readonly folder: string;
  /** Its node version is the epoch of the newest leader. */
  readonly epoch: string;
  readonly journal: string;
}

/** The paths below a cluster's folder. */
export function placesBelow(folder: string): Places {
  return { folder, epoch: `${folder}/state/epoch`, journal: `${folder}/state/journal` };
}

/** The candidates among a folder's children, by number: the first leads. */
export function candidatesAmong(children: readonly string[]): readonly string[] {
  return children
    .filter((name) => name.startsWith(CANDIDATE_PREFIX))
    .sort((left, right) => numberOf(left) - numberOf(right));
}

function numberOf(candidate: string): number {
  return Number(candidate.slice(CANDIDATE_PREFIX.length));
}
