/** The machines: what they have, what of it is promised to tasks. */
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { Server } from 'lucide-react';
import { ChosenNodes } from '../../actions/node-care.tsx';
import { counted } from '../../core/amounts.ts';
import { NODE_STATES, nodeRows, type NodeRow } from '../../core/node-row.ts';
import { agentsQuery } from '../../data/cluster-queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Page } from '../../frame/page.tsx';
import { choiceColumn } from '../../parts/choice-column.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { FilterMenu } from '../../parts/filter-menu.tsx';
import { FilterRow } from '../../parts/filter-row.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { NODE_STATE_WORDS, nodeColumns } from './node-columns.tsx';

const rowId = ({ id }: NodeRow): string => id;
const NODES = { nouns: 'nodes', idOf: rowId, nameOf: ({ hostname }: NodeRow): string => hostname };

/** As they are chosen and searched: `zone=a`. */
function attributeTexts(attributes: NodeRow['attributes']): readonly string[] {
  return attributes.map((pair) => pair.join('='));
}

export function NodesPage() {
  const { state: states, attribute: wanted } = useSearch({ from: '/nodes' });
  const list = useListSearch('name');
  const { q } = list;
  const { data: agents, error } = useQuery(agentsQuery);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const all = useMemo(() => nodeRows(agents ?? []), [agents]);
  const rows = useMemo(() => {
    const low = q.toLowerCase();
    const matches = ({ hostname, id, attributes, state }: NodeRow): boolean =>
      (states?.includes(state) ?? true) &&
      (wanted === undefined || attributeTexts(attributes).some((one) => wanted.includes(one))) &&
      `${hostname} ${id} ${attributeTexts(attributes).join(' ')}`.toLowerCase().includes(low);
    return all.filter(matches);
  }, [all, q, states, wanted]);
  const offered = useMemo(
    () => [...new Set([...all.flatMap(({ attributes }) => attributeTexts(attributes)), ...(wanted ?? [])])].sort(),
    [all, wanted],
  );
  const columns = useMemo(() => [choiceColumn(rows, NODES, chosen, setChosen), ...nodeColumns], [rows, chosen]);
  if (error !== null && agents === undefined) throw error;
  return (
    <Page title="Nodes" subtitle={agents === undefined ? 'Reading …' : counted(rows.length, 'node')}>
      <FilterRow>
        <SearchField label="Search nodes" {...list.field} />
        <FilterMenu
          label="State"
          options={NODE_STATES.map((id) => ({ id, label: NODE_STATE_WORDS[id] }))}
          chosen={states ?? []}
          onChange={(state) => {
            list.restrict({ state });
          }}
        />
        {offered.length > 0 && (
          <FilterMenu
            label="Attribute"
            options={offered.map((id) => ({ id, label: id }))}
            chosen={wanted ?? []}
            isSearchable
            onChange={(attribute) => {
              list.restrict({ attribute });
            }}
          />
        )}
      </FilterRow>
      <Panel isFlush>
        <ChosenNodes nodes={all} chosen={chosen} onChoose={setChosen} />
        <DataTable
          label="Nodes"
          rows={rows}
          columns={columns}
          rowId={rowId}
          rowHeight={46}
          {...list.order}
          empty={
            agents !== undefined && (
              <EmptyState icon={Server} title="No node">
                {q === '' && states === undefined && wanted === undefined
                  ? 'No agent has registered with the master yet.'
                  : 'None matches.'}
              </EmptyState>
            )
          }
        />
      </Panel>
    </Page>
  );
}
