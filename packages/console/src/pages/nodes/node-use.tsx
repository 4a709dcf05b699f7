/** What the tasks of a node used of what is promised to them, over the time that the page has been open. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import { cores, mebibytes } from '../../core/amounts.ts';
import type { NodeRow } from '../../core/node-row.ts';
import { NodeUsageLog } from '../../core/node-usage.ts';
import { statisticsQuery } from '../../data/cluster-queries.ts';
import { ChartFigure, ChartFigures, ChartsSoon } from '../../parts/chart-figures.tsx';
import { Panel } from '../../parts/panel.tsx';

/** A line needs two points, and the first look tells nothing of CPU. */
const SAMPLES_MIN = 3;
/** Pixels. */
const HEIGHT = 110;
/** Agents keep no history: what was seen is kept as long as the console is open. */
const log = new NodeUsageLog();

export function NodeUse({ node }: { readonly node: NodeRow }) {
  const { data: statistics, dataUpdatedAt } = useQuery(statisticsQuery(node.id));
  const { id } = node;
  const promisedNow = useMemo(() => ({ cpus: node.cpus.used, mem: node.mem.used }), [node.cpus.used, node.mem.used]);
  const samples = useMemo(() => {
    if (statistics !== undefined) log.add(id, dataUpdatedAt, statistics, promisedNow);
    return log.of(id);
  }, [id, statistics, dataUpdatedAt, promisedNow]);
  const { times, cpu, memory } = useMemo(() => {
    const used = { label: 'Used', color: '--busy-fill', isFilled: true };
    const promised = { label: 'Promised', color: '--ink-soft' };
    return {
      times: samples.map(({ time }) => time),
      cpu: [
        { ...used, values: samples.map((sample) => sample.cores) },
        { ...promised, values: samples.map((sample) => sample.promised.cpus) },
      ],
      memory: [
        { ...used, values: samples.map((sample) => sample.memory) },
        { ...promised, values: samples.map((sample) => sample.promised.mem) },
      ],
    };
  }, [samples]);
  const last = samples.at(-1);
  return (
    <Panel title="Use over time" aside="since this page was opened: used filled, promised as a line">
      {last === undefined || samples.length < SAMPLES_MIN ? (
        <ChartsSoon />
      ) : (
        <ChartFigures isCompact>
          <ChartFigure
            caption={
              <>
                CPU <strong>{cores(last.cores ?? 0)}</strong> used of {cores(last.promised.cpus)} cores promised
              </>
            }
            label="Cores used and promised over time"
            times={times}
            series={cpu}
            format={cores}
            height={HEIGHT}
          />
          <ChartFigure
            caption={
              <>
                Memory <strong>{mebibytes(last.memory)}</strong> used of {mebibytes(last.promised.mem)} promised
              </>
            }
            label="Memory used and promised over time"
            times={times}
            series={memory}
            format={mebibytes}
            height={HEIGHT}
          />
        </ChartFigures>
      )}
    </Panel>
  );
}
