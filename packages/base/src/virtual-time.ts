/** Time that moves only when told to: a simulated hour takes milliseconds, and the same run twice is the same. */
import { assert } from './assert.ts';
import { DueQueue } from './due-queue.ts';
import type { Clock, TimerHandle, Timers } from './time.ts';

interface PendingTimer {
  readonly callback: () => void;
  cancelled: boolean;
}

/** Clock and timers under the control of a test or of the simulator. Timers fire in order of (time, start). */
export class VirtualTime implements Clock, Timers {
  private readonly due = new DueQueue<PendingTimer>();
  private readonly epochMs: number;
  private elapsedMs = 0;

  /** @param epochMs the wall clock at the start, milliseconds since the Unix epoch */
  constructor(epochMs = Date.UTC(2026, 0, 1)) {
    this.epochMs = epochMs;
  }

  now(): number {
    return this.epochMs + Math.floor(this.elapsedMs);
  }

  monotonic(): number {
    return this.elapsedMs;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    assert(!Number.isNaN(delayMs), 'a timer needs a number of milliseconds');
    const timer: PendingTimer = { callback, cancelled: false };
    this.due.add(this.elapsedMs + Math.max(0, delayMs), timer);
    return {
      cancel() {
        timer.cancelled = true;
      },
    };
  }

  /** When the next timer is due, in milliseconds from the start, or undefined when none is pending. */
  nextAt(): number | undefined {
    this.dropCancelled();
    return this.due.nextAt();
  }

  /** Fires the next timer, moving the clock to it. False when none is pending. */
  step(): boolean {
    this.dropCancelled();
    const at = this.due.nextAt();
    const next = this.due.take(Infinity);
    if (at === undefined || next === undefined) return false;
    this.elapsedMs = Math.max(this.elapsedMs, at);
    next.value.callback();
    return true;
  }

  /** Moves the clock forward by `durationMs`, firing what becomes due, and lets promises settle after each timer. */
  async advance(durationMs: number): Promise<void> {
    const end = this.elapsedMs + durationMs;
    await settle();
    for (let at = this.nextAt(); at !== undefined && at <= end; at = this.nextAt()) {
      this.step();
      await settle();
    }
    this.elapsedMs = Math.max(this.elapsedMs, end);
  }

  /**
   * Advances until `condition` holds.
   * @param limitMs how much virtual time may pass; true when the condition came to hold within it
   */
  async advanceUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.elapsedMs + limitMs;
    await settle();
    while (!condition()) {
      const at = this.nextAt();
      if (at === undefined || at > end) return false;
      this.step();
      await settle();
    }
    return true;
  }

  private dropCancelled(): void {
    while (this.due.first()?.cancelled === true) this.due.take(Infinity);
  }
}

/** Lets every promise that can settle without a timer or I/O do so: the immediate phase comes after all microtasks. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
