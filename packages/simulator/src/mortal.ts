/** Things that die with their process: after a crash nothing of it happens any more, however much was under way. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';

/** One life of a simulated process. It can stand still for a while, and then goes on as if nothing had been. */
export class Life {
  private dead = false;
  /** What it will do once it goes on; undefined: it runs. */
  private held: (() => void)[] | undefined;

  get isAlive(): boolean {
    return !this.dead;
  }

  get isSuspended(): boolean {
    return this.held !== undefined;
  }

  /** The process is gone. */
  end(): void {
    this.dead = true;
    this.held = undefined;
  }

  /** The process stands still: its timers and what comes in wait. */
  suspend(): void {
    if (!this.dead) this.held ??= [];
  }

  /** It goes on, with everything that has waited, in order. */
  resume(world: Timers): void {
    const { held } = this;
    this.held = undefined;
    for (const work of held ?? []) {
      world.after(0, () => {
        this.run(work);
      });
    }
  }

  /** Has the process do something: now, when it goes on, or never. */
  run(work: () => void): void {
    if (this.dead) return;
    if (this.held === undefined) work();
    else this.held.push(work);
  }

  /** The same time; timers of a dead process never fire. */
  time(world: Clock & Timers): Clock & Timers {
    return {
      now: () => world.now(),
      monotonic: () => world.monotonic(),
      after: (delayMs: number, callback: () => void): TimerHandle => {
        let isCancelled = false;
        const timer = world.after(delayMs, () => {
          this.run(() => {
            if (!isCancelled) callback();
          });
        });
        return {
          cancel() {
            isCancelled = true;
            timer.cancel();
          },
        };
      },
    };
  }

  /** Waits; for ever when the process dies meanwhile. */
  pause(world: Timers, durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      world.after(durationMs, () => {
        this.run(resolve);
      });
    });
  }

  /** Does the work; a dead process does nothing, and never hears about it. */
  whileAlive<Value>(work: () => Promise<Value>): Promise<Value> {
    return this.isAlive ? work() : new Promise<Value>(() => undefined);
  }
}
