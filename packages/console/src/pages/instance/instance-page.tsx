/** One instance: where it runs, how it is, what it uses, and everything in its sandbox. Ended ones too, while they are known. */
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { SearchX, Skull } from 'lucide-react';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { useAsk } from '../../actions/use-actions.ts';
import { stateWords } from '../../core/event-words.ts';
import { appIdOfTask } from '../../core/task-ids.ts';
import { taskName } from '../../core/task-row.ts';
import { clusterTaskQuery } from '../../data/cluster-queries.ts';
import { appQuery, appsQuery } from '../../data/queries.ts';
import { SandboxBrowser } from '../../files/sandbox-browser.tsx';
import { Columns, Page } from '../../frame/page.tsx';
import { AppLink } from '../../parts/app-link.tsx';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { HealthPanel } from './health-panel.tsx';
import { TaskFacts } from './task-facts.tsx';
import { UsagePanel } from './usage-panel.tsx';

export function InstancePage() {
  const { taskId } = useParams({ from: '/instance/$taskId' });
  const { folder = '', file = 'stdout' } = useSearch({ from: '/instance/$taskId' });
  const { data: index } = useQuery(appsQuery);
  const appId = index === undefined ? undefined : appIdOfTask(taskId, index.byId);
  const { data: app } = useQuery({ ...appQuery(appId ?? '/'), enabled: appId !== undefined });
  const { data: known } = useQuery(clusterTaskQuery(taskId));
  const task = app?.tasks?.find(({ id }) => id === taskId);
  const agentId = task?.slaveId ?? known?.slave_id;
  const state = task?.state ?? known?.state;
  const isForgotten = known === null && app !== undefined && task === undefined;
  return (
    <Page
      title={taskName(taskId)}
      heading={
        <>
          {taskName(taskId)}
          {state !== undefined && <Badge tone={stateWords(state).tone}>{stateWords(state).word}</Badge>}
        </>
      }
      subtitle={
        <>
          {appId !== undefined && <AppLink id={appId} />}
          <code>{taskId}</code>
          <CopyButton text={taskId} label="Copy the task id" />
        </>
      }
      actions={task !== undefined && appId !== undefined && <KillButtons appId={appId} taskId={taskId} />}
    >
      {isForgotten && (
        <EmptyState icon={SearchX} title="Nothing is known of this task any more">
          It ended so long ago that master and agent have forgotten it.
        </EmptyState>
      )}
      {app !== undefined && task !== undefined && <Alive app={app} task={task} />}
      {known !== undefined && known !== null && agentId !== undefined && (
        <SandboxBrowser
          root={{ agentId, path: sandboxPath(known.framework_id, known.executor_id || taskId) }}
          folder={folder}
          file={file}
        />
      )}
    </Page>
  );
}

/** The agent's own short name for the folder of a task. */
function sandboxPath(frameworkId: string, executorId: string): string {
  return `/frameworks/${frameworkId}/executors/${executorId}/runs/latest`;
}

function Alive({ app, task }: { readonly app: AppInfo; readonly task: Task }) {
  return (
    <>
      <TaskFacts app={app} task={task} />
      <Columns>
        <UsagePanel key={task.id} app={app} task={task} />
        <HealthPanel app={app} task={task} />
      </Columns>
    </>
  );
}

function KillButtons({ appId, taskId }: { readonly appId: string; readonly taskId: string }) {
  const ask = useAsk();
  return (
    <>
      <Button
        icon={<Skull size={15} aria-hidden />}
        onClick={() => {
          ask({ kind: 'kill', appId, taskIds: [taskId], scale: false });
        }}
      >
        Kill
      </Button>
      <Button
        onClick={() => {
          ask({ kind: 'kill', appId, taskIds: [taskId], scale: true });
        }}
      >
        Kill and scale down
      </Button>
    </>
  );
}
