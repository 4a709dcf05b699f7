/** What the handlers know of the master that they serve. */
import { hostPort } from '@stadion/base';
import type { IncomingMessage } from 'node:http';
import type { Clock, LogVerbosity } from '@stadion/base';
import type { VirtualFiles } from '@stadion/base/virtual-files';
import { WHOLE_SIGHT, type Sight } from '@stadion/contract/permissions';
import type { FastifyRequest } from 'fastify';
import { clusterSight, type ClusterSight } from '../core/cluster/cluster-sight.ts';
import { seenCluster } from '../core/cluster/seen-cluster.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import type { Master, MasterIdentity } from '../master.ts';
import type { Meters } from '../meters.ts';
import { inTurns } from './json-pieces.ts';
import { masterFiles } from './log-files.ts';

/** A master that runs, at the moment of one request. */
export interface ServedMaster {
  readonly view: ClusterView;
  readonly identity: MasterIdentity;
  readonly clock: Clock;
  readonly meters: Meters;
  /** How many inputs wait for their turn. */
  readonly waiting: number;
  /** The port that it really listens on. */
  readonly port: number;
  /** `master@ip:port`. */
  readonly pid: string;
  /** The file of its log, where it is known, and how much goes there. */
  readonly logFile?: string | undefined;
  readonly verbosity?: LogVerbosity | undefined;
}

/** What of a master is shown, and to whom. */
export interface MasterHttpOptions {
  /** What of apps and roles the sender of a request sees; absent where nobody is known by name: then everything. */
  readonly sightOf?: (request: IncomingMessage) => Sight;
  /** The app of a task, by its id: where apps are what people may see. */
  readonly appOfTask?: (taskId: string) => string | undefined;
  /** The file of the master's own log, which `/files` shows as `/master/log`. */
  readonly logFile?: string;
  /** How much goes there, where that can be changed. */
  readonly verbosity?: LogVerbosity;
}

/** One master, read through what callers see. */
export class SeenMaster {
  readonly master: Master;
  /** What `/files` shows. */
  readonly files: VirtualFiles;
  readonly verbosity: LogVerbosity | undefined;
  private readonly options: MasterHttpOptions;

  constructor(master: Master, options: MasterHttpOptions) {
    this.master = master;
    this.options = options;
    this.files = masterFiles(options.logFile);
    this.verbosity = options.verbosity;
  }

  /** What the sender of a request sees. */
  sightOf({ raw }: FastifyRequest): ClusterSight {
    const { sightOf, appOfTask = () => undefined } = this.options;
    return clusterSight(sightOf === undefined ? WHOLE_SIGHT : sightOf(raw), appOfTask);
  }

  /** The master as this request finds it, with nothing in it but what its sender sees; undefined before it has started. */
  async within(request: FastifyRequest): Promise<ServedMaster | undefined> {
    const found = servedMaster(this.master, request);
    const served =
      found === undefined ? undefined : { ...found, logFile: this.options.logFile, verbosity: this.verbosity };
    const sight = this.sightOf(request);
    if (served === undefined || sight.isWhole) return served;
    return { ...served, view: await inTurns(seenCluster(served.view, sight), this.master.time) };
  }
}

/** The master as this request finds it. A master that was told no port listens on the one that the request came to. */
export function servedMaster(master: Master, request: FastifyRequest): ServedMaster | undefined {
  const { view, identity, time, meters, waiting } = master;
  if (view === undefined) return undefined;
  const port = identity.port === 0 ? (request.socket.localPort ?? 0) : identity.port;
  return { view, identity, clock: time, meters, waiting, port, pid: `master@${hostPort(identity.ip, port)}` };
}
