/** One instance: where it runs, how it is, and the ways to its ports. */
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { appIdOfTask } from '../../core/task-ids.ts';
import { stateWords } from '../../core/event-words.ts';
import { moment } from '../../core/moments.ts';
import { endpointsOf, taskHealth, taskName } from '../../core/task-row.ts';
import { appQuery, appsQuery } from '../../data/queries.ts';
import { Page } from '../../frame/page.tsx';
import { AppLink } from '../../parts/app-link.tsx';
import { Badge, HealthBadge } from '../../parts/badge.tsx';
import { Facts, Panel } from '../../parts/panel.tsx';

export function InstancePage() {
  const { taskId } = useParams({ from: '/instance/$taskId' });
  const { data: index } = useQuery(appsQuery);
  const appId = index === undefined ? undefined : appIdOfTask(taskId, index.byId);
  const { data: app } = useQuery({ ...appQuery(appId ?? '/'), enabled: appId !== undefined });
  const task = app?.tasks?.find(({ id }) => id === taskId);
  return (
    <Page title={taskName(taskId)} subtitle={appId !== undefined && <AppLink id={appId} />}>
      {app !== undefined && task !== undefined && <TaskFacts app={app} task={task} />}
    </Page>
  );
}

function TaskFacts({ app, task }: { readonly app: AppInfo; readonly task: Task }) {
  const { tone, word } = stateWords(task.state);
  const at = (text: string | undefined): string => (text === undefined ? '–' : moment(Date.parse(text)));
  return (
    <Panel title="State">
      <Facts
        facts={[
          ['Status', <Badge tone={tone}>{word}</Badge>],
          ['Health', <HealthBadge health={taskHealth(task, (app.healthChecks ?? []).length > 0)} />],
          ['Host', <bdi>{task.host}</bdi>],
          [
            'Ports',
            endpointsOf(task).map(({ label, url }) => (
              <a key={url} href={url} target="_blank" rel="noreferrer">
                {label}{' '}
              </a>
            )),
          ],
          ['Version', at(task.version)],
          ['Staged', at(task.stagedAt)],
          ['Started', at(task.startedAt)],
          ['Task id', <code>{task.id}</code>],
        ]}
      />
    </Panel>
  );
}
