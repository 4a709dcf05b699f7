/** The routes of the edge: which requests go where, how many, how fast, and what of the labels could not be taken. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Signpost, Unplug } from 'lucide-react';
import type { EdgeProblem, EdgeRoute } from '@stadion/contract/edge';
import { counted } from '../../core/amounts.ts';
import { routeId } from '../../core/edge-traffic.ts';
import { edgeRoutesQuery } from '../../data/cluster-queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Page } from '../../frame/page.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PlainTable } from '../../parts/plain-table.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { Certificates } from './certificates.tsx';
import { routeColumns } from './route-columns.tsx';
import { RoutePanel } from './route-panel.tsx';
import styles from './routes-page.module.css';

export function RoutesPage() {
  const { route: shown } = useSearch({ from: '/routes' });
  const list = useListSearch('name');
  const { q, sort } = list;
  const navigate = useNavigate({ from: '/routes' });
  const { data, error } = useQuery(edgeRoutesQuery);
  const columns = useMemo(
    () => routeColumns((route) => `/routes?${new URLSearchParams({ q, sort, route: routeId(route) }).toString()}`),
    [q, sort],
  );
  const rows = useMemo(() => {
    const low = q.toLowerCase();
    const matches = ({ name, source, rule }: EdgeRoute): boolean =>
      `${name} ${source} ${rule}`.toLowerCase().includes(low);
    return (data?.routes ?? []).filter(matches);
  }, [data, q]);
  if (error !== null && data === undefined) {
    return (
      <Page title="Routes">
        <Panel>
          <EmptyState icon={Unplug} title="No edge answers">
            {error.message}
          </EmptyState>
        </Panel>
      </Page>
    );
  }
  const open = data?.routes.find((route) => routeId(route) === shown);
  return (
    <Page title="Routes" subtitle={data === undefined ? 'Reading …' : subtitleOf(rows.length, data.isConnected)}>
      <SearchField label="Search routes" {...list.field} />
      {open !== undefined && (
        <RoutePanel
          route={open}
          onClose={() => void navigate({ search: (previous) => ({ ...previous, route: undefined }) })}
        />
      )}
      {data !== undefined && data.problems.length > 0 && <Problems problems={data.problems} />}
      <Panel isFlush>
        <DataTable
          label="Routes"
          rows={rows}
          columns={columns}
          rowId={routeId}
          {...list.order}
          empty={
            data !== undefined && (
              <EmptyState icon={Signpost} title="No route">
                {q === '' ? 'No app has labels that expose it, e.g. traefik.enable=true.' : 'None matches the search.'}
              </EmptyState>
            )
          }
        />
      </Panel>
      <Certificates />
    </Page>
  );
}

function subtitleOf(count: number, isConnected: boolean): string {
  return isConnected ? counted(count, 'route') : 'The edge does not reach the orchestrator: this is what it knew last.';
}

function Problems({ problems }: { readonly problems: readonly EdgeProblem[] }) {
  return (
    <Panel title="Could not be taken as written" isFlush>
      <PlainTable label="Problems, a table" titles={['Of', 'Label', 'What is wrong', 'What comes of it']}>
        {problems.map(({ source, label, message, spoils }) => (
          <tr key={`${source} ${label} ${message}`}>
            <th scope="row">
              <bdi>{source}</bdi>
            </th>
            <td>
              <code>{label}</code>
            </td>
            <td className={styles['sentence']}>
              <bdi>{message}</bdi>
            </td>
            <td>{spoils === 'route' ? 'The route is left out' : 'It works without this setting'}</td>
          </tr>
        ))}
      </PlainTable>
    </Panel>
  );
}
