/** Tasks of the cluster as a list, restricted by what its URL says. */
import { useMemo, type ReactNode } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { ListTree } from 'lucide-react';
import type { StateSlave, StateTask } from '@stadion/contract/mesos-state';
import { counted } from '../../core/amounts.ts';
import { offeredValues, roleOf, taskHealth, taskStart, tasksWith, type TaskSearch } from '../../core/cluster-tasks.ts';
import { stateWords } from '../../core/event-words.ts';
import { taskName } from '../../core/task-row.ts';
import { agentsQuery, recentTasksQuery } from '../../data/cluster-queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Badge, HealthBadge } from '../../parts/badge.tsx';
import { DataTable, type TableColumn } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { FilterMenu } from '../../parts/filter-menu.tsx';
import { FilterRow } from '../../parts/filter-row.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';

const rowId = ({ id }: StateTask): string => id;
const NO_TASKS: readonly StateTask[] = [];

function columnsFor(hosts: ReadonlyMap<string, string>): readonly TableColumn<StateTask>[] {
  const hostOf = ({ slave_id: id }: StateTask): string => hosts.get(id) ?? id;
  return [
    {
      id: 'id',
      title: 'Task',
      width: 'minmax(14rem, 2fr)',
      phone: 'minmax(0, 1fr)',
      value: ({ id }) => id,
      cell: ({ id }) => (
        <Link to="/instance/$taskId" params={{ taskId: id }} title={id} preload={false}>
          <bdi>{id}</bdi>
        </Link>
      ),
    },
    { id: 'name', title: 'Name', width: '8rem', value: ({ name }) => name, cell: ({ name }) => <bdi>{name}</bdi> },
    {
      id: 'state',
      title: 'State',
      width: '8rem',
      phone: '7rem',
      value: ({ state }) => state,
      cell: ({ state }) => {
        const { tone, word } = stateWords(state);
        return (
          <Badge tone={tone} isBare>
            {word}
          </Badge>
        );
      },
    },
    {
      id: 'role',
      title: 'Role',
      width: '6rem',
      value: roleOf,
      cell: (task) => <bdi>{roleOf(task)}</bdi>,
    },
    {
      id: 'health',
      title: 'Health',
      width: '7.5rem',
      value: (task) => taskHealth(task) ?? '',
      cell: (task) => {
        const health = taskHealth(task);
        return health !== undefined && <HealthBadge health={health} isBare />;
      },
    },
    {
      id: 'host',
      title: 'Node',
      width: '8rem',
      value: hostOf,
      cell: (task) => (
        <Link to="/node/$agentId" params={{ agentId: task.slave_id }} preload={false}>
          <bdi>{hostOf(task)}</bdi>
        </Link>
      ),
    },
    {
      id: 'started',
      title: 'Started',
      width: '6.5rem',
      value: taskStart,
      cell: (task) => taskStart(task) > 0 && <TimeAgo at={taskStart(task)} />,
    },
    {
      id: 'sandbox',
      title: 'Sandbox',
      width: '5rem',
      cell: ({ id }) => (
        <Link to="/instance/$taskId" params={{ taskId: id }} preload={false} aria-label={`Files of ${taskName(id)}`}>
          Files
        </Link>
      ),
    },
  ];
}

/**
 * @param framework whose tasks; those of all when absent
 * @param filters more of them, beside state and role
 */
export function TaskList({
  framework,
  filters,
}: {
  readonly framework?: readonly string[] | undefined;
  readonly filters?: ReactNode;
}) {
  const { state, role }: Pick<TaskSearch, 'state' | 'role'> = useSearch({ strict: false });
  const { q, field, order, restrict } = useListSearch('-started');
  const { data: tasks } = useQuery(recentTasksQuery);
  const { data: agents } = useQuery(agentsQuery);
  const columns = useMemo(() => columnsFor(hostNames(agents ?? [])), [agents]);
  const rows = useMemo(
    () => tasksWith(tasks ?? NO_TASKS, { q, state, role, framework }),
    [tasks, q, state, role, framework],
  );
  const states = useMemo(
    () =>
      offeredValues(
        (tasks ?? []).map((task) => task.state),
        state,
      ),
    [tasks, state],
  );
  const roles = useMemo(() => offeredValues((tasks ?? []).map(roleOf), role), [tasks, role]);
  return (
    <>
      <FilterRow
        note={
          tasks === undefined ? 'Reading …' : `${counted(rows.length, 'task')}, of the latest ${String(tasks.length)}`
        }
      >
        <SearchField label="Search tasks" {...field} />
        <FilterMenu
          label="State"
          options={states.map((id) => ({ id, label: stateWords(id).word }))}
          chosen={state ?? []}
          onChange={(chosen) => {
            restrict({ state: chosen });
          }}
        />
        <FilterMenu
          label="Role"
          options={roles.map((id) => ({ id, label: id }))}
          chosen={role ?? []}
          onChange={(chosen) => {
            restrict({ role: chosen });
          }}
        />
        {filters}
      </FilterRow>
      <Panel isFlush>
        <DataTable
          label="Tasks"
          rows={rows}
          columns={columns}
          rowId={rowId}
          {...order}
          empty={tasks !== undefined && <EmptyState icon={ListTree} title="No task matches" />}
        />
      </Panel>
    </>
  );
}

function hostNames(agents: readonly StateSlave[]): ReadonlyMap<string, string> {
  return new Map(agents.map(({ id, hostname }) => [id, hostname]));
}
