/**
 * What is where in ZooKeeper, below the folder of the cluster. Everything but the candidates begins with a letter after
 * `j`: some Mesos clients take the smallest name for the leader without looking at it.
 */

/** Candidates, as Mesos masters announce themselves: the one with the lowest number leads. */
export const CANDIDATE_PREFIX = 'json.info_';

/** The same of masters of Apache Mesos before 0.24, in protobuf. */
const OLD_CANDIDATE_PREFIX = 'info_';

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
  return inLine(children, CANDIDATE_PREFIX);
}

/** The same; where nobody announces itself in JSON, those who do it in protobuf. */
export function announcementsAmong(children: readonly string[]): readonly string[] {
  const json = candidatesAmong(children);
  return json.length > 0 ? json : inLine(children, OLD_CANDIDATE_PREFIX);
}

function inLine(children: readonly string[], prefix: string): readonly string[] {
  const numberOf = (name: string): number => Number(name.slice(prefix.length));
  return children.filter((name) => name.startsWith(prefix)).sort((left, right) => numberOf(left) - numberOf(right));
}
