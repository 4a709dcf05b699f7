/** Binds every route of the contract to its handler. The type makes a forgotten one a compile error. */
import type { OrchestratorEngine } from '../engine.ts';
import type { Handler } from './answer.ts';
import { appTaskHandlers } from './app-tasks.ts';
import { AppView } from './app-view.ts';
import { deploymentHandlers } from './deployments.ts';
import { EventStreams } from './event-streams.ts';
import { groupHandlers } from './groups.ts';
import { metricsHandlers } from './metrics.ts';
import type { OrchestratorHttpOptions } from './options.ts';
import { queueHandlers } from './queue.ts';
import { readAppHandlers } from './read-apps.ts';
import type { RouteName } from './route-table.ts';
import { systemHandlers } from './system.ts';
import { taskHandlers } from './tasks.ts';
import { writeAppHandlers } from './write-apps.ts';

/** A handler for each route. */
export type Handlers = Readonly<Record<RouteName, Handler>>;

/** What the handlers of one resource are given. */
export interface HandlerContext {
  readonly engine: OrchestratorEngine;
  readonly options: OrchestratorHttpOptions;
  readonly apps: AppView;
  readonly streams: EventStreams;
}

/** All handlers, over one engine. */
export function createHandlers(context: HandlerContext): Handlers {
  return {
    ...readAppHandlers(context),
    ...writeAppHandlers(context),
    ...appTaskHandlers(context),
    ...taskHandlers(context),
    ...deploymentHandlers(context),
    ...queueHandlers(context),
    ...groupHandlers(context),
    ...metricsHandlers(context),
    ...systemHandlers(context),
    events: (call) => context.streams.open(call),
  };
}
