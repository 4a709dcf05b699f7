/** Every page and its address. What a person sees is in the URL, whole. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { parseAppsSearch } from './core/apps-search.ts';
import { text } from './core/search-params.ts';
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
  component: lazyRouteComponent(() => import('./pages/apps/apps-page.tsx'), 'AppsPage'),
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
  }),
  component: lazyRouteComponent(() => import('./pages/app/app-page.tsx'), 'AppPage'),
});

const instanceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/instance/$taskId',
  component: lazyRouteComponent(() => import('./pages/instance/instance-page.tsx'), 'InstancePage'),
});

const routeTree = rootRoute.addChildren([overviewRoute, appsRoute, appRoute, instanceRoute]);

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
