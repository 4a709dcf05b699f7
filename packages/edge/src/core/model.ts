/**
 * The route table, in the words that all dialects and data planes share. Everything here is plain JSON, because it
 * travels to worker processes. What one source (an app, a file) contributes is a {@link Fragment}.
 */
import type { EdgeProblem } from '@stadion/contract/edge';
import type { Rule } from './rule/rule.ts';

/** One place where requests can be sent. */
export interface Server {
  /** Unique within its service and stable over changes: `<host>:<port>`. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** Relative share of traffic, 1 and above; 0 takes no new requests. */
  readonly weight: number;
  readonly appId?: string;
  readonly taskId?: string;
  /** On its way out: finishes what it has, and gets nothing new. */
  readonly isDraining?: boolean;
}

/** How a server of a service is picked. */
export type BalanceMethod =
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'least-connections' }
  | { readonly kind: 'two-choices' }
  | { readonly kind: 'random' }
  | { readonly kind: 'first' }
  | { readonly kind: 'hash'; readonly on: HashKey };

/** What a consistent hash is taken of. */
export type HashKey =
  | { readonly kind: 'source' }
  | { readonly kind: 'path' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string };

/** Affinity by a cookie. */
export interface StickyCookie {
  readonly name: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite?: 'none' | 'lax' | 'strict';
}

/** Probes that the edge itself sends. Any answer from 200 to 399 is good. */
export interface HealthProbe {
  readonly path: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly port?: number;
  readonly scheme?: 'http' | 'https';
  readonly hostname?: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Failures in a row that take a server out. */
  readonly fall: number;
  /** Successes in a row that bring it back. */
  readonly rise: number;
  /** A bare connection is enough. */
  readonly isTcp?: boolean;
}

/** Taking a server out for a while because of how its answers look. */
export interface OutlierEjection {
  readonly consecutiveFailures: number;
  readonly baseEjectionMs: number;
  /** At most this share of the servers is out at once, 0 to 1; beyond it nobody is ejected (panic). */
  readonly maxEjectedShare: number;
}

/** Everything about a service but its servers. */
export interface ServicePolicy {
  readonly scheme: 'http' | 'https' | 'h2c';
  readonly method: BalanceMethod;
  readonly passHostHeader: boolean;
  readonly sticky?: StickyCookie;
  readonly probe?: HealthProbe;
  readonly outlier: OutlierEjection;
  /** A new server's share grows to its full weight over this time. */
  readonly slowStartMs: number;
  readonly connectTimeoutMs: number;
  /** Until the head of the answer; 0: no limit. */
  readonly answerTimeoutMs: number;
  /** At most so many requests per server at once; 0: no limit. */
  readonly maxConnectionsPerServer: number;
  /** Where the upstream certificate is not checked. */
  readonly insecureSkipVerify: boolean;
  /** Version of the PROXY header that servers get (TCP routers); 0: none. */
  readonly proxyProtocol: 0 | 1 | 2;
}

/** Something that a router sends requests to. Services of one name from several sources are pooled. */
export type Service =
  | {
      readonly kind: 'servers';
      readonly name: string;
      readonly policy: ServicePolicy;
      readonly servers: readonly Server[];
      /** Share of the whole service among others of the same name; absent: by the weights of its servers. */
      readonly share?: number;
    }
  | { readonly kind: 'weighted'; readonly name: string; readonly parts: readonly WeightedPart[] }
  | { readonly kind: 'mirror'; readonly name: string; readonly service: string; readonly mirrors: readonly Mirror[] }
  | { readonly kind: 'failover'; readonly name: string; readonly service: string; readonly fallback: string };

/** One part of a weighted service. */
export interface WeightedPart {
  readonly service: string;
  readonly weight: number;
}

/** A copy of a share of the requests. */
export interface Mirror {
  readonly service: string;
  readonly percent: number;
}

/** What is told apart for limits. */
export type Criterion =
  | { readonly kind: 'client-ip'; readonly depth: number; readonly excluded: readonly string[] }
  | { readonly kind: 'host' }
  | { readonly kind: 'header'; readonly name: string };

/** `[name, value]`; an empty value removes. */
export type HeaderChange = readonly [name: string, value: string];

/** Answers to preflights and the headers that let other pages read. */
export interface CrossOrigin {
  readonly allowOrigins: readonly string[];
  readonly allowOriginPatterns: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly maxAgeSeconds: number;
  readonly addVary: boolean;
}

/** A range of statuses, both ends included. */
export type StatusRange = readonly [from: number, to: number];

