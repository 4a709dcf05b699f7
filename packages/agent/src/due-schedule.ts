/** Hands out values when they are due, with one timer for all of them. */
import { DueQueue, type Clock, type TimerHandle, type Timers } from '@stadion/base';
import { DUE_VALUES_PER_TURN_MAX } from './limits.ts';

/** A queue of values by monotonic time. A value no longer wanted is recognised by `onDue` itself. */
export class DueSchedule<Value> {
  private readonly queue = new DueQueue<Value>();
  private readonly time: Clock & Timers;
  private readonly onDue: (value: Value) => void;
  private timer: TimerHandle | undefined;
  private timerAt = Infinity;

  constructor(time: Clock & Timers, onDue: (value: Value) => void) {
    this.time = time;
    this.onDue = onDue;
  }

  /** Hands the value out `delayMs` from now. */
  add(delayMs: number, value: Value): void {
    this.queue.add(this.time.monotonic() + Math.max(0, delayMs), value);
    this.arm();
  }

  /** Forgets everything. */
  clear(): void {
    this.queue.clear();
    this.timer?.cancel();
    this.timer = undefined;
    this.timerAt = Infinity;
  }

  private arm(): void {
    const at = this.queue.nextAt();
    if (at === undefined || at >= this.timerAt) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = this.time.after(Math.max(0, at - this.time.monotonic()), () => {
      this.timer = undefined;
      this.timerAt = Infinity;
      this.handOut();
    });
  }

  private handOut(): void {
    const now = this.time.monotonic();
    for (let count = 0; count < DUE_VALUES_PER_TURN_MAX; count += 1) {
      const due = this.queue.take(now);
      if (due === undefined) break;
      this.onDue(due.value);
    }
    this.arm();
  }
}
