/** Operators' orders on their way to the registry, and who waits for each. */
import type { Timers } from '@stadion/base';
import { ORDER_ANSWER_MS_MAX } from './limits.ts';

/** One per master. */
export class PendingOrders {
  private readonly timers: Timers;
  private readonly waiting = new Map<number, (isKept: boolean) => void>();
  private last = 0;

  constructor(timers: Timers) {
    this.timers = timers;
  }

  /**
   * Gives an order.
   * @param place hands it over with its number
   * @returns true once it is durable; false when that is not certain in time, or the master stops before
   */
  give(place: (order: number) => void): Promise<boolean> {
    const number = (this.last += 1);
    return new Promise((resolve) => {
      const timer = this.timers.after(ORDER_ANSWER_MS_MAX, () => {
        this.settle(number, false);
      });
      this.waiting.set(number, (isKept) => {
        timer.cancel();
        resolve(isKept);
      });
      place(number);
    });
  }

  /** An order is durable. */
  kept(order: number): void {
    this.settle(order, true);
  }

  /** The master stops: nobody knows what becomes of the rest. */
  stop(): void {
    for (const order of [...this.waiting.keys()]) this.settle(order, false);
  }

  private settle(order: number, isKept: boolean): void {
    const answer = this.waiting.get(order);
    this.waiting.delete(order);
    answer?.(isKept);
  }
}
