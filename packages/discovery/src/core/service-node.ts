/** One instance of a service, as providers announce it and consumers find it. */

/** Where a node belongs; members that others add are kept. */
export interface ShardInfo {
  readonly environment: string;
  readonly region: string | null;
  readonly tags: readonly string[] | null;
  readonly [other: string]: unknown;
}

/** One node. Its members are Ranger's, in the order in which Ranger writes them. */
export interface ServiceNode {
  readonly host: string;
  readonly port: number;
  /** From 0 to 1. */
  readonly routingWeight: number;
  readonly nodeData: ShardInfo;
  readonly healthcheckStatus: 'healthy' | 'unhealthy';
  /** Epoch milliseconds by the provider's clock; undefined when it has never been updated. */
  readonly lastUpdatedTimeStamp: number | undefined;
  readonly healthySinceTimeStamp: number;
  readonly portScheme: string | null;
  /** Members that we do not know, as they were read. */
  readonly others?: Readonly<Record<string, unknown>>;
}

/** What tells nodes of one service apart. */
export function nodeKey({ host, port }: Pick<ServiceNode, 'host' | 'port'>): string {
  return `${host}:${String(port)}`;
}

/** A healthy node about which nothing more is said. */
export function plainNode(host: string, port: number, more: Partial<ServiceNode> = {}): ServiceNode {
  return {
    host,
    port,
    routingWeight: 1,
    nodeData: { environment: '', region: null, tags: null },
    healthcheckStatus: 'healthy',
    lastUpdatedTimeStamp: undefined,
    healthySinceTimeStamp: 0,
    portScheme: null,
    ...more,
  };
}
