/** The API: what can be asked of this port, and what a caller must be allowed to do. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { BookOpen, FileJson } from 'lucide-react';
import { counted } from '../../core/amounts.ts';
import { apiOperations, operationsWith, type ApiOperation } from '../../core/api-operations.ts';
import { apiDescriptionQuery } from '../../data/queries.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { Page } from '../../frame/page.tsx';
import { buttonClass } from '../../parts/button.tsx';
import { DataTable, type TableColumn } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { SearchField } from '../../parts/search-field.tsx';

const rowId = ({ id }: ApiOperation): string => id;

const columns: readonly TableColumn<ApiOperation>[] = [
  { id: 'method', title: 'Method', width: '5.5rem', phone: '4.5rem', value: ({ method }) => method, cell: methodOf },
  {
    id: 'path',
    title: 'Path',
    width: 'minmax(14rem, 1.2fr)',
    phone: 'minmax(0, 1fr)',
    value: ({ path }) => path,
    cell: ({ path, summary }) => <code title={summary}>{path}</code>,
  },
  {
    id: 'summary',
    title: 'What it does',
    width: 'minmax(14rem, 2fr)',
    value: ({ summary }) => summary,
    cell: ({ summary }) => <span title={summary}>{summary}</span>,
  },
  {
    id: 'permission',
    title: 'Takes',
    width: '8rem',
    value: ({ permission }) => permission,
    cell: ({ permission }) => <code>{permission}</code>,
  },
];

function methodOf({ method }: ApiOperation) {
  return <strong>{method}</strong>;
}

export function ApiPage() {
  const { q, field, order } = useListSearch('path');
  const { data: description, error } = useQuery(apiDescriptionQuery);
  const rows = useMemo(
    () => (description === undefined ? [] : operationsWith(apiOperations(description.paths), q)),
    [description, q],
  );
  if (error !== null && description === undefined) throw error;
  return (
    <Page
      title="API"
      subtitle={description === undefined ? 'Reading …' : counted(rows.length, 'operation')}
      actions={
        <a href="/v2/openapi.json" target="_blank" rel="noreferrer" className={buttonClass()}>
          <FileJson size={15} aria-hidden />
          OpenAPI document
        </a>
      }
    >
      <SearchField label="Search operations" {...field} />
      <Panel isFlush>
        <DataTable
          label="Operations"
          rows={rows}
          columns={columns}
          rowId={rowId}
          {...order}
          empty={description !== undefined && <EmptyState icon={BookOpen} title="No operation is like that" />}
        />
      </Panel>
    </Page>
  );
}
