/** What handlers are given, and what they are together. */
import type { OrchestratorEngine } from '../engine.ts';
import type { Handler } from './answer.ts';
import type { AppView } from './app-view.ts';
import type { EventStreams } from './event-streams.ts';
import type { HttpMetrics } from './http-metrics.ts';
import type { OrchestratorHttpOptions } from './options.ts';
import type { RouteName } from './route-table.ts';

/** A handler for each route. */
export type Handlers = Readonly<Record<RouteName, Handler>>;

/** What the handlers of one resource are given. */
export interface HandlerContext {
  readonly engine: OrchestratorEngine;
  readonly options: OrchestratorHttpOptions;
  readonly apps: AppView;
  readonly streams: EventStreams;
  readonly measured: HttpMetrics;
}
