/** The machines: what they have, what of it is promised to tasks. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Server } from 'lucide-react';
import { counted } from '../../core/amounts.ts';
import { nodeRows, type NodeRow } from '../../core/node-row.ts';
import { agentsQuery } from '../../data/cluster-queries.ts';
import { Page } from '../../frame/page.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';
import { nodeColumns } from './node-columns.tsx';

const rowId = ({ id }: NodeRow): string => id;

export function NodesPage() {
  const { sort = 'name', q = '' } = useSearch({ from: '/nodes' });
  const navigate = useNavigate({ from: '/nodes' });
  const { data: agents, error } = useQuery(agentsQuery);
  const rows = useMemo(() => {
    const low = q.toLowerCase();
    const matches = ({ hostname, id, attributes }: NodeRow): boolean =>
      `${hostname} ${id} ${attributes.map((pair) => pair.join('=')).join(' ')}`.toLowerCase().includes(low);
    return nodeRows(agents ?? []).filter(matches);
  }, [agents, q]);
  if (error !== null && agents === undefined) throw error;
  return (
    <Page title="Nodes" subtitle={agents === undefined ? 'Reading …' : counted(rows.length, 'node')}>
      <SearchField
        label="Search nodes"
        value={q}
        onChange={(words) =>
          void navigate({ search: (previous) => ({ ...previous, q: words === '' ? undefined : words }), replace: true })
        }
      />
      <Panel isFlush>
        <DataTable
          label="Nodes"
          rows={rows}
          columns={nodeColumns}
          rowId={rowId}
          rowHeight={46}
          sorting={sort}
          onSorting={(wanted) =>
            void navigate({ search: (previous) => ({ ...previous, sort: wanted }), replace: true })
          }
          empty={
            agents !== undefined && (
              <EmptyState icon={Server} title="No node">
                {q === '' ? 'No agent has registered with the master yet.' : 'None matches the search.'}
              </EmptyState>
            )
          }
        />
      </Panel>
    </Page>
  );
}
