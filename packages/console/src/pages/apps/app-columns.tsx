/** What the list of apps shows of each. */
import { cores, count, counted, mebibytes } from '../../core/amounts.ts';
import type { AppRow } from '../../core/app-list.ts';
import { AppLink } from '../../parts/app-link.tsx';
import { HealthBadge, StatusBadge } from '../../parts/badge.tsx';
import type { TableColumn } from '../../parts/data-table.tsx';
import { HealthBar } from '../../parts/health-bar.tsx';
import { LabelChips } from '../../parts/label-chips.tsx';
import { RowIcon, type RowIconName } from '../../parts/row-icon.tsx';
import { RowLink } from '../../parts/row-link.tsx';
import { RowMenu } from './row-menu.tsx';
import styles from './app-columns.module.css';

const STATUS_ORDER = { delayed: 0, waiting: 1, deploying: 2, running: 3, suspended: 4 };
const HEALTH_ORDER = { unhealthy: 0, unknown: 1, healthy: 2, none: 3 };

const ICONS = { group: 'folder', pod: 'blocks', image: 'container', process: 'box' } as const satisfies Readonly<
  Record<string, RowIconName>
>;

function iconOf({ kind, app }: AppRow): keyof typeof ICONS {
  if (kind === 'group' || kind === 'pod') return kind;
  return app?.image === undefined ? 'process' : 'image';
}

function Name({ row }: { readonly row: AppRow }) {
  return (
    <>
      <RowIcon name={ICONS[iconOf(row)]} size={15} className={styles['icon']} />
      <span className={styles['name']}>
        {row.kind === 'group' ? (
          <RowLink href={`/apps?group=${encodeURIComponent(row.id)}`}>
            <bdi>{row.name}</bdi>
          </RowLink>
        ) : row.kind === 'pod' ? (
          <RowLink href={`/pod${encodeURI(row.id)}`}>
            <bdi>{row.name}</bdi>
          </RowLink>
        ) : (
          <AppLink id={row.id}>{row.name}</AppLink>
        )}
      </span>
      {row.kind === 'pod' && <span className={styles['faint']}>pod</span>}
      {row.kind === 'group' && <span className={styles['faint']}>{counted(row.apps, 'app')}</span>}
      {row.app !== undefined && <LabelChips labels={row.app.labels} />}
    </>
  );
}

export const appColumns: readonly TableColumn<AppRow>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(14rem, 3fr)',
    phone: 'minmax(0, 1fr)',
    value: ({ name }) => name,
    cell: (row) => <Name row={row} />,
  },
  {
    id: 'status',
    title: 'Status',
    width: '7rem',
    phone: '6.5rem',
    value: ({ status }) => STATUS_ORDER[status],
    cell: ({ status }) => <StatusBadge status={status} isBare />,
  },
  {
    id: 'health',
    title: 'Health',
    width: '7rem',
    value: ({ health }) => HEALTH_ORDER[health],
    cell: ({ health }) => <HealthBadge health={health} isBare />,
  },
  {
    id: 'instances',
    title: 'Instances',
    width: '13rem',
    phone: '4.5rem',
    value: ({ running }) => running,
    cell: ({ running, instances, segments }) => (
      <span className={styles['instances']}>
        <span>
          {count(running)} of {count(instances)}
        </span>
        <HealthBar segments={segments} />
      </span>
    ),
  },
  {
    id: 'cpus',
    title: 'CPU',
    width: '4rem',
    align: 'end',
    value: ({ cpus }) => cpus,
    cell: ({ cpus }) => cores(cpus),
  },
  {
    id: 'mem',
    title: 'Memory',
    width: '5.5rem',
    align: 'end',
    value: ({ mem }) => mem,
    cell: ({ mem }) => mebibytes(mem),
  },
  { id: 'menu', title: '', width: '2rem', phone: '2rem', cell: (row) => <RowMenu key={row.id} row={row} /> },
];
