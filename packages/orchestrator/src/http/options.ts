/** What the API is given by whoever starts it. */
import type { IncomingMessage } from 'node:http';
import type { Clock, Logger, Random, Timers } from '@stadion/base';
import type { StateSlave } from '@stadion/contract/mesos-state';
import type { OwnPermissions } from '@stadion/contract/orchestrator-extensions';
import type { ResourceHistory } from '@stadion/contract/overview';
import type { Sight } from '@stadion/contract/permissions';
import type { ServicePortRange } from '../core/app/service-ports.ts';
import type { AppDefaults } from '../core/app/spec.ts';
import type { Answer } from './answer.ts';

/** Settings and surroundings of the orchestrator's API. */
export interface OrchestratorHttpOptions {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly log: Logger;
  /** `host:port` of the leader, undefined while there is none. */
  readonly leader: () => string | undefined;
  /** Steps down as the leader; absent where nobody could take over. */
  readonly abdicate?: () => void;
  /** Who shows an `Authorization` header, and what they may do; absent where nobody is known by name. */
  readonly permissionsOf?: (authorization: string | undefined) => Promise<OwnPermissions>;
  /** What of apps and groups the sender of a request sees; absent where nobody is known by name: then everything. */
  readonly sightOf?: (request: IncomingMessage) => Sight;
  /** False while state is being loaded: then everything but `/ping` is answered 503. */
  readonly ready: () => boolean;
  /** What fills the gaps of apps. */
  readonly defaults?: AppDefaults;
  readonly servicePorts?: ServicePortRange;
  /** What `/v2/info` says beyond what the API knows itself. */
  readonly info?: InfoValues;
  /** Bytes of a request's body. */
  readonly bodyLimitBytes?: number;
  /** Reads master and agents for `/v2/cluster`; without it those routes are answered 502. */
  readonly cluster?: ClusterReader;
  /** Asks the name server for `/v2/names`; without it those routes are answered 502. */
  readonly names?: PartReader;
  /** Asks the edge for `/v2/edge`; without it those routes are answered 502. */
  readonly edge?: PartReader;
  /** The pages for people: asked for every reading request that is not the API's. Undefined: there is no such page. */
  readonly pages?: (request: PageRequest) => Promise<Answer | undefined>;
  /** How much is logged; without it `/logging` names no logger. */
  readonly logLevels?: LogLevels;
  /** Origins of pages that may read, `*` for any; none: no CORS headers. */
  readonly corsOrigins?: readonly string[];
}

/** How much each part of the platform logs. */
export interface LogLevels {
  /** Levels by logger, `root` for all that have none of their own. */
  all(): ReadonlyMap<string, string>;
  /** @returns false when there is no such logger */
  set(logger: string, level: string): boolean;
  /** Takes {@link set} back. */
  reset(logger: string): void;
}

/** A request for a page. */
export interface PageRequest {
  /** Decoded, with a leading slash. */
  readonly path: string;
  /** Whether a person follows a link: the request is for HTML. */
  readonly wantsHtml: boolean;
  /** The Accept-Encoding header, empty when absent. */
  readonly acceptEncoding: string;
}

/** What the orchestrator can ask of the cluster below it. */
export interface ClusterReader {
  /** A page of the master. @throws PlatformError `master-unreachable` */
  master(path: string, query: URLSearchParams, signal: AbortSignal): Promise<Answer>;
  /** A question of the operator API that needs nothing but its type. @throws PlatformError `master-unreachable` */
  ask(call: { readonly type: string }, signal: AbortSignal): Promise<Answer>;
  /**
   * A page of an agent, by the agent's id; undefined when there is no such agent.
   * @param sent is given to it by POST
   * @throws PlatformError `agent-unreachable`
   */
  agent(
    agentId: string,
    path: string,
    query: URLSearchParams,
    signal: AbortSignal,
    sent?: object,
  ): Promise<Answer | undefined>;
  /**
   * Gives the master an order about an agent, as its operator API takes it; false when there is no such agent.
   * @throws PlatformError `master-unreachable`; ApiError when refused
   */
  order(
    agentId: string,
    call: { readonly type: string } & Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The agents as the master counts them. @throws PlatformError `master-unreachable` */
  nodes(signal: AbortSignal): Promise<readonly StateSlave[]>;
  /** The use of resources during the last hour. */
  history(): ResourceHistory;
}

/** Asks the own HTTP API of a part that stands beside. @throws PlatformError, e.g. `dns-unreachable` */
export type PartReader = (
  method: 'GET' | 'PUT' | 'DELETE',
  path: string,
  query: URLSearchParams,
  signal: AbortSignal,
) => Promise<Answer>;

/** Values of `/v2/info`; names are Marathon's, unknown ones are added. */
export interface InfoValues {
  /** Clients choose their dialect by it: at least 1.5 means the `networks` form of apps. */
  readonly version?: string;
  readonly buildref?: string;
  /** What people call the cluster. */
  readonly clusterName?: string;
  readonly marathonConfig?: Readonly<Record<string, unknown>>;
  readonly zookeeperConfig?: Readonly<Record<string, unknown>>;
  readonly httpConfig?: Readonly<Record<string, unknown>>;
}
