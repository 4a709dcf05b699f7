/** What can be asked, each under the key by which it is renewed. */
import { queryOptions } from '@tanstack/react-query';
import type { AppSummary } from '@stadion/contract/overview';
import { isApiError } from '@stadion/contract/client';
import { isUnderWay } from '../core/deployment-words.ts';
import { indexOf, type AppIndex } from '../core/app-index.ts';
import { APPS_PAGE_ROWS, RECORDS_SHOWN } from '../limits.ts';
import { api } from './api.ts';
import { queryClient } from './query-client.ts';

/** Keys begin with these. */
export const KEYS = {
  apps: ['apps'],
  app: (id: string) => ['app', id],
  deployments: ['deployments'],
  pods: ['pods'],
  cluster: ['cluster'],
} as const;

/** All apps in short. The first pages are there while further ones are read. */
export const appsQuery = queryOptions({
  queryKey: KEYS.apps,
  queryFn: async ({ signal }): Promise<AppIndex> => {
    const isFirst = queryClient.getQueryData<AppIndex>(KEYS.apps) === undefined;
    const apps: AppSummary[] = [];
    for (let after: string | undefined; ;) {
      const page = await api.listAppSummaries({
        query: { limit: APPS_PAGE_ROWS, ...(after === undefined ? {} : { after }) },
        signal,
      });
      apps.push(...page.apps);
      after = page.next;
      if (after === undefined) return indexOf(apps, true);
      if (isFirst) queryClient.setQueryData(KEYS.apps, indexOf([...apps], false));
    }
  },
  structuralSharing: false,
});

/** One app with its tasks, last failure and statistics. */
export const appQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEYS.app(id), 'detail'],
    queryFn: async ({ signal }) => {
      const embed = ['app.counts', 'app.taskStats', 'app.lastTaskFailure', 'app.readiness', 'app.deployments'];
      return (await api.getApp({ params: { id }, query: { embed }, signal })).app;
    },
  });

/** Why instances of an app wait, or null when none does. */
export const waitingQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEYS.app(id), 'waiting'],
    queryFn: async ({ signal }) => {
      const { queue } = await api.listQueue({ query: { embed: ['lastUnusedOffers'] }, signal });
      return queue.find(({ app }) => app.id === id) ?? null;
    },
  });

/** The API's own description: it stays what it is as long as the server runs. */
export const apiDescriptionQuery = queryOptions({
  queryKey: ['api description'],
  queryFn: ({ signal }) => api.openApi({ signal }),
  staleTime: Infinity,
});

/** The versions of an app, newest first. */
export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEYS.app(id), 'versions'],
    queryFn: async ({ signal }) => (await api.listAppVersions({ params: { id }, signal })).versions,
  });

/** One version of an app. It never changes. */
export const versionQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ['version', id, version],
    queryFn: ({ signal }) => api.getAppVersion({ params: { id, version }, signal }),
  });

/** All pods with their instances. */
export const podsQuery = queryOptions({
  queryKey: KEYS.pods,
  queryFn: ({ signal }) => api.listPodStatuses({ signal }),
});

/** One pod with its instances; null when there is none. */
export const podQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEYS.pods, 'one', id],
    queryFn: async ({ signal }) => {
      try {
        return await api.getPodStatus({ params: { id }, signal });
      } catch (error) {
        if (isApiError(error) && error.status === 404) return null;
        throw error;
      }
    },
  });

/** The versions of a pod, newest first. */
export const podVersionsQuery = (id: string) =>
  queryOptions({
    queryKey: [...KEYS.pods, 'versions', id],
    queryFn: ({ signal }) => api.listPodVersions({ params: { id }, signal }),
  });

/** One version of a pod. It never changes. */
export const podVersionQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: ['pod version', id, version],
    queryFn: ({ signal }) => api.getPodVersion({ params: { id, version }, signal }),
  });

/** The deployments under way. */
export const deploymentsQuery = queryOptions({
  queryKey: KEYS.deployments,
  queryFn: ({ signal }) => api.listDeployments({ signal }),
});

/** Deployments under way and those that ended last, newest first; of one app, or of all. */
export const recordsQuery = (appId?: string) =>
  queryOptions({
    queryKey: [...KEYS.deployments, 'records', appId ?? 'all'],
    queryFn: ({ signal }) =>
      api.listDeploymentRecords({
        query: { limit: RECORDS_SHOWN, ...(appId === undefined ? {} : { app: appId }) },
        signal,
      }),
    // Failures on the way are counted without an event.
    refetchInterval: ({ state }) => (state.data?.some(isUnderWay) === true ? 2_000 : false),
  });

/** One deployment, under way or over; null when it is not remembered. */
export const recordQuery = (deploymentId: string) =>
  queryOptions({
    queryKey: [...KEYS.deployments, 'record', deploymentId],
    queryFn: async ({ signal }) => {
      try {
        return await api.getDeploymentRecord({ params: { deploymentId }, signal });
      } catch (error) {
        if (isApiError(error) && error.status === 404) return null;
        throw error;
      }
    },
    refetchInterval: ({ state }) =>
      state.data !== undefined && state.data !== null && isUnderWay(state.data) ? 2_000 : false,
  });

/** What a deployment waits for. */
export const whyDeploymentQuery = (deploymentId: string) =>
  queryOptions({
    queryKey: [...KEYS.deployments, 'why', deploymentId],
    queryFn: ({ signal }) => api.whyDeployment({ params: { deploymentId }, signal }),
    refetchInterval: 2_000,
    retry: false,
  });

/** Name, leader and settings of the platform. */
export const infoQuery = queryOptions({
  queryKey: ['info'],
  queryFn: ({ signal }) => api.info({ signal }),
});

/** Who we are, and what we may do. */
export const permissionsQuery = queryOptions({
  queryKey: ['permissions'],
  queryFn: ({ signal }) => api.ownPermissions({ signal }),
  refetchInterval: 60_000,
});

/** Numbers of the whole cluster. Nobody pushes them. */
export const clusterMetricsQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'metrics'],
  queryFn: ({ signal }) => api.clusterMetrics({ signal }),
  // Asked for on every page: by those who may not know, or where there is no master, not all the time.
  refetchInterval: ({ state }) => (state.status === 'error' ? 60_000 : 5_000),
});

/** What the cluster used during the last hour. */
export const clusterHistoryQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'history'],
  queryFn: ({ signal }) => api.clusterHistory({ signal }),
  refetchInterval: 10_000,
});
