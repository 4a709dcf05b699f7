/** What an instance uses of its CPU and memory, since the page was opened. */
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { AppInfo, Task } from '@stadion/contract/orchestrator';
import { bytes, cores, mebibytes } from '../../core/amounts.ts';
import { coresUsed, sampleOf, withSample, type UsageSample } from '../../core/usage.ts';
import { statisticsQuery } from '../../data/cluster-queries.ts';
import { LazyChart } from '../../parts/lazy-chart.tsx';
import { Panel } from '../../parts/panel.tsx';
import styles from './usage-panel.module.css';

export function UsagePanel({ app, task }: { readonly app: AppInfo; readonly task: Task }) {
  const { data } = useQuery({ ...statisticsQuery(task.slaveId ?? ''), enabled: task.slaveId !== undefined });
  const [samples, setSamples] = useState<readonly UsageSample[]>([]);
  const sample = useMemo(() => data && sampleOf(data, task.id), [data, task.id]);
  // What was measured is kept as it comes by: the agent remembers no history.
  if (sample !== undefined && (samples.at(-1)?.time ?? -1) < sample.time) setSamples(withSample(samples, sample));
  const times = useMemo(() => samples.map(({ time }) => time), [samples]);
  const cpu = useMemo(
    () => [{ label: 'CPU', color: '--busy-fill', isFilled: true, values: coresUsed(samples) }],
    [samples],
  );
  const memory = useMemo(
    () => [{ label: 'Memory', color: '--over-fill', isFilled: true, values: samples.map((one) => one.memoryBytes) }],
    [samples],
  );
  return (
    <Panel title="Usage" aside="since this page was opened">
      {samples.length < 3 ? (
        <p className={styles['soon']}>Measured each two seconds; drawn as soon as there are three points.</p>
      ) : (
        <div className={styles['charts']}>
          <figure>
            <figcaption>
              CPU <strong>{cores(cpu[0]?.values.at(-1) ?? 0)}</strong> of {cores(app.cpus)} cores
            </figcaption>
            <LazyChart label="Cores in use over time" times={times} series={cpu} format={cores} height={110} />
          </figure>
          <figure>
            <figcaption>
              Memory <strong>{bytes(samples.at(-1)?.memoryBytes ?? 0)}</strong> of {mebibytes(app.mem)}
            </figcaption>
            <LazyChart label="Memory in use over time" times={times} series={memory} format={bytes} height={110} />
          </figure>
        </div>
      )}
    </Panel>
  );
}
