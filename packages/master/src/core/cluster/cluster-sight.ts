/** What a caller sees of a cluster. */
import type { Sight } from '@stadion/contract/permissions';
import type { TaskRecord } from './records.ts';

/** Decides about roles and tasks; agents are seen by everybody who sees the cluster at all, as in Mesos. */
export interface ClusterSight {
  readonly isWhole: boolean;
  seesRole(role: string): boolean;
  seesTask(task: Pick<TaskRecord, 'id' | 'role'>): boolean;
}

/**
 * Reads paths of apps and groups as what there is in a cluster: a role `a/b` is at `/a/b`. A task that was started for an app
 * is where that is, whatever role it runs in; any other is where its role is.
 * @param appOfTask the app of a task by the task's id; undefined: it is not for an app
 */
export function clusterSight(sight: Sight, appOfTask: (taskId: string) => string | undefined): ClusterSight {
  const seesRole = (role: string): boolean => sight.isWhole || (role !== '*' && sight.sees(`/${role}`));
  return {
    isWhole: sight.isWhole,
    seesRole,
    seesTask({ id, role }) {
      const app = appOfTask(id);
      return app === undefined ? seesRole(role) : sight.sees(app);
    },
  };
}
