/** What is asked of the cluster below the orchestrator. Nobody pushes any of it. */
import { queryOptions } from '@tanstack/react-query';
import { DNS_PAGE_NAMES_MAX } from '@stadion/contract/dns';
import type { InstanceSummary } from '@stadion/contract/overview';
import { knownAgents } from '../core/node-row.ts';
import { api } from './api.ts';
import { KEYS } from './queries.ts';

/** Tasks among which those of one app are looked for. */
const RECENT_TASKS = 1_000;

/** The agents with their resources. */
export const agentsQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'agents'],
  queryFn: async ({ signal }) => knownAgents(await api.listAgents({ signal })),
  refetchInterval: ({ state }) => Math.max(2_000, (state.data?.length ?? 0) * 5),
});

/** The master that leads. */
export const masterQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'master'],
  queryFn: async ({ signal }) => (await api.clusterMaster({ signal })).get_master,
});

/** Agents and frameworks with how many tasks they have. */
export const summaryQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'summary'],
  queryFn: ({ signal }) => api.clusterSummary({ signal }),
  refetchInterval: ({ state }) => Math.max(5_000, (state.data?.slaves.length ?? 0) * 5),
});

/** Frameworks that left. */
export const completedFrameworksQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'completed frameworks'],
  queryFn: async ({ signal }) => (await api.clusterFrameworks({ signal })).get_frameworks.completed_frameworks,
  refetchInterval: 10_000,
});

/** Roles with what they hold. */
export const rolesQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'roles'],
  queryFn: async ({ signal }) => (await api.clusterRoles({ signal })).roles,
  refetchInterval: 5_000,
});

/** When machines will be out of service, and which are now. */
export const maintenanceQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'maintenance'],
  queryFn: async ({ signal }) => {
    const [{ windows }, status] = await Promise.all([
      api.maintenanceSchedule({ signal }),
      api.maintenanceStatus({ signal }),
    ]);
    return { windows, down: status.down_machines ?? [] };
  },
  refetchInterval: 10_000,
});

/** Where instances would go for the load of nodes to be even, and how far the last rebalance is. */
export const rebalancePlanQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'rebalance plan'],
  queryFn: ({ signal }) => api.planRebalance({ signal }),
  refetchInterval: ({ state }) =>
    state.data?.run?.endedAt === undefined && state.data?.run !== undefined ? 2_000 : 10_000,
});

/** A task as the master knows it, ended ones included; null when it has forgotten it. */
export const clusterTaskQuery = (taskId: string) =>
  queryOptions({
    queryKey: [...KEYS.cluster, 'task', taskId],
    queryFn: async ({ signal }) =>
      (await api.listClusterTasks({ query: { task_id: taskId }, signal })).tasks[0] ?? null,
    refetchInterval: 5_000,
  });

/** The latest tasks of all apps, ended ones included, the newest first. */
export const recentTasksQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'tasks'],
  queryFn: async ({ signal }) => (await api.listClusterTasks({ query: { limit: RECENT_TASKS }, signal })).tasks,
  refetchInterval: 5_000,
});

/** What an agent runs and ran, by framework. */
export const agentStateQuery = (agentId: string) =>
  queryOptions({
    queryKey: [...KEYS.cluster, 'state', agentId],
    queryFn: ({ signal }) => api.agentState({ params: { agentId }, signal }),
    refetchInterval: 5_000,
  });

/** What the tasks of an agent use at this moment. */
export const statisticsQuery = (agentId: string) =>
  queryOptions({
    queryKey: [...KEYS.cluster, 'statistics', agentId],
    queryFn: ({ signal }) => api.agentStatistics({ params: { agentId }, signal }),
    refetchInterval: 2_000,
  });

/** A folder of a sandbox. */
export const filesQuery = ({ agentId, path }: { readonly agentId: string; readonly path: string }) =>
  queryOptions({
    queryKey: [...KEYS.cluster, 'files', agentId, path],
    queryFn: ({ signal }) => api.browseFiles({ params: { agentId }, query: { path }, signal }),
    refetchInterval: 5_000,
  });

/** All placed instances in short, or those of one agent. */
export const instancesQuery = (agentId?: string) =>
  queryOptions({
    queryKey: [...KEYS.cluster, 'instances', agentId ?? 'all'],
    queryFn: async ({ signal }): Promise<readonly InstanceSummary[]> => {
      const instances: InstanceSummary[] = [];
      for (let after: string | undefined; ;) {
        const page = await api.listInstanceSummaries({
          query: { ...(after === undefined ? {} : { after }), ...(agentId === undefined ? {} : { agent: agentId }) },
          signal,
        });
        instances.push(...page.instances);
        after = page.next;
        if (after === undefined) return instances;
      }
    },
    structuralSharing: false,
    refetchInterval: ({ state }) => Math.max(5_000, (state.data?.length ?? 0) / 5),
  });

/** The routes of the edge with their traffic of the last ten seconds. */
export const edgeRoutesQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'edge routes'],
  queryFn: ({ signal }) => api.listEdgeRoutes({ signal }),
  refetchInterval: 2_000,
  retry: false,
});

/** The certificates of the edge. */
export const edgeCertificatesQuery = queryOptions({
  queryKey: [...KEYS.cluster, 'edge certificates'],
  queryFn: ({ signal }) => api.listEdgeCertificates({ signal }),
  refetchInterval: 60_000,
  retry: false,
});

/** Names that contain a text, or whose addresses do. */
export const namesQuery = (text: string) =>
  queryOptions({
    queryKey: [...KEYS.cluster, 'names', text],
    queryFn: ({ signal }) =>
      api.listNames({ query: { limit: DNS_PAGE_NAMES_MAX, ...(text === '' ? {} : { text }) }, signal }),
    refetchInterval: 5_000,
    retry: false,
  });
