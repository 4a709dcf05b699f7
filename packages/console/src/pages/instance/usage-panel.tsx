/** What an instance uses of its CPU and memory, since the console was opened. */
import { useMemo } from 'react';
import { useUsage } from '../../data/use-usage.ts';
import { Panel } from '../../parts/panel.tsx';
import { UsageCharts } from '../../parts/usage-charts.tsx';

export function UsagePanel({
  taskId,
  agentId,
  limits,
}: {
  readonly taskId: string;
  readonly agentId: string | undefined;
  /** What it was promised: cores and MiB. */
  readonly limits: { readonly cpus: number; readonly mem: number };
}) {
  const tasks = useMemo(() => (agentId === undefined ? [] : [{ id: taskId, agentId }]), [taskId, agentId]);
  const samples = useUsage(tasks).get(taskId) ?? [];
  return (
    <Panel title="Usage" aside="since the console was opened">
      <UsageCharts samples={samples} limits={limits} />
    </Panel>
  );
}
