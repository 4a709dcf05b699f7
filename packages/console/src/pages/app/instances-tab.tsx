/** The instances of an app as a table. */
import { useMemo } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Boxes } from 'lucide-react';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { instanceColumns } from './instance-columns.tsx';

const rowId = ({ id }: Task): string => id;

export function InstancesTab({ app }: { readonly app: AppInfo }) {
  const { sort = '-started' } = useSearch({ from: '/app/$' });
  const navigate = useNavigate({ from: '/app/$' });
  const isChecked = (app.healthChecks ?? []).length > 0;
  const columns = useMemo(() => instanceColumns(isChecked, app.version), [isChecked, app.version]);
  return (
    <Panel isFlush>
      <DataTable
        label="Instances"
        rows={app.tasks ?? []}
        columns={columns}
        rowId={rowId}
        sorting={sort}
        onSorting={(wanted) => void navigate({ search: (previous) => ({ ...previous, sort: wanted }), replace: true })}
        empty={
          <EmptyState icon={Boxes} title="No instances">
            {app.instances === 0 ? 'The app is suspended: scale it up to run it.' : 'None has been placed yet.'}
          </EmptyState>
        }
      />
    </Panel>
  );
}
