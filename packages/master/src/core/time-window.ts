/** Durations of the last so many runs of something, and how they are spread: Mesos's `Timer` metrics. */
import { DURATIONS_KEPT_MAX } from '../limits.ts';

const PERCENTILES: readonly (readonly [name: string, fraction: number])[] = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
  ['p999', 0.999],
  ['p9999', 0.9999],
];

/** Milliseconds; the oldest of more than {@link DURATIONS_KEPT_MAX} are forgotten. */
export class TimeWindow {
  private readonly kept: number[] = [];
  private next = 0;
  private last = 0;

  record(durationMs: number): void {
    this.last = durationMs;
    this.kept[this.next] = durationMs;
    this.next = (this.next + 1) % DURATIONS_KEPT_MAX;
  }

  /**
   * `{NAME: the last, NAME/count, NAME/min, NAME/max, NAME/p50 … NAME/p9999}`; zeros where nothing has run yet: some who
   * read them want every one to be there.
   */
  metrics(name: string): Record<string, number> {
    const sorted = [...this.kept].sort((left, right) => left - right);
    const result: Record<string, number> = {
      [name]: this.last,
      [`${name}/count`]: sorted.length,
      [`${name}/min`]: sorted[0] ?? 0,
      [`${name}/max`]: sorted.at(-1) ?? 0,
    };
    for (const [percentile, fraction] of PERCENTILES) {
      result[`${name}/${percentile}`] = sorted[Math.ceil(fraction * sorted.length) - 1] ?? 0;
    }
    return result;
  }
}
