/** The clock of one machine: it runs a little fast or slow, and shows the wrong time of day. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';

/** Time as one machine sees it. */
export class DriftingClock implements Clock, Timers {
  private readonly world: Clock & Timers;
  private rate = 1;
  private offsetMs = 0;
  private since = 0;
  private elapsedMs = 0;

  constructor(world: Clock & Timers) {
    this.world = world;
  }

  /** How far its time of day is from the true one, milliseconds, either way. */
  get errorMs(): number {
    return Math.abs(this.now() - this.world.now());
  }

  now(): number {
    return Math.floor(this.world.now() + this.offsetMs + this.monotonic() - this.world.monotonic());
  }

  monotonic(): number {
    return this.elapsedMs + (this.world.monotonic() - this.since) * this.rate;
  }

  after(delayMs: number, callback: () => void): TimerHandle {
    // Whole milliseconds, as of a real timer: who waits for a rest that is lost in rounding would wait for ever.
    return this.world.after(Math.ceil(delayMs / this.rate), callback);
  }

  /**
   * @param rate from now on it counts so many milliseconds for each true one
   * @param errorMs its time of day jumps to be wrong by this
   */
  set(rate: number, errorMs: number): void {
    this.elapsedMs = this.monotonic();
    this.since = this.world.monotonic();
    this.rate = rate;
    this.offsetMs = errorMs - (this.elapsedMs - this.since);
  }
}
