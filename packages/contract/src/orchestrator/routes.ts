/** Every route of the orchestrator's API, as data: servers bind handlers to it, clients and documents derive from it. */
import { appRoutes } from './app-routes.ts';
import { clusterRoutes } from './cluster-routes.ts';
import { edgeRoutes } from './edge-routes.ts';
import { extensionRoutes } from './extension-routes.ts';
import { groupRoutes } from './group-routes.ts';
import { namesRoutes } from './names-routes.ts';
import { overviewRoutes } from './overview-routes.ts';
import { podRoutes } from './pod-routes.ts';
import type { Route } from './route.ts';
import { systemRoutes } from './system-routes.ts';

/** By the names of its parts: written out as a whole it would be longer than the compiler writes anything. */
type OrchestratorRoutes = typeof appRoutes &
  typeof groupRoutes &
  typeof extensionRoutes &
  typeof podRoutes &
  typeof systemRoutes &
  typeof overviewRoutes &
  typeof clusterRoutes &
  typeof namesRoutes &
  typeof edgeRoutes;

/** All routes of the orchestrator, by name. */
export const orchestratorRoutes: OrchestratorRoutes = {
  ...appRoutes,
  ...groupRoutes,
  ...extensionRoutes,
  ...podRoutes,
  ...systemRoutes,
  ...overviewRoutes,
  ...clusterRoutes,
  ...namesRoutes,
  ...edgeRoutes,
} satisfies Readonly<Record<string, Route>>;
