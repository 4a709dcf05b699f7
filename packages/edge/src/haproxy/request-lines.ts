/** The lines in which HAProxy tells of requests: for the access log, and for latencies. */
import { LatencyHistogram } from '../core/breaker/rolling.ts';
import { accessLogLine, type AccessLogFormat } from '../embedded/access-log.ts';
import type { RouteTraffic } from '../embedded/traffic.ts';
import type { RouteNames } from './statistics.ts';

/** Fields of a whole line, and of one that is for latencies only. */
const FIELDS = 16;
const SAMPLE_FIELDS = 5;

/** Reads lines. */
export class RequestLines {
  private readonly histograms = new Map<string, LatencyHistogram>();
  private readonly namesOf: (backend: string) => RouteNames | undefined;

  constructor(namesOf: (backend: string) => RouteNames | undefined) {
    this.namesOf = namesOf;
  }

  /** Takes a line. @returns the line of the access log for it, where one is wanted */
  take(line: string, format: AccessLogFormat, nowMs: number): string | undefined {
    const fields = line.split('\t');
    const [backend = '', server = '', status = '', duration = '', bytesIn = '', bytesOut = ''] = fields;
    const isOne = fields.length === FIELDS || (fields.length === SAMPLE_FIELDS && /^\d+$/.test(fields[4] ?? ''));
    const names = isOne ? this.namesOf(backend) : undefined;
    // What the workers have answered is told by them.
    if (names === undefined) return undefined;
    const durationMs = Math.max(0, Number(duration));
    const histogram = this.histograms.get(backend) ?? new LatencyHistogram();
    this.histograms.set(backend, histogram);
    const isSample = fields.length === SAMPLE_FIELDS;
    histogram.add(durationMs, isSample ? Number(fields[4]) : 1);
    if (format === 'off' || isSample) return undefined;
    const [client = '', method = '', host = '', path = '', protocol = '', scheme = '', retries = ''] = fields.slice(6);
    const [referer, userAgent, traceparent] = fields.slice(13).map((text) => (text === '-' ? undefined : text));
    const { router, source: app, service } = names;
    return accessLogLine(
      {
        ...{ atMs: nowMs, client, method, host, path, protocol, scheme, status: Number(status) },
        ...{ bytesIn: Number(bytesIn), bytesOut: Number(bytesOut), durationMs, router, app, service, server },
        ...{ attempts: 1 + Number(retries.replace('+', '')), referer, userAgent, traceparent },
      },
      format,
    );
  }

  /** The latencies of a backend since the last call: buckets and counts. */
  latencies(backend: string): RouteTraffic['latencies'] {
    const histogram = this.histograms.get(backend);
    this.histograms.delete(backend);
    const found: [number, number][] = [];
    histogram?.counts.forEach((count, bucket) => {
      if (count > 0) found.push([bucket, count]);
    });
    return found;
  }
}
