/** The lines in which HAProxy tells of requests: for the access log, and for latencies. */
import type { AccessRecord } from '../core/access-record.ts';
import { LatencyHistogram } from '../core/breaker/rolling.ts';
import { readTraceparent, type SpanContext } from '../core/trace/trace-context.ts';
import type { RouteTraffic } from '../embedded/traffic.ts';
import type { RouteNames } from './statistics.ts';

/** Fields of a whole line, and of one that is for latencies only. */
const FIELDS = 18;
const SAMPLE_FIELDS = 5;

/** What a line tells. */
interface Told {
  readonly record: AccessRecord;
  readonly span?: SpanContext;
}

/** Reads lines. */
export class RequestLines {
  private readonly histograms = new Map<string, LatencyHistogram>();
  private readonly namesOf: (backend: string) => RouteNames | undefined;

  constructor(namesOf: (backend: string) => RouteNames | undefined) {
    this.namesOf = namesOf;
  }

  /** Takes a line. @returns what a whole one tells; nothing for a sample, and for what is no line of a route */
  take(line: string, nowMs: number): Told | undefined {
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
    if (isSample) return undefined;
    const [client = '', method = '', host = '', path = '', protocol = '', scheme = '', retries = ''] = fields.slice(6);
    const given = fields.slice(13).map((text) => (text === '-' ? undefined : text));
    const [referer, userAgent, traceparent, traceId, spanId] = given;
    const { router, source: app, service } = names;
    const record: AccessRecord = {
      ...{ atMs: nowMs, client, method, host, path, protocol, scheme, status: Number(status) },
      ...{ bytesIn: Number(bytesIn), bytesOut: Number(bytesOut), durationMs, router, app, service, server },
      ...{ attempts: 1 + Number(retries.replace('+', '')), referer, userAgent, traceparent },
    };
    if (traceId === undefined || spanId === undefined) return { record };
    return { record, span: { traceId, spanId, parentSpanId: readTraceparent(traceparent)?.spanId, isSampled: true } };
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