/** What happens between a router and its service. */
export type MiddlewareStep =
  | { readonly kind: 'strip-prefix'; readonly prefixes: readonly string[]; readonly forceSlash: boolean }
  | { readonly kind: 'strip-prefix-regex'; readonly patterns: readonly string[] }
  | { readonly kind: 'add-prefix'; readonly prefix: string }
  | { readonly kind: 'replace-path'; readonly path: string }
  | { readonly kind: 'replace-path-regex'; readonly pattern: string; readonly replacement: string }
  | {
      readonly kind: 'redirect-scheme';
      readonly scheme: string;
      readonly port?: string;
      readonly isPermanent: boolean;
      readonly host?: string;
    }
  | {
      readonly kind: 'redirect-regex';
      readonly pattern: string;
      readonly replacement: string;
      readonly isPermanent: boolean;
    }
  | {
      readonly kind: 'headers';
      readonly request: readonly HeaderChange[];
      readonly response: readonly HeaderChange[];
      readonly allowedHosts: readonly string[];
      readonly cors?: CrossOrigin;
      readonly hsts?: string;
      readonly forceHsts: boolean;
    }
  | {
      readonly kind: 'basic-auth';
      readonly users: readonly string[];
      readonly realm: string;
      readonly removeHeader: boolean;
      readonly userHeader?: string;
    }
  | {
      readonly kind: 'digest-auth';
      readonly users: readonly string[];
      readonly realm: string;
      readonly removeHeader: boolean;
      readonly userHeader?: string;
    }
  | {
      readonly kind: 'forward-auth';
      readonly address: string;
      readonly trustForwardHeader: boolean;
      readonly requestHeaders: readonly string[];
      readonly responseHeaders: readonly string[];
      readonly insecureSkipVerify: boolean;
    }
  | {
      readonly kind: 'allow-list';
      readonly ranges: readonly string[];
      readonly depth: number;
      readonly excluded: readonly string[];
    }
  | {
      readonly kind: 'rate-limit';
      readonly average: number;
      readonly periodMs: number;
      readonly burst: number;
      readonly criterion: Criterion;
    }
  | { readonly kind: 'in-flight'; readonly amount: number; readonly criterion: Criterion }
  | { readonly kind: 'retry'; readonly attempts: number; readonly initialIntervalMs: number }
  | {
      readonly kind: 'circuit-breaker';
      readonly expression: string;
      readonly checkPeriodMs: number;
      readonly fallbackMs: number;
      readonly recoveryMs: number;
      readonly minimumRequests: number;
      readonly status: number;
    }
  | {
      readonly kind: 'buffering';
      readonly maxRequestBytes: number;
      readonly maxResponseBytes: number;
      readonly retryExpression?: string;
    }
  | { readonly kind: 'compress'; readonly minBytes: number }
  | {
      readonly kind: 'errors';
      readonly statuses: readonly StatusRange[];
      readonly service: string;
      readonly query: string;
    }
  | { readonly kind: 'client-certificate'; readonly pem: boolean; readonly infos: boolean }
  | { readonly kind: 'rewrite-location'; readonly path: string }
  | { readonly kind: 'replace-host'; readonly host: string }
  | { readonly kind: 'chain'; readonly middlewares: readonly string[] };

/** A step by the name under which routers use it. */
export interface Middleware {
  readonly name: string;
  readonly step: MiddlewareStep;
}

/** How a router is reached over TLS. */
export interface RouterTls {
  /** Bytes are passed on as they come; the service ends TLS itself. */
  readonly isPassthrough: boolean;
  /** Clients must show a certificate of this authority (PEM). */
  readonly clientAuthority?: string;
  /** Names to have a certificate for, by ACME. */
  readonly domains: readonly string[];
  readonly resolver?: string;
}

/** Which requests go where. */
export interface Router {
  readonly name: string;
  /** The app id, or the file, that it comes from. */
  readonly source: string;
  readonly protocol: 'http' | 'tcp';
  /** Names of entry points, or `port:<number>` for a listener of its own. Empty: all of the default ones. */
  readonly entryPoints: readonly string[];
  /** As a person wrote it. */
  readonly ruleText: string;
  readonly rule: Rule;
  readonly priority: number;
  readonly middlewares: readonly string[];
  readonly service: string;
  readonly tls?: RouterTls;
}

/** Something about a source that could not be taken as it was written. */
export type Problem = EdgeProblem;

/** Everything that one source contributes. */
export interface Fragment {
  readonly source: string;
  readonly routers: readonly Router[];
  readonly services: readonly Service[];
  readonly middlewares: readonly Middleware[];
  readonly problems: readonly Problem[];
}

/** A change of one source; an absent fragment takes the source out. */
export interface FragmentChange {
  readonly source: string;
  readonly fragment: Fragment | undefined;
}

/** What a service does unless its labels say otherwise. */
export const defaultPolicy: ServicePolicy = {
  scheme: 'http',
  method: { kind: 'round-robin' },
  passHostHeader: true,
  outlier: { consecutiveFailures: 5, baseEjectionMs: 10_000, maxEjectedShare: 0.5 },
  slowStartMs: 0,
  connectTimeoutMs: 3_000,
  answerTimeoutMs: 0,
  maxConnectionsPerServer: 0,
  insecureSkipVerify: false,
  proxyProtocol: 0,
};

/** The entry points that a router without any is reached by. */
export const DEFAULT_ENTRY_POINTS: readonly string[] = ['http', 'https'];
