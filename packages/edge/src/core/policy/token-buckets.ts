/** Rates per key: token buckets, the least recently used of which give way when there are too many. */
import { limits } from '../../limits.ts';

interface Bucket {
  tokens: number;
  at: number;
}

/** Buckets of one rate. */
export class TokenBuckets {
  private readonly ratePerMs: number;
  private readonly burst: number;
  private readonly buckets = new Map<string, Bucket>();

  /** @param average requests per period that are let through in the long run; 0: no limit */
  constructor(average: number, periodMs: number, burst: number) {
    this.ratePerMs = average / periodMs;
    this.burst = Math.max(1, burst);
  }

  /**
   * Takes a token.
   * @returns 0 when there was one, else the milliseconds until there is
   */
  take(key: string, nowMs: number): number {
    if (this.ratePerMs <= 0) return 0;
    const known = this.buckets.get(key);
    const bucket = known ?? { tokens: this.burst, at: nowMs };
    bucket.tokens = Math.min(this.burst, bucket.tokens + (nowMs - bucket.at) * this.ratePerMs);
    bucket.at = nowMs;
    // Re-inserting makes it the most recent one.
    if (known !== undefined) this.buckets.delete(key);
    else if (this.buckets.size >= limits.limitKeys) this.forgetOldest();
    this.buckets.set(key, bucket);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil((1 - bucket.tokens) / this.ratePerMs);
  }

  private forgetOldest(): void {
    const oldest = this.buckets.keys().next();
    if (oldest.done !== true) this.buckets.delete(oldest.value);
  }
}

/** Counts of what is under way per key; keys with nothing under way take no room. */
export class InFlightCounts {
  private readonly amount: number;
  private readonly counts = new Map<string, number>();

  constructor(amount: number) {
    this.amount = amount;
  }

  /** Whether one more may begin; it then has to be given back. */
  take(key: string): boolean {
    const count = this.counts.get(key) ?? 0;
    if (count >= this.amount) return false;
    this.counts.set(key, count + 1);
    return true;
  }

  give(key: string): void {
    const count = this.counts.get(key) ?? 0;
    if (count <= 1) this.counts.delete(key);
    else this.counts.set(key, count - 1);
  }
}
