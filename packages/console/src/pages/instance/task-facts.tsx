/** Where an instance runs and since when. */
import { Link } from '@tanstack/react-router';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { moment } from '../../core/moments.ts';
import { endpointsOf, taskHealth } from '../../core/task-row.ts';
import { HealthBadge } from '../../parts/badge.tsx';
import { InstanceNames } from './instance-names.tsx';
import { Facts, Panel } from '../../parts/panel.tsx';

export function TaskFacts({ app, task }: { readonly app: AppInfo; readonly task: Task }) {
  const at = (text: string | undefined): string => (text === undefined ? '–' : moment(Date.parse(text)));
  const { slaveId } = task;
  const host = <bdi>{task.host}</bdi>;
  const endpoints = endpointsOf(task);
  return (
    <Panel title="State">
      <Facts
        facts={[
          ['Health', <HealthBadge key="health" health={taskHealth(task, (app.healthChecks ?? []).length > 0)} />],
          [
            'Node',
            slaveId === undefined ? (
              host
            ) : (
              <Link key="node" to="/node/$agentId" params={{ agentId: slaveId }}>
                {host}
              </Link>
            ),
          ],
          [
            'Ports',
            endpoints.length === 0
              ? 'none'
              : endpoints.map(({ label, url }) => (
                  <a key={url} href={url} target="_blank" rel="noreferrer">
                    {label}{' '}
                  </a>
                )),
          ],
          ['Addresses', task.ipAddresses.map(({ ipAddress }) => ipAddress).join(', ') || 'of the host'],
          ['Names', <InstanceNames key="names" appId={app.id} />],
          ['Version', at(task.version)],
          ['Staged', at(task.stagedAt)],
          ['Started', at(task.startedAt)],
          ['Role', task.role],
        ]}
      />
    </Panel>
  );
}
