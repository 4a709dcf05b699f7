/** What is counted per route and per service, cheaply, and handed over as differences. */
import { LatencyHistogram } from '../core/breaker/rolling.ts';

/** What has happened at one route since the last time. Plain JSON. */
export interface RouteTraffic {
  readonly router: string;
  readonly source: string;
  readonly service: string;
  /** By class: 1xx to 5xx. */
  readonly statuses: readonly [number, number, number, number, number];
  readonly requests: number;
  readonly retries: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** How many are under way now. */
  readonly active: number;
  /** Buckets of a latency histogram: index and count. */
  readonly latencies: readonly (readonly [number, number])[];
}

/** Counts of one route in this process. */
export class RouteCounters {
  private readonly names: { readonly router: string; readonly source: string; readonly service: string };
  private statuses: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  private requests = 0;
  private retries = 0;
  private bytesIn = 0;
  private bytesOut = 0;
  private readonly histogram = new LatencyHistogram();
  active = 0;

  constructor(names: { readonly router: string; readonly source: string; readonly service: string }) {
    this.names = names;
  }

  /** One exchange is over. */
  record(status: number, latencyMs: number, retries: number, bytesIn: number, bytesOut: number): void {
    const index = Math.min(4, Math.max(0, Math.floor(status / 100) - 1));
    this.statuses[index] = (this.statuses[index] ?? 0) + 1;
    this.requests += 1;
    this.retries += retries;
    this.bytesIn += bytesIn;
    this.bytesOut += bytesOut;
    this.histogram.add(latencyMs);
  }

  /** What has come together since the last call; undefined when nothing has and nothing is under way. */
  take(): RouteTraffic | undefined {
    if (this.requests === 0 && this.active === 0) return undefined;
    const latencies: [number, number][] = [];
    this.histogram.counts.forEach((count, bucket) => {
      if (count > 0) latencies.push([bucket, count]);
    });
    const { statuses, requests, retries, bytesIn, bytesOut, active } = this;
    this.histogram.clear();
    this.statuses = [0, 0, 0, 0, 0];
    this.requests = 0;
    this.retries = 0;
    this.bytesIn = 0;
    this.bytesOut = 0;
    return { ...this.names, statuses, requests, retries, bytesIn, bytesOut, active, latencies };
  }
}
