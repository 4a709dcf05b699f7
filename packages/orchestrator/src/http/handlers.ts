/** Binds every route of the contract to its handler. The type makes a forgotten one a compile error. */
import { appTaskHandlers } from './app-tasks.ts';
import { clusterHandlers } from './cluster.ts';
import { rebalanceHandlers } from './rebalance.ts';
import { deploymentHandlers } from './deployments.ts';
import type { HandlerContext, Handlers } from './handler-context.ts';
import { groupHandlers } from './groups.ts';
import { logLevelHandlers } from './log-levels.ts';
import { metricsHandlers } from './metrics.ts';
import { edgeHandlers } from './edge.ts';
import { namesHandlers } from './names.ts';
import { overviewHandlers } from './overview.ts';
import { deploymentControlHandlers } from './deployment-control.ts';
import { freezeHandlers } from './freeze.ts';
import { planHandlers } from './plan.ts';
import { policyHandlers } from './policies.ts';
import { whyHandlers } from './why.ts';
import { podHandlers } from './pods.ts';
import { queueHandlers } from './queue.ts';
import { readAppHandlers } from './read-apps.ts';
import { systemHandlers } from './system.ts';
import { taskHandlers } from './tasks.ts';
import { writeAppHandlers } from './write-apps.ts';
import { writeGroupHandlers } from './write-groups.ts';

/** All handlers, over one engine. */
export function createHandlers(context: HandlerContext): Handlers {
  return {
    ...readAppHandlers(context),
    ...writeAppHandlers(context),
    ...appTaskHandlers(context),
    ...taskHandlers(context),
    ...deploymentHandlers(context),
    ...podHandlers(context),
    ...queueHandlers(context),
    ...groupHandlers(context),
    ...writeGroupHandlers(context),
    ...planHandlers(context),
    ...deploymentControlHandlers(context),
    ...policyHandlers(context),
    ...whyHandlers(context),
    ...freezeHandlers(context),
    ...metricsHandlers(context),
    ...logLevelHandlers(context),
    ...systemHandlers(context),
    ...overviewHandlers(context),
    ...clusterHandlers(context),
    ...rebalanceHandlers(context),
    ...namesHandlers(context),
    ...edgeHandlers(context),
    events: (call) => context.streams.open(call),
    listRecentEvents: (call) => context.streams.recent(call),
  };
}
