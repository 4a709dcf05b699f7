/** Counts of what happened since the start, by metric name without the `marathon.` prefix. */
export class Counters {
  private readonly counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  all(): ReadonlyMap<string, number> {
    return this.counts;
  }
}
