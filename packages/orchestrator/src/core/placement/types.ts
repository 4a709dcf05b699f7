/** What the matcher is given and what it answers. Pure data: the engine turns placements into launches. */
import type { Offer } from '@stadion/contract/mesos';
import type { AppDefinition, RejectReason, WaitingReason } from '@stadion/contract/orchestrator';
import type { NearestFit } from '@stadion/contract/orchestrator-extensions';
import type { AgentPlace } from '../instance.ts';
import type { AssignedDisk, OwnDisk } from './own-disks.ts';

/** Free ports as sorted, disjoint, inclusive ranges: `[begin, end, begin, end, …]`. */
export type PortRanges = readonly number[];

/** An offer made ready for matching: numbers instead of texts. Scalars in thousandths. */
export interface PreparedOffer {
  readonly offer: Offer;
  readonly place: AgentPlace;
  /** The role of the apps that it is for. */
  readonly role: string;
  /** Whether something of it can be reserved: not in the role `*`. */
  readonly isReservable: boolean;
  /** Whether it is in the role that is there for reservations only. */
  readonly isForReservations: boolean;
  /** Whether it stands for what an agent has, whoever it is offered to: only to find out what would fit. */
  readonly isForAnyRole?: boolean;
  /** Resources that are not reserved, as everything below. */
  readonly cpusMilli: number;
  /** What is only lent, for those that take such cpus. */
  readonly revocableCpusMilli: number;
  readonly memMilli: number;
  readonly diskMilli: number;
  readonly gpusMilli: number;
  readonly ports: PortRanges;
  readonly disks: readonly OwnDisk[];
  /** Its machine is planned to be out of service now. */
  readonly isOutOfService: boolean;
  /** What the agent can run (`posix`, `linux`, `docker`); undefined when it does not say, then anything. */
  readonly containerizers: ReadonlySet<string> | undefined;
}

/** Some instances of one app that want a place. */
export interface PlacementRequest {
  readonly app: AppDefinition;
  /** How many; at least 1. */
  readonly count: number;
  /** Where instances are that constraints count: this app's, of the current configuration, placed and not lost. */
  readonly placed: readonly AgentPlace[];
  /** Ids of the only agents that will do; undefined: any. */
  readonly only?: ReadonlySet<string>;
}

/** One instance found its place. */
export interface Placement {
  /** Index into the requests. */
  readonly request: number;
  /** Index into the offers. */
  readonly offer: number;
  /**
   * One entry per port definition or mapping of the app, in order: the host port taken from the offer, or undefined
   * when that mapping has none.
   */
  readonly hostPorts: readonly (number | undefined)[];
  /** Where the volumes go that want disks of their own. */
  readonly disks: readonly AssignedDisk[];
}

/** Why offers were not used for one request. An offer counts once, under the first reason that refused it. */
export interface RejectTally {
  /** Offers examined. */
  readonly processed: number;
  /** By reason; a reason that refused none may be absent. */
  readonly declined: ReadonlyMap<RejectReason, number>;
  /** The refusals grouped for people: key is a stable code such as `docker-missing` or `constraint:rack:CLUSTER`. */
  readonly explanations: ReadonlyMap<string, RejectExplanation>;
  /** Of the agents that refused for want of resources alone, the one that comes nearest. */
  readonly nearest?: NearestFit;
  /** The first few refused offers with their reason, at most `MAX_LISTED_OFFERS`. */
  readonly refused: readonly RefusedOffer[];
}

/** One offer that was examined and refused. */
export interface RefusedOffer {
  readonly offer: PreparedOffer;
  readonly reason: RejectReason;
}

/**
 * One group of refusals. Examples are up to three hostnames; the message is a sentence with the numbers of the nearest
 * fit, e.g. `needs 4 cpus, the most free on one agent is 1.5`.
 */
export type RejectExplanation = WaitingReason & { readonly reason: RejectReason };

/** What bounds a matching pass. */
export interface MatchOptions {
  /** How many instances, over all requests, one offer takes in this pass; at least 1. */
  readonly maxInstancesPerOffer: number;
  /** The master's region. Apps without a `@region` or `@zone` constraint stay in it; undefined when not known. */
  readonly homeRegion?: string | undefined;
}

/** The outcome of one matching pass. */
export interface MatchResult {
  readonly placements: readonly Placement[];
  /** By index of the request; only for requests that were not satisfied in full. */
  readonly tallies: ReadonlyMap<number, RejectTally>;
}
