/** One instance: where it runs, how it is, what it uses, and everything in its sandbox. Ended ones too, while they are known. */
import { useCallback, useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { SearchX, Skull, Snowflake } from 'lucide-react';
import { sandboxPath, type StateTask } from '@stadion/contract/mesos-state';
import type { AppInfo, OrchestratorEvent, Task } from '@stadion/contract/orchestrator';
import type { PodStatus } from '@stadion/contract/orchestrator-pods';
import { ActionButton } from '../../actions/action-button.tsx';
import { isOfTask } from '../../core/event-scope.ts';
import { stateWords } from '../../core/event-words.ts';
import { appIdOfTask } from '../../core/task-ids.ts';
import { taskName } from '../../core/task-row.ts';
import { appVolumes, podVolumes } from '../../core/volume-row.ts';
import { clusterTaskQuery } from '../../data/cluster-queries.ts';
import { appQuery, appsQuery, podsQuery } from '../../data/queries.ts';
import { SandboxBrowser } from '../../files/sandbox-browser.tsx';
import { Columns, Page } from '../../frame/page.tsx';
import { AppLink } from '../../parts/app-link.tsx';
import { Badge } from '../../parts/badge.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { EventPanel } from '../../parts/event-panel.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { VolumeList } from '../../parts/volume-list.tsx';
import { StartingSentence } from '../../parts/starting-badge.tsx';
import { TerminalPanel } from '../../terminal/terminal-panel.tsx';
import { HealthPanel } from './health-panel.tsx';
import { Siblings } from './siblings.tsx';
import { TaskFacts } from './task-facts.tsx';
import { UsagePanel } from './usage-panel.tsx';

export function InstancePage() {
  const { taskId } = useParams({ from: '/instance/$taskId' });
  const { folder = '', file = 'stdout' } = useSearch({ from: '/instance/$taskId' });
  const { data: index } = useQuery(appsQuery);
  const appId = index === undefined ? undefined : appIdOfTask(taskId, index.byId);
  const { data: app } = useQuery({ ...appQuery(appId ?? '/'), enabled: appId !== undefined });
  const { data: known } = useQuery(clusterTaskQuery(taskId));
  const pod = usePodOf(taskId);
  const podId = pod?.id;
  const task = app?.tasks?.find(({ id }) => id === taskId);
  const agentId = task?.slaveId ?? known?.slave_id;
  const state = task?.state ?? known?.state;
  const siblings = useMemo(() => (pod === undefined ? taskIdsOf(app) : containerIdsOf(pod)), [app, pod]);
  const isOwn = useCallback((event: OrchestratorEvent) => isOfTask(event, taskId), [taskId]);
  const isForgotten = known === null && app !== undefined && task === undefined;
  return (
    <Page
      title={taskName(taskId)}
      heading={
        <>
          {taskName(taskId)}
          {state !== undefined && <Badge tone={stateWords(state).tone}>{stateWords(state).word}</Badge>}
          {task?.frozen === true && (
            <Badge tone="warn" icon={Snowflake}>
              Frozen
            </Badge>
          )}
          {task?.draining === true && <Badge tone="warn">Draining</Badge>}
        </>
      }
      subtitle={
        <>
          {appId !== undefined && <AppLink id={appId} />}
          {podId !== undefined && (
            <Link to="/pod/$" params={{ _splat: podId.slice(1) }}>
              <bdi>{podId}</bdi>
            </Link>
          )}
          <code>{taskId}</code>
          <CopyButton text={taskId} label="Copy the task id" />
        </>
      }
      actions={
        <>
          <Siblings taskIds={siblings} current={taskId} />
          {task !== undefined && appId !== undefined && (
            <InstanceButtons appId={appId} taskId={taskId} isFrozen={task.frozen === true} />
          )}
        </>
      }
    >
      {isForgotten && (
        <EmptyState icon={SearchX} title="Nothing is known of this task any more">
          It ended so long ago that master and agent have forgotten it.
        </EmptyState>
      )}
      {(state === 'TASK_STARTING' || state === 'TASK_STAGING') && <StartingSentence taskId={taskId} />}
      {app !== undefined && task !== undefined && <Alive app={app} task={task} />}
      {pod !== undefined && <PodVolumesOf pod={pod} taskId={taskId} />}
      {podId !== undefined && known?.state === 'TASK_RUNNING' && (
        <UsagePanel key={taskId} taskId={taskId} agentId={known.slave_id} limits={limitsOf(known)} />
      )}
      {state === 'TASK_RUNNING' && (
        <TerminalPanel
          key={`terminal-${taskId}`}
          taskId={taskId}
          appId={appId ?? podId}
          isInTerminal={app?.tty === true || (pod !== undefined && hasTerminal(pod, taskId))}
        />
      )}
      {known !== undefined && known !== null && agentId !== undefined && (
        <SandboxBrowser root={{ agentId, path: sandboxPath(known) }} folder={folder} file={file} />
      )}
      <EventPanel title="Events" matches={isOwn} hidesApp />
    </Page>
  );
}

/** The pod that a task is a container of. */
function usePodOf(taskId: string): PodStatus | undefined {
  const { data: pods } = useQuery(podsQuery);
  return useMemo(() => {
    const byId = new Map((pods ?? []).map((pod) => [pod.id, pod]));
    return byId.get(appIdOfTask(taskId, byId) ?? '');
  }, [pods, taskId]);
}

/** The longest running first. */
function taskIdsOf(app: AppInfo | undefined): readonly string[] {
  const since = ({ startedAt = '~' }: Task): string => startedAt;
  return [...(app?.tasks ?? [])].sort((left, right) => (since(left) < since(right) ? -1 : 1)).map(({ id }) => id);
}

function containerIdsOf({ instances }: PodStatus): readonly string[] {
  return instances.flatMap(({ containers }) => containers.map(({ containerId }) => containerId));
}

/** Whether the container that a task is runs in a terminal: ids end in its name and a number. */
function hasTerminal({ spec }: PodStatus, taskId: string): boolean {
  return spec.containers.some(({ name, tty }) => tty === true && taskId.split('.').at(-2) === name);
}

function limitsOf({ resources }: StateTask): { readonly cpus: number; readonly mem: number } {
  const { cpus, mem } = resources;
  return { cpus: typeof cpus === 'number' ? cpus : 0, mem: typeof mem === 'number' ? mem : 0 };
}

/** What the instance keeps that this container belongs to. */
function PodVolumesOf({ pod, taskId }: { readonly pod: PodStatus; readonly taskId: string }) {
  const instances = pod.instances.filter(({ containers }) =>
    containers.some(({ containerId }) => containerId === taskId),
  );
  const volumes = podVolumes({ spec: pod.spec, instances });
  if (volumes.length === 0) return null;
  return (
    <Panel title="Volumes" isFlush>
      <VolumeList volumes={volumes} owner={`/pod${pod.id}`} />
    </Panel>
  );
}

function Alive({ app, task }: { readonly app: AppInfo; readonly task: Task }) {
  const volumes = appVolumes(app, [task]);
  return (
    <>
      <TaskFacts app={app} task={task} />
      <Columns>
        <UsagePanel key={task.id} taskId={task.id} agentId={task.slaveId} limits={app} />
        <HealthPanel app={app} task={task} />
      </Columns>
      {volumes.length > 0 && (
        <Panel title="Volumes" isFlush>
          <VolumeList volumes={volumes} owner={`/app${app.id}`} />
        </Panel>
      )}
    </>
  );
}

function InstanceButtons({
  appId,
  taskId,
  isFrozen,
}: {
  readonly appId: string;
  readonly taskId: string;
  readonly isFrozen: boolean;
}) {
  return (
    <>
      {!isFrozen && (
        <ActionButton icon={<Snowflake size={15} aria-hidden />} action={{ kind: 'freeze', appId, taskId }}>
          Freeze
        </ActionButton>
      )}
      <ActionButton
        icon={<Skull size={15} aria-hidden />}
        action={{ kind: 'kill', appId, taskIds: [taskId], then: 'replace' }}
      >
        Kill
      </ActionButton>
      <ActionButton action={{ kind: 'kill', appId, taskIds: [taskId], then: 'scale' }}>
        Kill and scale down
      </ActionButton>
    </>
  );
}
