/** What others answer of apps and tasks, as somebody sees it who may not see everything. */
import type { EdgeRoutes } from '@stadion/contract/edge';
import type { StateTaskList } from '@stadion/contract/mesos-state';
import type { DnsRotation } from '@stadion/contract/dns';
import type { Sight } from '@stadion/contract/permissions';
import { appOfTask } from './instance-ids.ts';

/** Routes that labels of apps have made, with those servers that run apps which are seen. Routes of a file are nobody's. */
export function seenEdgeRoutes({ routes, problems, ...rest }: EdgeRoutes, sight: Sight): EdgeRoutes {
  const isSeen = ({ source }: { readonly source: string }): boolean => source.startsWith('/') && sight.sees(source);
  return {
    ...rest,
    routes: routes.filter(isSeen).map((route) => ({
      ...route,
      servers: route.servers.filter(({ app }) => app !== undefined && sight.sees(app)),
    })),
    problems: problems.filter(isSeen),
  };
}

/** Tasks of apps and pods, by their ids. */
export function seenTasks({ tasks }: StateTaskList, sight: Sight): StateTaskList {
  return { tasks: tasks.filter(({ id }) => isOfSeen(id, sight)) };
}

/** Those of them that are out of rotation. */
export function seenRotation({ outOfRotation }: DnsRotation, sight: Sight): DnsRotation {
  return { outOfRotation: outOfRotation.filter((id) => isOfSeen(id, sight)) };
}

function isOfSeen(taskId: string, sight: Sight): boolean {
  const app = appOfTask(taskId);
  return app !== undefined && sight.sees(app);
}
