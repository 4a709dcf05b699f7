/** A cluster as far as names need it: what was read of a master's state, and only that. */

/** Host and port of something that listens. `address` is an IP literal. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A machine that runs tasks. Without addresses its tasks have no names. */
export interface Agent {
  readonly id: string;
  readonly addresses: readonly string[];
  readonly port: number;
}

/** Who launched tasks. */
export interface Framework {
  readonly id: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** Unknown for frameworks that speak HTTP. */
  readonly port: number | undefined;
}

/** One port that a task announces. `name` and `protocol` may be empty. */
export interface DiscoveryPort {
  readonly number: number;
  readonly name: string;
  readonly protocol: string;
}

/** A task that runs. */
export interface RunningTask {
  readonly id: string;
  readonly name: string;
  readonly frameworkId: string;
  readonly agentId: string;
  /** Host ports. */
  readonly ports: readonly number[];
  readonly discovery: { readonly name: string; readonly ports: readonly DiscoveryPort[] } | undefined;
  /** Addresses as texts, by where they were found. */
  readonly addresses: Readonly<Record<'netinfo' | 'docker' | 'mesos', readonly string[]>>;
  /** What its health checks say; undefined where there are none or no result yet. */
  readonly healthy: boolean | undefined;
  readonly version: string | undefined;
  readonly shard: string | undefined;
}

/** Everything at one moment. */
export interface Cluster {
  readonly leader: Endpoint | undefined;
  /** Masters that are known beside the leader, in the order of the configuration. */
  readonly masters: readonly Endpoint[];
  readonly agents: readonly Agent[];
  readonly frameworks: readonly Framework[];
  readonly tasks: readonly RunningTask[];
  /** What could not be read, one sentence each; everything else is there. */
  readonly problems: readonly string[];
}
