/** CPU and memory of one task over time, beside each other. */
import { useMemo } from 'react';
import { bytes, cores, mebibytes } from '../core/amounts.ts';
import { coresUsed, type UsageSample } from '../core/usage.ts';
import { ChartFigure, ChartFigures, ChartsSoon } from './chart-figures.tsx';

/** A line needs two points, and the first measurement tells nothing of CPU. */
const SAMPLES_MIN = 3;

/**
 * @param limits what the task was promised: cores and MiB
 * @param isCompact only the numbers and small lines, for many tasks below each other
 */
export function UsageCharts({
  samples,
  limits,
  isCompact = false,
}: {
  readonly samples: readonly UsageSample[];
  readonly limits: { readonly cpus: number; readonly mem: number };
  readonly isCompact?: boolean;
}) {
  const times = useMemo(() => samples.map(({ time }) => time), [samples]);
  const cpu = useMemo(
    () => [{ label: 'CPU', color: '--busy-fill', isFilled: true, values: coresUsed(samples) }],
    [samples],
  );
  const memory = useMemo(
    () => [{ label: 'Memory', color: '--over-fill', isFilled: true, values: samples.map((one) => one.memoryBytes) }],
    [samples],
  );
  if (samples.length < SAMPLES_MIN) {
    return <ChartsSoon />;
  }
  const height = isCompact ? 72 : 110;
  return (
    <ChartFigures isCompact={isCompact}>
      <ChartFigure
        caption={
          <>
            CPU <strong>{cores(cpu[0]?.values.at(-1) ?? 0)}</strong> of {cores(limits.cpus)} cores
          </>
        }
        label="Cores in use over time"
        times={times}
        series={cpu}
        format={cores}
        height={height}
      />
      <ChartFigure
        caption={
          <>
            Memory <strong>{bytes(samples.at(-1)?.memoryBytes ?? 0)}</strong> of {mebibytes(limits.mem)}
          </>
        }
        label="Memory in use over time"
        times={times}
        series={memory}
        format={bytes}
        height={height}
      />
    </ChartFigures>
  );
}
