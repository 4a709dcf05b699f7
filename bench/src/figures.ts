/** How figures are taken and printed: medians and ratios, with the machine they come from. */
import { cpus, totalmem } from 'node:os';
import { systemClock } from '@stadion/base/system';

/** One line of a report. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What was promised, e.g. `≥ 10000`; undefined where the figure only informs. */
  readonly wanted?: { readonly relation: '≤' | '≥'; readonly bound: number };
}

/** The value below which `fraction` of the samples lie (nearest rank). Samples are not changed. */
export function quantile(samples: readonly number[], fraction: number): number {
  const sorted = [...samples].sort((left, right) => left - right);
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1));
  return sorted[rank] ?? Number.NaN;
}

/** Whether the figure keeps its promise. */
export function holds(figure: Figure): boolean {
  if (figure.wanted === undefined) return true;
  const { relation, bound } = figure.wanted;
  return relation === '≤' ? figure.value <= bound : figure.value >= bound;
}

/** Measures wall time beside the processor time of this process: on a busy machine only the second one tells. */
export class Stopwatch {
  private readonly startedAt = systemClock.monotonic();
  private readonly usage = process.cpuUsage();

  /** Seconds since the start. */
  get seconds(): number {
    return (systemClock.monotonic() - this.startedAt) / 1_000;
  }

  /** Seconds of processor time since the start, all threads together. */
  get processorSeconds(): number {
    const { user, system } = process.cpuUsage(this.usage);
    return (user + system) / 1_000_000;
  }

  /** Prints how far a long measurement is. */
  tell(what: string): void {
    const memory = (process.memoryUsage().rss / 2 ** 30).toFixed(1);
    const times = `${this.seconds.toFixed(2)} s, ${this.processorSeconds.toFixed(2)} s of processor time`;
    console.log(`    ${what}: ${times}, ${memory} GiB resident`);
  }
}

/** Prints figures as a table and says whether all promises were kept. */
export function report(title: string, figures: readonly Figure[]): boolean {
  const [first] = cpus();
  const memoryGib = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`\n${title}`);
  console.log(
    `machine: ${cpus().length} × ${first?.model.trim() ?? 'unknown'}, ${memoryGib} GiB, Node ${process.version}`,
  );
  for (const figure of figures) {
    const value = figure.value >= 100 ? figure.value.toFixed(0) : figure.value.toPrecision(3);
    const wanted = figure.wanted === undefined ? '' : `wanted ${figure.wanted.relation} ${figure.wanted.bound}`;
    const mark = figure.wanted === undefined ? '' : holds(figure) ? 'kept' : 'NOT KEPT';
    console.log(
      `  ${figure.what.padEnd(58)} ${value.padStart(10)} ${figure.unit.padEnd(12)} ${wanted.padEnd(18)} ${mark}`,
    );
  }
  return figures.every(holds);
}
