/** When the master makes new offers: soon after something has changed, slice by slice, and how long that took. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { Meters } from './meters.ts';

/** One per master. */
export class AllocationTurns {
  private readonly time: Clock & Timers;
  private readonly meters: Pick<Meters, 'allocationRun' | 'allocationLatency'>;
  private readonly allocateSlice: () => void;
  private pending: TimerHandle | undefined;
  /** Since when one is wanted, and how long its slices took. */
  private underWay: { readonly wantedAt: number; spentMs: number } | undefined;

  /** @param allocateSlice calls {@link want} when it is not the last one */
  constructor(
    time: Clock & Timers,
    meters: Pick<Meters, 'allocationRun' | 'allocationLatency'>,
    allocateSlice: () => void,
  ) {
    this.time = time;
    this.meters = meters;
    this.allocateSlice = allocateSlice;
  }

  /** Has an allocation begin after the delay; wishes that come before it begins are served by the same one. */
  want(delayMs: number): void {
    if (this.pending !== undefined) return;
    this.underWay ??= { wantedAt: this.time.monotonic(), spentMs: 0 };
    this.pending = this.time.after(delayMs, () => {
      this.pending = undefined;
      this.allocate();
    });
  }

  cancel(): void {
    this.pending?.cancel();
  }

  private allocate(): void {
    const run = this.underWay;
    const begin = this.time.monotonic();
    this.allocateSlice();
    const end = this.time.monotonic();
    if (run === undefined) return;
    run.spentMs += end - begin;
    if (this.pending !== undefined) return;
    this.underWay = undefined;
    this.meters.allocationRun.record(run.spentMs);
    this.meters.allocationLatency.record(end - run.wantedAt);
  }
}
