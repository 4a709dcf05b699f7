/** Adds up what the workers have counted: totals, rates and latencies of the last ten seconds, per route. */
import type { EdgeTraffic } from '@stadion/contract/edge';
import { quantileOf } from './core/breaker/rolling.ts';
import type { RouteTraffic } from './embedded/traffic.ts';
import type { ServerReport } from './ports/data-plane.ts';

const WINDOW_SECONDS = 10;
const BUCKETS = 208;

interface Window {
  second: number;
  requests: number;
  errors: number;
  readonly latencies: Uint32Array;
}

interface Row {
  readonly statuses: number[];
  requests: number;
  retries: number;
  bytesIn: number;
  bytesOut: number;
  active: number;
  activeAt: number;
  readonly windows: Window[];
  readonly latencies: Uint32Array;
  latencySumMs: number;
}

/** The board. */
export class TrafficBoard {
  private readonly rows = new Map<string, Row>();
  private readonly names = new Map<
    string,
    { readonly router: string; readonly source: string; readonly service: string }
  >();
  /** What each process has said last. */
  private readonly reports = new Map<number, { readonly at: number; readonly servers: Map<string, ServerReport> }>();

  /** Adds differences from one process. */
  add(traffic: readonly RouteTraffic[], nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    for (const part of traffic) {
      const key = `${part.router}@${part.source}`;
      const row = this.rowOf(key);
      this.names.set(key, part);
      part.statuses.forEach((count, index) => {
        row.statuses[index] = (row.statuses[index] ?? 0) + count;
      });
      row.requests += part.requests;
      row.retries += part.retries;
      row.bytesIn += part.bytesIn;
      row.bytesOut += part.bytesOut;
      // Each process says how many it has under way; within one second they belong together.
      row.active = row.activeAt === second ? row.active + part.active : part.active;
      row.activeAt = second;
      const window = windowOf(row, second);
      window.requests += part.requests;
      window.errors += part.statuses[4];
      for (const [bucket, count] of part.latencies) {
        window.latencies[bucket] = (window.latencies[bucket] ?? 0) + count;
        row.latencies[bucket] = (row.latencies[bucket] ?? 0) + count;
        row.latencySumMs += (count * 2 ** (bucket / 8)) / 16;
      }
    }
  }

  /** Takes over what one process knows about servers; what it said before is void. */
  report(process: number, reports: readonly ServerReport[], nowMs: number): void {
    const servers = new Map(reports.map((report) => [`${report.service}|${report.server}`, report]));
    this.reports.set(process, { at: nowMs, servers });
    for (const [other, { at }] of this.reports) if (nowMs - at > SILENT_MS) this.reports.delete(other);
  }

  /** What all processes know about a server together; a state other than `up` is that of any that says so. */
  serverReport(service: string, server: string): ServerReport | undefined {
    let all: ServerReport | undefined;
    for (const { servers } of this.reports.values()) {
      const one = servers.get(`${service}|${server}`);
      if (one === undefined) continue;
      all = all === undefined ? one : added(all, one);
    }
    return all;
  }

  /** A route's traffic as of now. @param key `name@source` */
  trafficOf(key: string, nowMs: number): EdgeTraffic {
    const row = this.rows.get(key);
    if (row === undefined) return { ...NONE, statuses: [...NONE.statuses] };
    const second = Math.floor(nowMs / 1000);
    const recent = row.windows.filter((window) => window.second > second - WINDOW_SECONDS && window.second <= second);
    const latencies = recent.map((window) => window.latencies);
    const sum = (pick: (window: Window) => number): number => recent.reduce((total, window) => total + pick(window), 0);
    return {
      requests: row.requests,
      requestsPerSecond: sum(({ requests }) => requests) / WINDOW_SECONDS,
      statuses: [...row.statuses],
      errorsPerSecond: sum(({ errors }) => errors) / WINDOW_SECONDS,
      p50Ms: round(quantileOf(latencies, 0.5)),
      p99Ms: round(quantileOf(latencies, 0.99)),
      bytesIn: row.bytesIn,
      bytesOut: row.bytesOut,
      active: second - row.activeAt <= 2 ? row.active : 0,
      retries: row.retries,
    };
  }

  /** The routes that have had traffic, with all that metrics tell. */
  all(nowMs: number): readonly {
    readonly key: string;
    readonly router: string;
    readonly source: string;
    readonly service: string;
    readonly traffic: EdgeTraffic;
    readonly latencies: Uint32Array;
    readonly latencySumMs: number;
  }[] {
    return [...this.rows].flatMap(([key, { latencies, latencySumMs }]) => {
      const names = this.names.get(key);
      if (names === undefined) return [];
      const { router, source, service } = names;
      return [{ key, router, source, service, traffic: this.trafficOf(key, nowMs), latencies, latencySumMs }];
    });
  }

  /** Forgets a route that is gone. */
  forget(key: string): void {
    this.rows.delete(key);
    this.names.delete(key);
  }

  private rowOf(key: string): Row {
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    const row: Row = {
      statuses: [0, 0, 0, 0, 0],
      requests: 0,
      retries: 0,
      bytesIn: 0,
      bytesOut: 0,
      active: 0,
      activeAt: 0,
      windows: [],
      latencies: new Uint32Array(BUCKETS),
      latencySumMs: 0,
    };
    this.rows.set(key, row);
    return row;
  }
}

/** A process that has said nothing for so long is gone. */
const SILENT_MS = 30_000;
const NONE: EdgeTraffic = {
  requests: 0,
  requestsPerSecond: 0,
  statuses: [0, 0, 0, 0, 0],
  errorsPerSecond: 0,
  p50Ms: 0,
  p99Ms: 0,
  bytesIn: 0,
  bytesOut: 0,
  active: 0,
  retries: 0,
};

function windowOf(row: Row, second: number): Window {
  const last = row.windows.at(-1);
  if (last?.second === second) return last;
  const window: Window = { second, requests: 0, errors: 0, latencies: new Uint32Array(BUCKETS) };
  row.windows.push(window);
  if (row.windows.length > WINDOW_SECONDS + 1) row.windows.shift();
  return window;
}

function added(one: ServerReport, other: ServerReport): ServerReport {
  return {
    ...one,
    active: one.active + other.active,
    requests: one.requests + other.requests,
    failures: one.failures + other.failures,
    latencyMs: Math.max(one.latencyMs, other.latencyMs),
    state: one.state === 'up' ? other.state : one.state,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
