/** What a name server counts: plain numbers by name, so that those of several workers can be added up. */

import { codeName } from '../wire/code-names.ts';

/** Counts by label, e.g. `queries{zone="mesos",…}`. */
export type CounterValues = Readonly<Record<string, number>>;

/** The counters of one process. */
export class Counters {
  /** Answers by code, for names of our own and for those forwarded. */
  private readonly own = new Float64Array(32);
  private readonly forwarded = new Float64Array(32);
  private readonly others = new Map<string, number>();

  answered(code: number, isOwn: boolean): void {
    const counts = isOwn ? this.own : this.forwarded;
    counts[code & 31] = (counts[code & 31] ?? 0) + 1;
  }

  count(name: string): void {
    this.others.set(name, (this.others.get(name) ?? 0) + 1);
  }

  values(): CounterValues {
    const values: Record<string, number> = Object.fromEntries(this.others);
    for (const [source, counts] of [['zone', this.own] as const, ['forward', this.forwarded] as const]) {
      counts.forEach((value, code) => {
        if (value > 0) values[`answers_total{source="${source}",code="${codeName(code)}"}`] = value;
      });
    }
    return values;
  }
}

/** The sum of several processes' counters. */
export function addCounters(all: readonly CounterValues[]): CounterValues {
  const sum: Record<string, number> = {};
  for (const values of all) {
    for (const [name, value] of Object.entries(values)) sum[name] = (sum[name] ?? 0) + value;
  }
  return sum;
}
