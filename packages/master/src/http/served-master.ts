/** What the handlers know of the master that they serve. */
import type { Clock } from '@stadion/base';
import type { FastifyRequest } from 'fastify';
import type { ClusterView } from '../core/cluster/state.ts';
import type { Master, MasterIdentity } from '../master.ts';

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

/** The master as this request finds it. A master that was told no port listens on the one that the request came to. */
export function servedMaster(master: Master, request: FastifyRequest): ServedMaster | undefined {
  const { view, identity, time } = master;
  if (view === undefined) return undefined;
  const port = identity.port === 0 ? (request.socket.localPort ?? 0) : identity.port;
  return { view, identity, clock: time, port, pid: `master@${identity.ip}:${String(port)}` };
}
