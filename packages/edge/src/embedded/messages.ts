/** What the edge and its worker processes say to each other. Plain JSON, in order. */
import type { EdgeSpan } from '../core/trace/otlp.ts';
import type { FragmentChange } from '../core/model.ts';
import type { Challenges, ServerReport } from '../ports/data-plane.ts';
import type { AccessLogFormat } from './access-log.ts';
import type { CertificatePair } from './certificates.ts';
import type { EntryPointSettings } from './entry-point.ts';
import type { RouteTraffic } from './traffic.ts';

/** What a worker is told once, at its start. */
export interface WorkerSettings {
  readonly hostname: string;
  readonly workers: number;
  readonly secret: string;
  readonly trustedProxies: readonly string[];
  readonly proxyProtocolFrom: readonly string[];
  readonly clientAuthority: string | undefined;
  readonly accessLog: AccessLogFormat;
  /** Of the traces that begin at the edge, how many are kept: 0 to 1. Undefined: nobody wants spans. */
  readonly tracesRatio: number | undefined;
}

/** To a worker. */
export type ToWorker =
  | { readonly kind: 'settings'; readonly settings: WorkerSettings }
  | { readonly kind: 'apply'; readonly sequence: number; readonly changes: readonly FragmentChange[] }
  | { readonly kind: 'certificates'; readonly sequence: number; readonly pairs: readonly CertificatePair[] }
  | { readonly kind: 'challenges'; readonly sequence: number; readonly challenges: Challenges }
  | { readonly kind: 'listen'; readonly sequence: number; readonly entryPoints: readonly EntryPointSettings[] }
  | { readonly kind: 'drain'; readonly limitMs: number; readonly closesIdle: boolean };

/** From a worker. */
export type FromWorker =
  | { readonly kind: 'online' }
  | { readonly kind: 'done'; readonly sequence: number; readonly ports?: Readonly<Record<string, number>> }
  | { readonly kind: 'failed'; readonly sequence: number; readonly code: string; readonly message: string }
  | { readonly kind: 'traffic'; readonly traffic: readonly RouteTraffic[]; readonly servers: readonly ServerReport[] }
  | { readonly kind: 'access-log'; readonly lines: readonly string[] }
  | { readonly kind: 'spans'; readonly spans: readonly EdgeSpan[] }
  | { readonly kind: 'problem'; readonly message: string }
  | { readonly kind: 'drained' };

/** Whether something that came over a channel is a message to a worker. */
export function isToWorker(value: unknown): value is ToWorker {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}

/** Whether something that came over a channel is a message from a worker. */
export function isFromWorker(value: unknown): value is FromWorker {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}
