/** What the table of instances shows of each. */
import { Link } from '@tanstack/react-router';
import type { Task } from '@stadion/contract/orchestrator';
import { moment } from '../../core/moments.ts';
import { endpointsOf, isStarting, taskHealth, taskName, taskWords, updatedAt } from '../../core/task-row.ts';
import { Badge, HealthBadge } from '../../parts/badge.tsx';
import { StartingBadge } from '../../parts/starting-badge.tsx';
import type { TableColumn } from '../../parts/data-table.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import styles from './instance-columns.module.css';

const PORTS_SHOWN = 2;

/** @param configuredAt the version since which only the number of instances changed: older ones are outdated */
export function instanceColumns(isChecked: boolean, configuredAt: string): readonly TableColumn<Task>[] {
  return [
    {
      id: 'id',
      title: 'Instance',
      width: 'minmax(6rem, 1fr)',
      phone: 'minmax(0, 1fr)',
      value: ({ id }) => id,
      cell: ({ id }) => (
        <Link to="/instance/$taskId" params={{ taskId: id }} className={styles['id']} title={id}>
          {taskName(id)}
        </Link>
      ),
    },
    {
      id: 'place',
      title: 'Host and ports',
      width: 'minmax(9rem, 1.4fr)',
      value: ({ host }) => host,
      cell: (task) => <Endpoints task={task} />,
    },
    {
      id: 'status',
      title: 'Status',
      width: '8rem',
      phone: '6rem',
      value: ({ state }) => state,
      cell: (task) => {
        const { tone, word } = taskWords(task);
        if (isStarting(task)) return <StartingBadge taskId={task.id} tone={tone} word={word} />;
        return (
          <Badge tone={tone} isBare>
            {word}
          </Badge>
        );
      },
    },
    {
      id: 'health',
      title: 'Health',
      width: '7rem',
      phone: '6.5rem',
      value: (task) => taskHealth(task, isChecked),
      cell: (task) => <HealthBadge health={taskHealth(task, isChecked)} isBare />,
    },
    {
      id: 'version',
      title: 'Version',
      width: '13.5rem',
      value: (task) => task.version ?? '',
      cell: (task) =>
        task.version === undefined ? null : (
          <span className={task.version >= configuredAt ? undefined : styles['outdated']}>
            {moment(Date.parse(task.version))}
          </span>
        ),
    },
    {
      id: 'started',
      title: 'Started',
      width: '6rem',
      value: ({ startedAt = '' }) => startedAt,
      cell: ({ startedAt }) => startedAt !== undefined && <TimeAgo at={startedAt} />,
    },
    {
      id: 'updated',
      title: 'Updated',
      width: '6rem',
      value: (task) => updatedAt(task) ?? '',
      cell: (task) => {
        const at = updatedAt(task);
        return at !== undefined && <TimeAgo at={at} />;
      },
    },
  ];
}

function Endpoints({ task }: { readonly task: Task }) {
  const endpoints = endpointsOf(task);
  if (endpoints.length === 0) return <bdi>{task.host}</bdi>;
  return (
    <>
      {endpoints.slice(0, PORTS_SHOWN).map(({ label, url }, index) => (
        <a key={url} href={url} target="_blank" rel="noreferrer" aria-label={label}>
          {/* All are on one host: its name is said once. */}
          {index === 0 ? label : label.slice(task.host.length)}
        </a>
      ))}
      {endpoints.length > PORTS_SHOWN && <span>+{endpoints.length - PORTS_SHOWN}</span>}
    </>
  );
}
