/** The latest tasks of the whole cluster, of whichever framework, ended ones included. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { ListTree } from 'lucide-react';
import type { StateSlave, StateTask } from '@stadion/contract/mesos-state';
import { counted } from '../../core/amounts.ts';
import { stateWords } from '../../core/event-words.ts';
import { taskName } from '../../core/task-row.ts';
import { agentsQuery, recentTasksQuery } from '../../data/cluster-queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Badge } from '../../parts/badge.tsx';
import { DataTable, type TableColumn } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { FilterMenu } from '../../parts/filter-menu.tsx';
import { FilterRow } from '../../parts/filter-row.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { TimeAgo } from '../../parts/time-ago.tsx';

const rowId = ({ id }: StateTask): string => id;
const startOf = ({ statuses }: StateTask): number => (statuses[0]?.timestamp ?? 0) * 1000;
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
    { id: 'name', title: 'Name', width: '10rem', value: ({ name }) => name, cell: ({ name }) => <bdi>{name}</bdi> },
    {
      id: 'state',
      title: 'State',
      width: '9rem',
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
      id: 'host',
      title: 'Node',
      width: '9rem',
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
      width: '7rem',
      value: startOf,
      cell: (task) => startOf(task) > 0 && <TimeAgo at={startOf(task)} />,
    },
    {
      id: 'sandbox',
      title: 'Sandbox',
      width: '6rem',
      cell: ({ id }) => (
        <Link to="/instance/$taskId" params={{ taskId: id }} preload={false} aria-label={`Files of ${taskName(id)}`}>
          Files
        </Link>
      ),
    },
  ];
}

export function TasksTab() {
  const { state: states = [] } = useSearch({ from: '/cluster' });
  const list = useListSearch('-started');
  const { q } = list;
  const { data: tasks } = useQuery(recentTasksQuery);
  const { data: agents } = useQuery(agentsQuery);
  const columns = useMemo(() => columnsFor(hostNames(agents ?? [])), [agents]);
  const rows = useMemo(() => {
    const low = q.toLowerCase();
    return (tasks ?? NO_TASKS).filter(
      ({ id, name, state }) =>
        `${id} ${name}`.toLowerCase().includes(low) && (states.length === 0 || states.includes(state)),
    );
  }, [tasks, q, states]);
  const offered = useMemo(
    () => [...new Set([...(tasks ?? []).map(({ state }) => state), ...states])].sort(),
    [tasks, states],
  );
  return (
    <>
      <FilterRow
        note={
          tasks === undefined ? 'Reading …' : `${counted(rows.length, 'task')}, of the latest ${String(tasks.length)}`
        }
      >
        <SearchField label="Search tasks" {...list.field} />
        <FilterMenu
          label="State"
          options={offered.map((id) => ({ id, label: stateWords(id).word }))}
          chosen={states}
          onChange={(state) => {
            list.restrict({ state });
          }}
        />
      </FilterRow>
      <Panel isFlush>
        <DataTable
          label="Tasks"
          rows={rows}
          columns={columns}
          rowId={rowId}
          {...list.order}
          empty={tasks !== undefined && <EmptyState icon={ListTree} title="No task matches" />}
        />
      </Panel>
    </>
  );
}

function hostNames(agents: readonly StateSlave[]): ReadonlyMap<string, string> {
  return new Map(agents.map(({ id, hostname }) => [id, hostname]));
}
