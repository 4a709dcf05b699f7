/** What the table of instances shows of each. */
import { Link } from '@tanstack/react-router';
import type { Task } from '@stadion/contract/orchestrator';
import { moment } from '../../core/moments.ts';
import { endpointsOf, taskHealth, taskName, taskWords, updatedAt } from '../../core/task-row.ts';
import { Badge, HealthBadge } from '../../parts/badge.tsx';
import type { TableColumn } from '../../parts/data-table.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';
import styles from './instance-columns.module.css';

const PORTS_SHOWN = 2;

/** @param version the app's current one: others are outdated */
export function instanceColumns(isChecked: boolean, version: string): readonly TableColumn<Task>[] {
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
          <span className={task.version === version ? undefined : styles['outdated']}>
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

/** Chooses single instances, or all of them. */
export function choiceColumn(
  tasks: readonly Task[],
  chosen: ReadonlySet<string>,
  onChoose: (chosen: ReadonlySet<string>) => void,
): TableColumn<Task> {
  const hasAll = tasks.length > 0 && tasks.every(({ id }) => chosen.has(id));
  return {
    id: 'choice',
    title: 'Choose',
    width: '1.25rem',
    phone: '1.25rem',
    head: (
      <input
        type="checkbox"
        aria-label="Choose all instances"
        checked={hasAll}
        onChange={() => {
          onChoose(new Set(hasAll ? [] : tasks.map(({ id }) => id)));
        }}
      />
    ),
    cell: ({ id }) => (
      <input
        type="checkbox"
        aria-label={`Choose ${taskName(id)}`}
        checked={chosen.has(id)}
        onChange={() => {
          const changed = new Set(chosen);
          if (!changed.delete(id)) changed.add(id);
          onChoose(changed);
        }}
      />
    ),
  };
}

function Endpoints({ task }: { readonly task: Task }) {
  const endpoints = endpointsOf(task);
  if (endpoints.length === 0) return <bdi>{task.host}</bdi>;
  return (
    <>
      {endpoints.slice(0, PORTS_SHOWN).map(({ label, url }) => (
        <a key={url} href={url} target="_blank" rel="noreferrer">
          {label}
        </a>
      ))}
      {endpoints.length > PORTS_SHOWN && <span>+{endpoints.length - PORTS_SHOWN}</span>}
    </>
  );
}
