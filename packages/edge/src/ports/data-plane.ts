/** The port to whatever carries the requests: worker processes of our own, or HAProxy. */
import type { FragmentChange } from '../core/model.ts';
import type { EdgeSpan } from '../core/trace/otlp.ts';
import type { CertificatePair } from '../embedded/certificates.ts';
import type { RouteTraffic } from '../embedded/traffic.ts';

/** What is known about one server where the requests are carried. */
export interface ServerReport {
  readonly service: string;
  readonly server: string;
  readonly active: number;
  readonly requests: number;
  readonly failures: number;
  readonly latencyMs: number;
  /** `up`, or why it gets nothing. */
  readonly state: 'up' | 'draining' | 'down' | 'ejected';
}

/** Who hears of what the plane sees. */
export interface DataPlaneListener {
  onTraffic(traffic: readonly RouteTraffic[]): void;
  /**
   * All that one process has to say of servers. One that it leaves out is up and has had no request there.
   * @param process a number of its own
   */
  onServers(process: number, reports: readonly ServerReport[]): void;
  /** Lines of the access log, ready to be written. */
  onAccessLog(lines: readonly string[]): void;
  /** Requests that are over and belong to a trace that is kept. */
  onSpans(spans: readonly EdgeSpan[]): void;
  /** The plane cannot go on and its owner has to know. */
  onProblem(message: string): void;
}

/** Answers to ACME's challenges. */
export interface Challenges {
  /** HTTP-01: the answer by token. */
  readonly tokens: Readonly<Record<string, string>>;
  /** TLS-ALPN-01: certificates by name. */
  readonly certificates: readonly CertificatePair[];
}

/** The plane. All changes take effect in the order in which they were made. */
export interface DataPlane {
  /** Listens. @returns the real ports by the names of entry points */
  start(listener: DataPlaneListener): Promise<Readonly<Record<string, number>>>;
  /** Takes over changes of the table. Resolves when they are in effect everywhere. */
  apply(changes: readonly FragmentChange[]): Promise<void>;
  /** Takes over the certificates; the first is the one for names that none is for. */
  setCertificates(pairs: readonly CertificatePair[]): Promise<void>;
  setChallenges(challenges: Challenges): Promise<void>;
  /** Why a route is not carried the fastest way, where there is more than one. @param key `name@source` */
  slowReason(key: string): string | undefined;
  /** Process ids of what carries requests now. */
  pids(): readonly number[];
  /** The configuration as text, for people. */
  describe(): string;
  /** Replaces what carries the requests by new ones, losing none. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}
