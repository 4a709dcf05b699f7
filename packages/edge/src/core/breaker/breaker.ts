/**
 * A circuit breaker as in Traefik: standby, tripped (nobody passes), recovering (a growing share passes). Unlike Traefik's
 * it waits for a minimum of requests, so that one failure out of one does not shut a service off.
 */
import type { Caller, Condition } from './expression.ts';
import { RollingOutcomes } from './rolling.ts';

/** How patient a breaker is. */
export interface BreakerTimes {
  readonly checkPeriodMs: number;
  readonly fallbackMs: number;
  readonly recoveryMs: number;
  readonly minimumRequests: number;
}

/** Where a breaker stands. */
export type BreakerState = 'standby' | 'tripped' | 'recovering';

/** At the end of the recovery this share of the requests passes. */
const RECOVERED_SHARE = 0.5;

/** One breaker. */
export class CircuitBreaker {
  private readonly condition: Condition;
  private readonly times: BreakerTimes;
  private readonly outcomes = new RollingOutcomes();
  private current: BreakerState = 'standby';
  private since = 0;
  private checkedAt = -Infinity;
  private admitted = 0;
  private asked = 0;

  constructor(condition: Condition, times: BreakerTimes) {
    this.condition = condition;
    this.times = times;
  }

  get state(): BreakerState {
    return this.current;
  }

  /** Whether a request may pass. */
  admit(nowMs: number): boolean {
    if (this.current === 'tripped') {
      if (nowMs - this.since < this.times.fallbackMs) return false;
      this.become('recovering', nowMs);
    }
    if (this.current !== 'recovering') return true;
    const elapsed = nowMs - this.since;
    if (elapsed >= this.times.recoveryMs) {
      const isStillBad = this.holds(nowMs);
      this.become(isStillBad ? 'tripped' : 'standby', nowMs);
      return !isStillBad;
    }
    // Deterministic: the share of those admitted follows the target as requests come.
    const target = (elapsed / this.times.recoveryMs) * RECOVERED_SHARE;
    this.asked += 1;
    if (this.admitted + 1 > target * this.asked && this.asked > 1) return false;
    this.admitted += 1;
    return true;
  }

  /** Takes note of how an admitted request ended. */
  record(nowMs: number, status: number, latencyMs: number): void {
    this.outcomes.record(nowMs, status, latencyMs);
    if (this.current === 'tripped' || nowMs - this.checkedAt < this.times.checkPeriodMs) return;
    this.checkedAt = nowMs;
    if (this.holds(nowMs)) this.become('tripped', nowMs);
  }

  private holds(nowMs: number): boolean {
    if (this.outcomes.total(nowMs) < this.times.minimumRequests) return false;
    return this.condition(this.call);
  }

  private become(state: BreakerState, nowMs: number): void {
    this.current = state;
    this.since = nowMs;
    this.admitted = 0;
    this.asked = 0;
    if (state === 'tripped') this.outcomes.clear();
  }

  private readonly call: Caller = (name, [first = 0, second = 0, third = 0, fourth = 0]) => {
    if (name === 'NetworkErrorRatio') return this.outcomes.networkErrorRatio();
    if (name === 'ResponseCodeRatio') return this.outcomes.responseCodeRatio(first, second, third, fourth);
    return this.outcomes.latencyAtQuantileMs(first);
  };
}
