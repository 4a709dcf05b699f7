/** What the list of a node's instances shows of each. */
import { Link } from '@tanstack/react-router';
import type { InstanceSummary } from '@stadion/contract/overview';
import { taskName } from '../../core/task-row.ts';
import { AppLink } from '../../parts/app-link.tsx';
import { HealthBadge } from '../../parts/badge.tsx';
import type { TableColumn } from '../../parts/data-table.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';

function healthOf({ healthy }: InstanceSummary): 'healthy' | 'unhealthy' | 'unknown' {
  return healthy === undefined ? 'unknown' : healthy ? 'healthy' : 'unhealthy';
}

export const instanceColumns: readonly TableColumn<InstanceSummary>[] = [
  {
    id: 'app',
    title: 'App',
    width: 'minmax(10rem, 2fr)',
    phone: 'minmax(0, 1fr)',
    value: ({ appId }) => appId,
    cell: ({ appId }) => <AppLink id={appId} />,
  },
  {
    id: 'id',
    title: 'Instance',
    width: '7rem',
    phone: '5.5rem',
    value: ({ taskId }) => taskId,
    cell: ({ taskId }) => (
      <Link to="/instance/$taskId" params={{ taskId }}>
        <code>{taskName(taskId)}</code>
      </Link>
    ),
  },
  {
    id: 'condition',
    title: 'Status',
    width: '8rem',
    value: ({ condition }) => condition,
    cell: ({ condition }) => condition,
  },
  {
    id: 'health',
    title: 'Health',
    width: '7rem',
    phone: '6rem',
    value: healthOf,
    cell: (instance) => <HealthBadge health={healthOf(instance)} isBare />,
  },
  {
    id: 'started',
    title: 'Started',
    width: '7rem',
    value: ({ startedAt = '' }) => startedAt,
    cell: ({ startedAt }) => startedAt !== undefined && <TimeAgo at={startedAt} />,
  },
];
