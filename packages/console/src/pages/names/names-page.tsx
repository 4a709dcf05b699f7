/** The names that the platform answers for, and who is found under each. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Unplug, Waypoints } from 'lucide-react';
import type { DnsNames } from '@stadion/contract/dns';
import { count, counted } from '../../core/amounts.ts';
import { namesQuery } from '../../data/cluster-queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Page } from '../../frame/page.tsx';
import { DataTable, type TableColumn } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';

type NameRow = DnsNames['names'][number];

const NO_NAMES: readonly NameRow[] = [];
const rowId = ({ name }: NameRow): string => name;
const listed = (values: readonly string[]): string => values.join(', ');

const columns: readonly TableColumn<NameRow>[] = [
  {
    id: 'name',
    title: 'Name',
    width: 'minmax(14rem, 1.4fr)',
    phone: 'minmax(0, 1.5fr)',
    value: ({ name }) => name,
    cell: ({ name }) => <bdi title={name}>{name}</bdi>,
  },
  {
    id: 'addresses',
    title: 'Addresses',
    width: 'minmax(8rem, 1fr)',
    phone: 'minmax(0, 1fr)',
    value: ({ addresses }) => listed(addresses),
    cell: ({ addresses }) => <bdi title={listed(addresses)}>{listed(addresses)}</bdi>,
  },
  {
    id: 'targets',
    title: 'Services',
    width: 'minmax(12rem, 1.6fr)',
    value: ({ targets }) => listed(targets),
    cell: ({ targets }) => <bdi title={listed(targets)}>{listed(targets)}</bdi>,
  },
];

export function NamesPage() {
  const list = useListSearch('name');
  const { q } = list;
  const { data, error } = useQuery({ ...namesQuery(q), placeholderData: keepPreviousData });
  if (error !== null && data === undefined) {
    return (
      <Page title="Names">
        <Panel>
          <EmptyState icon={Unplug} title="No name server answers">
            {error.message}
          </EmptyState>
        </Panel>
      </Page>
    );
  }
  return (
    <Page title="Names" subtitle={data === undefined ? 'Reading …' : subtitleOf(data)}>
      <SearchField label="Search names and addresses" {...list.field} />
      <Panel isFlush>
        <DataTable
          label="Names"
          rows={data?.names ?? NO_NAMES}
          columns={columns}
          rowId={rowId}
          {...list.order}
          empty={
            data !== undefined && (
              <EmptyState icon={Waypoints} title="No name">
                {q === '' ? 'Nothing runs that would have one.' : 'None matches the search.'}
              </EmptyState>
            )
          }
        />
      </Panel>
    </Page>
  );
}

function subtitleOf({ zone, total, names }: DnsNames): string {
  const all = `${counted(total, 'name')} in ${zone}`;
  return names.length < total ? `The first ${count(names.length)} of ${all}: search for the others` : all;
}
