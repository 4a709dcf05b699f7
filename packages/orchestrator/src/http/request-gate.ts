/** Counts the requests under way: bounds them, and lets a server that stops wait for the last one. */
import type { ServerResponse } from 'node:http';
import type { Timers } from '@stadion/base';

/** How many requests may be under way, and how many are. */
export class RequestGate {
  private readonly limit: number;
  private readonly inside = new Set<ServerResponse>();
  private readonly waiting = new Set<() => void>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Lets a request in until its answer is sent or its client is gone; false when too many are inside. */
  enter(response: ServerResponse): boolean {
    if (this.inside.size >= this.limit) return false;
    this.inside.add(response);
    const leave = (): void => {
      this.leave(response);
    };
    response.once('finish', leave).once('close', leave);
    return true;
  }

  /** Stops counting a request that has become something else. */
  leave(response: ServerResponse): void {
    this.inside.delete(response);
    if (this.inside.size > 0) return;
    for (const tell of this.waiting) tell();
    this.waiting.clear();
  }

  /** Resolves when nobody is inside, at the latest after `limitMs`. */
  drained(timers: Timers, limitMs: number): Promise<void> {
    if (this.inside.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const deadline = timers.after(limitMs, resolve);
      this.waiting.add(() => {
        deadline.cancel();
        resolve();
      });
    });
  }
}
