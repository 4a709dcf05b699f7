/** Passes news on with a pause in between: the first at once, later the newest of each pause. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';

/** See above. */
export class SpacedNews {
  private readonly time: Clock & Timers;
  private readonly pauseMs: number;
  private readonly pass: (message: string) => void;
  private passedAt = -Infinity;
  private newest: string | undefined;
  private timer: TimerHandle | undefined;

  constructor(time: Clock & Timers, pauseMs: number, pass: (message: string) => void) {
    this.time = time;
    this.pauseMs = pauseMs;
    this.pass = pass;
  }

  tell(message: string): void {
    this.newest = message;
    this.timer ??= this.time.after(Math.max(0, this.passedAt + this.pauseMs - this.time.monotonic()), () => {
      this.timer = undefined;
      this.passedAt = this.time.monotonic();
      this.pass(this.newest ?? message);
    });
  }

  /** What was not passed on is old news. */
  stop(): void {
    this.timer?.cancel();
  }
}
