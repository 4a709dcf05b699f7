/** What the handlers know of the master that they serve. */
import type { Clock } from '@stadion/base';
import type { ClusterView } from '../core/cluster/state.ts';
import type { MasterIdentity } from '../master.ts';

/** A master that runs, at the moment of one request. */
export interface ServedMaster {
  readonly view: ClusterView;
  readonly identity: MasterIdentity;
  readonly clock: Clock;
  /** The port that it really listens on. */
  readonly port: number;
  /** `master@ip:port`. */
  readonly pid: string;
}
