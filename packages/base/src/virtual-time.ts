/** Time that moves only when told to: a simulated hour takes milliseconds, and the same run twice is the same. */
import { assert } from './assert.ts';
import type { Clock, TimerHandle, Timers } from './time.ts';

interface PendingTimer {
  readonly at: number;
  readonly sequence: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** Clock and timers under the control of a test or of the simulator. Timers fire in order of (time, start). */
export class VirtualTime implements Clock, Timers {
  private readonly heap: PendingTimer[] = [];
  private readonly epochMs: number;
  private elapsedMs = 0;
  private sequence = 0;

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
    const timer: PendingTimer = {
      at: this.elapsedMs + Math.max(0, delayMs),
      sequence: this.sequence,
      callback,
      cancelled: false,
    };
    this.sequence += 1;
    this.push(timer);
    return {
      cancel() {
        timer.cancelled = true;
      },
    };
  }

  /** When the next timer is due, in milliseconds from the start, or undefined when none is pending. */
  nextAt(): number | undefined {
    this.dropCancelled();
    return this.heap[0]?.at;
  }

  /** Fires the next timer, moving the clock to it. False when none is pending. */
  step(): boolean {
    this.dropCancelled();
    const timer = this.pop();
    if (timer === undefined) return false;
    this.elapsedMs = Math.max(this.elapsedMs, timer.at);
    timer.callback();
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
    while (this.heap[0]?.cancelled === true) this.pop();
  }

  private push(timer: PendingTimer): void {
    const { heap } = this;
    let index = heap.length;
    heap.push(timer);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(timer, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = timer;
  }

  private pop(): PendingTimer | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || top === last) return top;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = heap[childIndex];
      const right = heap[childIndex + 1];
      if (child !== undefined && right !== undefined && isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (child === undefined || !isBefore(child, last)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
    return top;
  }
}

function isBefore(left: PendingTimer, right: PendingTimer): boolean {
  return left.at < right.at || (left.at === right.at && left.sequence < right.sequence);
}

/** Lets every promise that can settle without a timer or I/O do so: the immediate phase comes after all microtasks. */
async function settle(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}
