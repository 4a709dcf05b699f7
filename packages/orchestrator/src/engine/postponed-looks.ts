/** Apps that want to be looked at again, not in this turn but right after it. */
import type { Timers } from '@stadion/base';
import type { Fleet } from './fleet.ts';

interface PostponedLooksParts {
  readonly timers: Timers;
  readonly fleet: Fleet;
  readonly turn: (work: () => void) => void;
}

/** One per engine. All that are asked for within a turn share the next one. */
export class PostponedLooks {
  private readonly parts: PostponedLooksParts;
  private readonly waiting = new Set<string>();

  constructor(parts: PostponedLooksParts) {
    this.parts = parts;
  }

  /** Whether a turn for them is to come. */
  get areDue(): boolean {
    return this.waiting.size > 0;
  }

  add(appId: string): void {
    const { timers, turn } = this.parts;
    if (!this.areDue) {
      timers.after(0, () => {
        turn(() => {
          this.look();
        });
      });
    }
    this.waiting.add(appId);
  }

  addAfter(appId: string, delayMs: number): void {
    this.parts.timers.after(delayMs, () => {
      this.add(appId);
    });
  }

  private look(): void {
    for (const appId of this.waiting) this.parts.fleet.dirty.add(appId);
    this.waiting.clear();
  }
}
