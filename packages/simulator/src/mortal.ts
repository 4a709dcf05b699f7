/** Things that die with their process: after a crash nothing of it happens any more, however much was under way. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';

/** One life of a simulated process. */
export class Life {
  private dead = false;

  get isAlive(): boolean {
    return !this.dead;
  }

  /** The process is gone. */
  end(): void {
    this.dead = true;
  }

  /** The same time; timers of a dead process never fire. */
  time(world: Clock & Timers): Clock & Timers {
    return {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      after: (delayMs: number, callback: () => void): TimerHandle =>
        world.after(delayMs, () => {
          if (this.isAlive) callback();
        }),
    };
  }

  /** Waits; for ever when the process dies meanwhile. */
  pause(world: Timers, durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      world.after(durationMs, () => {
        if (this.isAlive) resolve();
      });
    });
  }

  /** Does the work; a dead process does nothing, and never hears about it. */
  whileAlive<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.isAlive ? work() : new Promise<Value>(() => undefined);
  }
}
