/** The instances of an app as a table; some of them can be chosen and ended together. */
import { useMemo, useState } from 'react';
import { Boxes, RotateCw, Skull } from 'lucide-react';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { ActionButton } from '../../actions/action-button.tsx';
import { counted } from '../../core/amounts.ts';
import { taskName } from '../../core/task-row.ts';
import { useListSearch } from '../../data/use-list-search.ts';
import { ChoiceBar } from '../../parts/choice-bar.tsx';
import { choiceColumn } from '../../parts/choice-column.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { Panel } from '../../parts/panel.tsx';
import { instanceColumns } from './instance-columns.tsx';

const rowId = ({ id }: Task): string => id;
const NO_TASKS: readonly Task[] = [];
const INSTANCES = { nouns: 'instances', idOf: rowId, nameOf: ({ id }: Task): string => taskName(id) };

export function InstancesTab({ app }: { readonly app: AppInfo }) {
  const { order } = useListSearch('-started');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const tasks = app.tasks ?? NO_TASKS;
  const isChecked = (app.healthChecks ?? []).length > 0;
  const configuredAt = app.versionInfo.lastConfigChangeAt;
  const columns = useMemo(
    () => [choiceColumn(tasks, INSTANCES, chosen, setChosen), ...instanceColumns(isChecked, configuredAt)],
    [tasks, chosen, isChecked, configuredAt],
  );
  const living = tasks.filter(({ id }) => chosen.has(id)).map(rowId);
  return (
    <Panel isFlush>
      {living.length > 0 && (
        <BulkBar
          app={app}
          taskIds={living}
          onDone={() => {
            setChosen(new Set());
          }}
        />
      )}
      <DataTable
        label="Instances"
        rows={tasks}
        columns={columns}
        rowId={rowId}
        {...order}
        empty={
          <EmptyState icon={Boxes} title="No instances">
            {app.instances === 0 ? 'The app is suspended: scale it up to run it.' : 'None has been placed yet.'}
          </EmptyState>
        }
      />
    </Panel>
  );
}

function BulkBar({
  app,
  taskIds,
  onDone,
}: {
  readonly app: AppInfo;
  readonly taskIds: readonly string[];
  readonly onDone: () => void;
}) {
  const appId = app.id;
  const isAll = taskIds.length === app.tasks?.length;
  return (
    <ChoiceBar
      label="With the chosen instances"
      words={`${counted(taskIds.length, 'instance')} chosen`}
      onDone={onDone}
    >
      <ActionButton
        icon={<RotateCw size={15} aria-hidden />}
        // All of them: then the app can be restarted by its upgrade strategy, without a gap.
        action={
          isAll ? { kind: 'restart', appId, instances: app.instances } : { kind: 'restart-instances', appId, taskIds }
        }
      >
        Restart
      </ActionButton>
      <ActionButton icon={<Skull size={15} aria-hidden />} action={{ kind: 'kill', appId, taskIds, then: 'replace' }}>
        Kill
      </ActionButton>
      <ActionButton action={{ kind: 'kill', appId, taskIds, then: 'scale' }}>Kill and scale down</ActionButton>
      {app.residency !== undefined && (
        <ActionButton action={{ kind: 'kill', appId, taskIds, then: 'wipe' }}>Kill and wipe</ActionButton>
      )}
    </ChoiceBar>
  );
}
