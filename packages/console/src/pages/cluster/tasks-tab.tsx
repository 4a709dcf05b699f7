/** The latest tasks of the whole cluster, of whichever framework, ended ones included. */
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { summaryQuery } from '../../data/cluster-queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { FilterMenu } from '../../parts/filter-menu.tsx';
import { TaskList } from './task-list.tsx';

export function TasksTab() {
  const { framework } = useSearch({ from: '/cluster' });
  const { restrict } = useListSearch('-started');
  const { data: summary } = useQuery(summaryQuery);
  return (
    <TaskList
      framework={framework}
      filters={
        <FilterMenu
          label="Framework"
          options={(summary?.frameworks ?? []).map(({ id, name }) => ({ id, label: name === '' ? id : name }))}
          chosen={framework ?? []}
          onChange={(chosen) => {
            restrict({ framework: chosen });
          }}
        />
      }
    />
  );
}
