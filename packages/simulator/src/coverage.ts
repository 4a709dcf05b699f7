/** What has happened in a run, counted: whether seeds exercise what they are for. */

/** Counts by name. */
export type Coverage = Readonly<Record<string, number>>;

/** Counts things as they happen. */
export class CoverageCounter {
  private readonly counts = new Map<string, number>();

  /** One more of a kind. */
  readonly count = (name: string): void => {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  };

  get coverage(): Coverage {
    return Object.fromEntries([...this.counts].sort(([left], [right]) => (left < right ? -1 : 1)));
  }
}

/** The counts of several runs together. */
export function sumOf(coverages: readonly Coverage[]): Coverage {
  const sum: Record<string, number> = {};
  for (const coverage of coverages) {
    for (const [name, count] of Object.entries(coverage)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}
