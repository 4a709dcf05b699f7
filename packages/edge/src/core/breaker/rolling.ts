/** What happened lately: counts over ten seconds and latencies over a minute, in memory of a fixed size. */

const SECONDS = 10;
const STATUSES = 600;
const LATENCY_WINDOWS = 6;
const LATENCY_WINDOW_MS = 10_000;
/** Eight steps per doubling from 1/16 ms to over an hour: an error of at most 9 %. */
const LATENCY_BUCKETS = 208;

/** The bucket of a latency. */
function bucketOf(latencyMs: number): number {
  const index = Math.round(Math.log2(Math.max(latencyMs, 0.0625) * 16) * 8);
  return Math.min(LATENCY_BUCKETS - 1, index);
}

/** The latency that a bucket stands for. */
function latencyOf(bucket: number): number {
  return 2 ** (bucket / 8) / 16;
}

/** Latencies in buckets that grow by a fixed factor; merging two is adding. */
export class LatencyHistogram {
  readonly counts = new Uint32Array(LATENCY_BUCKETS);

  /** @param requests how many it stands for */
  add(latencyMs: number, requests = 1): void {
    const bucket = bucketOf(latencyMs);
    this.counts[bucket] = (this.counts[bucket] ?? 0) + requests;
  }

  clear(): void {
    this.counts.fill(0);
  }
}

/** The latency below which this share of the counts lies, in milliseconds; 0 without any. */
export function quantileOf(counts: readonly ArrayLike<number>[], quantile: number): number {
  let total = 0;
  for (const part of counts) for (const count of Array.from(part)) total += count;
  if (total === 0) return 0;
  const wanted = Math.max(1, Math.ceil(total * Math.min(1, quantile)));
  let seen = 0;
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) {
    for (const part of counts) seen += part[bucket] ?? 0;
    if (seen >= wanted) return latencyOf(bucket);
  }
  return latencyOf(LATENCY_BUCKETS - 1);
}

/** Outcomes of requests over the last seconds. */
export class RollingOutcomes {
  private readonly statuses = Array.from({ length: SECONDS }, () => new Uint32Array(STATUSES));
  private readonly networkErrors = new Uint32Array(SECONDS);
  private readonly latencies = Array.from({ length: LATENCY_WINDOWS }, () => new LatencyHistogram());
  private second = -1;
  private window = -1;

  /** @param status 502 and 504 count as network errors, as in Traefik */
  record(nowMs: number, status: number, latencyMs: number): void {
    this.advance(nowMs);
    const slot = this.second % SECONDS;
    const counts = this.statuses[slot];
    const code = Math.min(STATUSES - 1, Math.max(0, status));
    if (counts !== undefined) counts[code] = (counts[code] ?? 0) + 1;
    if (status === 502 || status === 504) this.networkErrors[slot] = (this.networkErrors[slot] ?? 0) + 1;
    this.latencies[this.window % LATENCY_WINDOWS]?.add(latencyMs);
  }

  /** How many requests the counts are of. */
  total(nowMs: number): number {
    this.advance(nowMs);
    return this.between(0, STATUSES);
  }

  networkErrorRatio(): number {
    const total = this.between(0, STATUSES);
    return total === 0 ? 0 : this.networkErrors.reduce((sum, count) => sum + count, 0) / total;
  }

  /** Statuses in [from, to) as a share of those in [dividedFrom, dividedTo); 0 when there are none of these. */
  responseCodeRatio(from: number, to: number, dividedFrom: number, dividedTo: number): number {
    const divisor = this.between(dividedFrom, dividedTo);
    return divisor === 0 ? 0 : this.between(from, to) / divisor;
  }

  /** @param quantile 0 to 1, or 0 to 100 as Traefik writes it */
  latencyAtQuantileMs(quantile: number): number {
    const share = quantile > 1 ? quantile / 100 : quantile;
    return quantileOf(
      this.latencies.map(({ counts }) => counts),
      share,
    );
  }

  clear(): void {
    for (const counts of this.statuses) counts.fill(0);
    this.networkErrors.fill(0);
    for (const histogram of this.latencies) histogram.clear();
  }

  private between(from: number, to: number): number {
    let sum = 0;
    for (const counts of this.statuses) {
      for (let code = Math.max(0, from); code < Math.min(STATUSES, to); code += 1) sum += counts[code] ?? 0;
    }
    return sum;
  }

  private advance(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.second) {
      const steps = this.second < 0 ? SECONDS : Math.min(SECONDS, second - this.second);
      for (let step = 0; step < steps; step += 1) {
        const slot = (second - step) % SECONDS;
        this.statuses[slot]?.fill(0);
        this.networkErrors[slot] = 0;
      }
      this.second = second;
    }
    const window = Math.floor(nowMs / LATENCY_WINDOW_MS);
    if (window === this.window) return;
    const steps = this.window < 0 ? LATENCY_WINDOWS : Math.min(LATENCY_WINDOWS, window - this.window);
    for (let step = 0; step < steps; step += 1) this.latencies[(window - step) % LATENCY_WINDOWS]?.clear();
    this.window = window;
  }
}
