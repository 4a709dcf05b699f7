/** All apps: folders of groups, filters that live in the URL, any number of rows. */
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Boxes, Pause, Play } from 'lucide-react';
import { count, counted } from '../../core/amounts.ts';
import { appRows, isRestricted, type AppRow } from '../../core/app-list.ts';
import { changedApps } from '../../core/held-apps.ts';
import { podSummary, type ListedApp } from '../../core/pod-row.ts';
import { appsQuery, deploymentsQuery, podsQuery } from '../../data/queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Page } from '../../frame/page.tsx';
import { Button } from '../../parts/button.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { FirstApp } from '../overview/first-app.tsx';
import { AppFilters } from './app-filters.tsx';
import { appColumns } from './app-columns.tsx';

const isFolder = (row: AppRow): boolean => row.kind === 'group';
const rowId = (row: AppRow): string => `${row.kind} ${row.id}`;

export function AppsPage() {
  const search = useSearch({ from: '/apps' });
  // What is looked for stands in the order of how near it is, unless another is asked for.
  const { order } = useListSearch(search.q === undefined ? 'name' : '');
  const { data: index, error } = useQuery(appsQuery);
  const pods = usePods();
  const live = useMemo(() => withPods(index?.apps ?? [], pods), [index, pods]);
  const [held, setHeld] = useState<readonly ListedApp[]>();
  const apps = held ?? live;
  const missed = useMemo(() => (held === undefined ? 0 : changedApps(held, live)), [held, live]);
  const rows = useMemo(() => appRows(apps, search), [apps, search]);
  if (error !== null && index === undefined) throw error;
  const sum = rows.reduce((total, row) => total + row.apps, 0);
  if (index?.isComplete === true && apps.length === 0) {
    return (
      <Page title="Apps">
        <FirstApp />
      </Page>
    );
  }
  return (
    <Page
      title="Apps"
      heading={search.group === undefined ? 'Apps' : <bdi>{search.group}</bdi>}
      subtitle={
        index === undefined
          ? 'Reading …'
          : `${counted(sum, 'app')}${index.isComplete ? '' : ' so far'}${isRestricted(search) ? ` of ${count(apps.length)}` : ''}`
      }
      actions={
        <Button
          icon={held === undefined ? <Pause size={15} aria-hidden /> : <Play size={15} aria-hidden />}
          onClick={() => {
            setHeld(held === undefined ? live : undefined);
          }}
        >
          {held === undefined ? 'Hold' : `Go on${missed > 0 ? ` (${counted(missed, 'app')} changed)` : ''}`}
        </Button>
      }
    >
      <AppFilters apps={apps} search={search} />
      <Panel isFlush>
        <DataTable
          label="Apps"
          rows={rows}
          columns={appColumns}
          rowId={rowId}
          isPinned={isFolder}
          {...order}
          empty={
            index !== undefined && (
              <EmptyState icon={Boxes} title="No app matches">
                Take back a filter, or look in another group.
              </EmptyState>
            )
          }
        />
      </Panel>
    </Page>
  );
}

const NO_PODS: readonly ListedApp[] = [];

function usePods(): readonly ListedApp[] {
  const { data: pods } = useQuery(podsQuery);
  const { data: deployments } = useQuery(deploymentsQuery);
  return useMemo(() => {
    if (pods === undefined || pods.length === 0) return NO_PODS;
    return pods.map((pod) => {
      const holders = (deployments ?? []).filter(({ affectedPods }) => affectedPods.includes(pod.id));
      return podSummary(
        pod,
        holders.map(({ id }) => id),
      );
    });
  }, [pods, deployments]);
}

/** Apps and pods in the order of their ids. */
function withPods(apps: readonly ListedApp[], pods: readonly ListedApp[]): readonly ListedApp[] {
  if (pods.length === 0) return apps;
  return [...apps, ...pods].sort((left, right) => (left.id < right.id ? -1 : 1));
}
