/** What the main process and its answering workers say to each other. */
import type { NameChange } from '../core/record-book.ts';
import type { CounterValues } from '../server/counters.ts';
import type { ForwardSettings } from '../server/forwarder.ts';
import type { NameServerSettings } from '../server/name-server.ts';
import type { QueryRecord } from '../server/query-log.ts';

/** Where to listen and how to answer. */
export interface ServeSettings {
  readonly names: NameServerSettings;
  readonly forward: ForwardSettings;
  readonly address: string;
  readonly port: number;
  readonly tls: { readonly port: number; readonly cert: string; readonly key: string } | undefined;
}

/** To a worker: how to serve, then all names, then that it may listen; later what changes. */
export type ToWorker =
  | { readonly kind: 'serve'; readonly settings: ServeSettings }
  | {
      readonly kind: 'changes';
      readonly domain: string;
      readonly changes: readonly NameChange[];
      readonly serial: number;
    }
  | { readonly kind: 'listen' }
  | { readonly kind: 'report'; readonly id: number };

/** From a worker. */
export type FromWorker =
  /** It hears now; what was sent before is lost. */
  | { readonly kind: 'started' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | {
      readonly kind: 'report';
      readonly id: number;
      readonly counters: CounterValues;
      readonly queries: readonly QueryRecord[];
      readonly residentBytes: number;
    };
