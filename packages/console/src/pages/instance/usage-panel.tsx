/** What an instance uses of its CPU and memory, since the console was opened. */
import { useMemo } from 'react';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { useUsage } from '../../data/use-usage.ts';
import { Panel } from '../../parts/panel.tsx';
import { UsageCharts } from '../../parts/usage-charts.tsx';

export function UsagePanel({ app, task }: { readonly app: AppInfo; readonly task: Task }) {
  const { id, slaveId } = task;
  const tasks = useMemo(() => (slaveId === undefined ? [] : [{ id, agentId: slaveId }]), [id, slaveId]);
  const samples = useUsage(tasks).get(id) ?? [];
  return (
    <Panel title="Usage" aside="since the console was opened">
      <UsageCharts samples={samples} limits={app} />
    </Panel>
  );
}
