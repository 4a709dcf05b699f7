/** The last failure of an app since its configuration changed, with the end of what it wrote. */
import { sandboxPath } from '@stadion/contract/mesos-state';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { AppInfo } from '@stadion/contract/orchestrator';
import { taskName } from '../../core/task-row.ts';
import { clusterTaskQuery } from '../../data/cluster-queries.ts';
import { Pailer } from '../../files/pailer.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import styles from './failing-instance.module.css';

export function FailingInstance({ app }: { readonly app: AppInfo }) {
  const { lastTaskFailure: failure, versionInfo } = app;
  if (failure === undefined || failure.version < versionInfo.lastConfigChangeAt) return null;
  return (
    <div className={styles['failing']}>
      <p>
        <strong>A new instance failed</strong> <TimeAgo at={failure.timestamp} />: <bdi>{failure.message}</bdi>{' '}
        <Link to="/instance/$taskId" params={{ taskId: failure.taskId }}>
          {taskName(failure.taskId)}
        </Link>
      </p>
      {failure.slaveId !== undefined && <Log taskId={failure.taskId} agentId={failure.slaveId} />}
    </div>
  );
}

function Log({ taskId, agentId }: { readonly taskId: string; readonly agentId: string }) {
  const { data: task } = useQuery(clusterTaskQuery(taskId));
  if (task === undefined || task === null) return null;
  const path = `${sandboxPath(task)}/stderr`;
  return <Pailer key={taskId} place={{ agentId, path }} label="stderr of the failed instance" height="12rem" />;
}
