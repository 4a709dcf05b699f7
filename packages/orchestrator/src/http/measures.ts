/** Rates and durations as Dropwizard's metrics have them, which Marathon shows: meters, and timers over the last values. */
import type { Clock } from '@stadion/base';
import { TIMER_VALUES_MAX } from './limits.ts';

/** The averages of a rate move on in steps of this. */
const TICK_MS = 5_000;
const MINUTES = [1, 5, 15] as const;
const QUANTILES = [0.5, 0.75, 0.95, 0.98, 0.99, 0.999] as const;

/** What a meter says: how many, and how many a second since the start and of late. */
export interface MeterValue {
  readonly count: number;
  readonly mean_rate: number;
  readonly m1_rate: number;
  readonly m5_rate: number;
  readonly m15_rate: number;
}

/** Counts events and how fast they come: exponentially weighted averages over one, five and fifteen minutes. */
export class Meter {
  private readonly clock: Clock;
  private readonly begunAt: number;
  private count = 0;
  private uncounted = 0;
  private tickedAt: number;
  private rates: readonly number[] | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
    this.begunAt = clock.monotonic();
    this.tickedAt = this.begunAt;
  }

  mark(): void {
    this.tick();
    this.count += 1;
    this.uncounted += 1;
  }

  get value(): MeterValue {
    this.tick();
    const seconds = (this.clock.monotonic() - this.begunAt) / 1000;
    const [m1_rate = 0, m5_rate = 0, m15_rate = 0] = this.rates ?? [];
    return { count: this.count, mean_rate: seconds > 0 ? this.count / seconds : 0, m1_rate, m5_rate, m15_rate };
  }

  /** Takes the steps that are due: the first with what was counted, the others with nothing. */
  private tick(): void {
    const steps = Math.floor((this.clock.monotonic() - this.tickedAt) / TICK_MS);
    if (steps === 0) return;
    this.tickedAt += steps * TICK_MS;
    const now = this.uncounted / (TICK_MS / 1000);
    this.uncounted = 0;
    this.rates = MINUTES.map((minutes, index) => {
      const kept = Math.exp(-TICK_MS / (minutes * 60_000));
      const before = this.rates?.[index];
      const after = before === undefined ? now : before * kept + now * (1 - kept);
      return after * kept ** (steps - 1);
    });
  }
}

/** What a timer says: a meter, and how long the last of them took, in seconds. */
export interface TimerValue extends MeterValue {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
  readonly stddev: number;
  readonly p50: number;
  readonly p75: number;
  readonly p95: number;
  readonly p98: number;
  readonly p99: number;
  readonly p999: number;
}

/** Measures durations: of the last {@link TIMER_VALUES_MAX} the quantiles, of all the rates. */
export class DurationTimer {
  private readonly meter: Meter;
  private readonly seconds: number[] = [];
  private next = 0;

  constructor(clock: Clock) {
    this.meter = new Meter(clock);
  }

  add(milliseconds: number): void {
    this.meter.mark();
    this.seconds[this.next] = milliseconds / 1000;
    this.next = (this.next + 1) % TIMER_VALUES_MAX;
  }

  get value(): TimerValue {
    const sorted = [...this.seconds].sort((left, right) => left - right);
    const count = Math.max(1, sorted.length);
    const mean = sorted.reduce((sum, one) => sum + one, 0) / count;
    const variance = sorted.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, count - 1);
    const [p50 = 0, p75 = 0, p95 = 0, p98 = 0, p99 = 0, p999 = 0] = QUANTILES.map(
      (quantile) => sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0,
    );
    const [min = 0] = sorted;
    const max = sorted.at(-1) ?? 0;
    return { ...this.meter.value, min, mean, max, stddev: Math.sqrt(variance), p50, p75, p95, p98, p99, p999 };
  }
}
