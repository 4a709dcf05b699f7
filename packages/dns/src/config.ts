/** What the name server is told, with defaults. */
import type { Fetch } from '@stadion/contract/client';
import { ipSources, type IpSource } from './core/records.ts';

/** Calls back with the URLs of all masters, whoever leads first, now and at each change, until it is stopped. */
export type MastersObserver = (listener: (masters: readonly string[]) => void) => { stop(): void };

/** One cluster and the zone that its names are in. */
export interface ClusterSource {
  /** E.g. `mesos`. Lower case. */
  readonly domain: string;
  /** URLs of its masters, e.g. `http://10.0.0.1:5050`; any of them may lead. */
  readonly masters: readonly string[];
  /** Tells what masters there are, where something knows it; then they need no mention in `masters`. */
  readonly observeMasters?: MastersObserver | undefined;
  /** URL of an orchestrator of ours, which tells of changes and of what serves. */
  readonly orchestrator?: string | undefined;
  /** Asks it, with what shows who does; without it nothing is shown. */
  readonly fetch?: Fetch | undefined;
}

/** Everything. Durations that people set are in seconds, as Mesos-DNS has them. */
export interface DnsConfig {
  readonly clusters: readonly ClusterSource[];
  readonly bindAddress: string;
  /** UDP and TCP. 0 picks a free one, without workers. */
  readonly port: number;
  /** Processes that answer; 0: this one does. */
  readonly workers: number;
  /** DNS over TLS, when there is an identity. */
  readonly tls: { readonly port: number; readonly cert: string; readonly key: string } | undefined;
  readonly ttl: number;
  /** Between two snapshots that no event asked for. */
  readonly refreshSeconds: number;
  /** From this age on, what is known of a cluster is called stale; it is served all the same. */
  readonly staleSeconds: number;
  readonly ipSources: readonly IpSource[];
  readonly enforceRfc952: boolean;
  readonly srvWeight: number;
  readonly soaRefresh: number;
  readonly soaRetry: number;
  readonly soaExpire: number;
  readonly resolvers: readonly string[];
  readonly zoneResolvers: Readonly<Record<string, readonly string[]>>;
  /** Networks whose clients may have other names forwarded. */
  readonly forwardFor: readonly string[];
  /** Answers per second and network over UDP; 0: no limit. */
  readonly rateLimit: number;
  readonly splits: readonly { readonly clients: readonly string[]; readonly prefer: readonly string[] }[];
  /** Whether the whole zone may be listed over HTTP. */
  readonly enumeration: boolean;
  /** Keeps who is out of rotation through restarts. */
  readonly rotationFile: string | undefined;
}

const DEFAULTS: Omit<DnsConfig, 'clusters'> = {
  bindAddress: '127.0.0.1',
  port: 8053,
  workers: 0,
  tls: undefined,
  ttl: 5,
  refreshSeconds: 30,
  staleSeconds: 90,
  ipSources: ['netinfo', 'mesos', 'host'],
  enforceRfc952: false,
  srvWeight: 1,
  soaRefresh: 60,
  soaRetry: 600,
  soaExpire: 86_400,
  resolvers: [],
  zoneResolvers: {},
  forwardFor: ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
  rateLimit: 1000,
  splits: [],
  enumeration: true,
  rotationFile: undefined,
};

/** The configuration with everything that was not said. */
export function dnsConfig(given: Partial<DnsConfig> & Pick<DnsConfig, 'clusters'>): DnsConfig {
  return { ...DEFAULTS, ...given };
}

/** Reads a list of IP sources; undefined when one is unknown or twice, or there is none. */
export function readIpSources(names: readonly string[]): readonly IpSource[] | undefined {
  const sources = names.flatMap((name) => ipSources.find((source) => source === name) ?? []);
  return sources.length === names.length && sources.length > 0 && new Set(sources).size === sources.length
    ? sources
    : undefined;
}
