/** Every page and its address. What a person sees is in the URL, whole. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { parseAppsSearch } from './core/apps-search.ts';
import { parseEventsSearch } from './core/event-filter.ts';
import { parseLogsSearch } from './core/logs-search.ts';
import { MAP_COLOURS } from './core/map-squares.ts';
import { readAmounts } from './core/nearest-fit.ts';
import { NODE_STATES } from './core/node-row.ts';
import { choice, choices, listSearch, text, texts } from './core/search-params.ts';
import { loadPart } from './data/load-part.ts';
import { Frame } from './frame/frame.tsx';
import { NotFound } from './frame/not-found.tsx';
import { PageError } from './frame/page-error.tsx';
import { OverviewPage } from './pages/overview/overview-page.tsx';

const rootRoute = createRootRoute({ component: Frame, notFoundComponent: NotFound });

const overviewRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: OverviewPage });

const appsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/apps',
  validateSearch: parseAppsSearch,
  component: lazyRouteComponent(() => loadPart(() => import('./pages/apps/apps-page.tsx')), 'AppsPage'),
});

/** The id of the app is the rest of the path. */
const appRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/app/$',
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, 'tab'),
    ...text(search, 'from'),
    ...text(search, 'to'),
    ...text(search, 'sort'),
    ...text(search, 'volume'),
    ...parseLogsSearch(search),
  }),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/app/app-page.tsx')), 'AppPage'),
});

const podRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/pod/$',
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, 'tab'),
    ...text(search, 'from'),
    ...text(search, 'to'),
    ...text(search, 'volume'),
    ...parseLogsSearch(search),
  }),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/pod/pod-page.tsx')), 'PodPage'),
});

const instanceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/instance/$taskId',
  validateSearch: (search: Record<string, unknown>) => ({ ...text(search, 'folder'), ...text(search, 'file') }),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/instance/instance-page.tsx')), 'InstancePage'),
});

const deploymentsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/deployments',
  validateSearch: (search: Record<string, unknown>) => text(search, 'id'),
  component: lazyRouteComponent(
    () => loadPart(() => import('./pages/deployments/deployments-page.tsx')),
    'DeploymentsPage',
  ),
});

const nodesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/nodes',
  validateSearch: (search: Record<string, unknown>) => ({
    ...listSearch(search),
    ...choices(search, 'state', NODE_STATES),
    ...texts(search, 'attribute'),
  }),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/nodes/nodes-page.tsx')), 'NodesPage'),
});

const nodeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/node/$agentId',
  validateSearch: (search: Record<string, unknown>) => text(search, 'sort'),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/nodes/node-page.tsx')), 'NodePage'),
});

const mapRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/map',
  validateSearch: (search: Record<string, unknown>) => choice(search, 'colour', MAP_COLOURS),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/map/map-page.tsx')), 'MapPage'),
});

function taskListSearch(search: Record<string, unknown>) {
  return { ...listSearch(search), ...texts(search, 'state'), ...texts(search, 'role') };
}

const clusterRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/cluster',
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, 'tab'),
    ...taskListSearch(search),
    ...texts(search, 'framework'),
  }),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/cluster/cluster-page.tsx')), 'ClusterPage'),
});

const frameworkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/framework/$frameworkId',
  validateSearch: taskListSearch,
  component: lazyRouteComponent(() => loadPart(() => import('./pages/cluster/framework-page.tsx')), 'FrameworkPage'),
});

const routesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/routes',
  validateSearch: (search: Record<string, unknown>) => ({
    ...listSearch(search),
    ...text(search, 'route'),
  }),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/routes/routes-page.tsx')), 'RoutesPage'),
});

const namesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/names',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => loadPart(() => import('./pages/names/names-page.tsx')), 'NamesPage'),
});

const eventsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/events',
  validateSearch: parseEventsSearch,
  component: lazyRouteComponent(() => loadPart(() => import('./pages/events/events-page.tsx')), 'EventsPage'),
});

const apiRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/api',
  validateSearch: listSearch,
  component: lazyRouteComponent(() => loadPart(() => import('./pages/api/api-page.tsx')), 'ApiPage'),
});

const newRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/new',
  validateSearch: (search: Record<string, unknown>) => ({
    ...text(search, 'clone'),
    ...text(search, 'version'),
    ...text(search, 'group'),
    ...text(search, 'kind'),
  }),
  component: lazyRouteComponent(() => loadPart(() => import('./pages/edit/new-page.tsx')), 'NewPage'),
});

const editRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/edit/$',
  validateSearch: readAmounts,
  component: lazyRouteComponent(() => loadPart(() => import('./pages/edit/edit-page.tsx')), 'EditPage'),
});

const editPodRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/edit-pod/$',
  component: lazyRouteComponent(() => loadPart(() => import('./pages/edit/edit-pod-page.tsx')), 'EditPodPage'),
});

const routeTree = rootRoute.addChildren([
  overviewRoute,
  appsRoute,
  appRoute,
  podRoute,
  instanceRoute,
  deploymentsRoute,
  nodesRoute,
  nodeRoute,
  mapRoute,
  clusterRoute,
  frameworkRoute,
  routesRoute,
  namesRoute,
  eventsRoute,
  apiRoute,
  newRoute,
  editRoute,
  editPodRoute,
]);

/** The router over the browser's history. */
export function createConsoleRouter() {
  return createRouter({
    routeTree,
    defaultPreload: 'intent',
    defaultErrorComponent: PageError,
    scrollRestoration: true,
    scrollToTopSelectors: ['#content'],
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
