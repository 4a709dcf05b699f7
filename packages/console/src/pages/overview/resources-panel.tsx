/** What the machines have, what of it is promised to tasks, and how that was during the last hour. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { cores, counted, mebibytes, percent } from '../../core/amounts.ts';
import { nodeCountsOf } from '../../core/verdict.ts';
import { clusterHistoryQuery, clusterMetricsQuery } from '../../data/queries.ts';
import { LazyChart } from '../../parts/lazy-chart.tsx';
import { Meter } from '../../parts/meter.tsx';
import { Panel } from '../../parts/panel.tsx';
import styles from './resources-panel.module.css';

export function ResourcesPanel() {
  const { data: metrics } = useQuery(clusterMetricsQuery);
  const value = (name: string): number => metrics?.[`master/${name}`] ?? 0;
  return (
    <Panel title="Resources" aside={metrics && <NodesLink metrics={metrics} />}>
      <div className={styles['meters']}>
        <Meter label="CPU" used={value('cpus_used')} total={value('cpus_total')} format={cores} />
        <Meter label="Memory" used={value('mem_used')} total={value('mem_total')} format={mebibytes} />
        <Meter label="Disk" used={value('disk_used')} total={value('disk_total')} format={mebibytes} />
        {value('gpus_total') > 0 && (
          <Meter label="GPU" used={value('gpus_used')} total={value('gpus_total')} format={cores} />
        )}
      </div>
      <UseOverTime />
    </Panel>
  );
}

/** How many take work, and how many do not, with the way to them. */
function NodesLink({ metrics }: { readonly metrics: Readonly<Record<string, number>> }) {
  const active = metrics['master/slaves_active'] ?? 0;
  const { outOfContact = 0, silent = 0, setAside = 0 } = nodeCountsOf(metrics) ?? {};
  const others = outOfContact + silent + setAside;
  return (
    <Link to="/nodes">
      {counted(active, 'node')}
      {others > 0 && `, ${String(others)} more out of service`}
    </Link>
  );
}

function UseOverTime() {
  const { data: history } = useQuery(clusterHistoryQuery);
  const samples = history?.samples;
  const times = useMemo(() => (samples ?? []).map(({ time }) => time), [samples]);
  const series = useMemo(
    () => [
      {
        label: 'CPU',
        color: '--busy-fill',
        isFilled: true,
        values: (samples ?? []).map(({ cpusUsed, cpusTotal }) => (cpusTotal === 0 ? null : cpusUsed / cpusTotal)),
      },
      {
        label: 'Memory',
        color: '--over-fill',
        values: (samples ?? []).map(({ memUsed, memTotal }) => (memTotal === 0 ? null : memUsed / memTotal)),
      },
    ],
    [samples],
  );
  if (times.length < 2) return <p className={styles['soon']}>The use over time is drawn here after a few seconds.</p>;
  return (
    <figure className={styles['chart']}>
      <figcaption>
        Promised to tasks, last hour <span data-series="cpu">CPU</span> <span data-series="memory">Memory</span>
      </figcaption>
      <LazyChart
        label="CPU and memory promised to tasks during the last hour"
        times={times}
        series={series}
        format={percent}
        max={1}
      />
    </figure>
  );
}
