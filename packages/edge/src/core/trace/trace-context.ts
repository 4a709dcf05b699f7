/** Who asked within which trace: the header `traceparent` (W3C Trace Context). */
import { randomHex } from './random-hex.ts';
import type { Random } from '@stadion/base';

/** A span, as the next in the chain is told of it. Ids are lower-case hexadecimal: 32 digits and 16. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether whoever began the trace keeps it. */
  readonly isSampled: boolean;
}

/** The span of one request at the edge. */
export interface SpanContext extends TraceParent {
  readonly parentSpanId: string | undefined;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads the header; undefined for what has to be passed over (section 3.2.2): then a trace begins anew. */
export function readTraceparent(text: string | undefined): TraceParent | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(text ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The header for the next in the chain. */
export function writeTraceparent({ traceId, spanId, isSampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/**
 * The span for a request.
 * @param parent what the request says; its word on whether the trace is kept holds
 * @param ratio of the traces that begin here, how many are kept: 0 to 1
 * @returns undefined when nobody keeps it
 */
export function beginSpan(parent: TraceParent | undefined, ratio: number, random: Random): SpanContext | undefined {
  const isSampled = parent === undefined ? random.uint32() < ratio * 2 ** 32 : parent.isSampled;
  if (!isSampled) return undefined;
  return {
    traceId: parent?.traceId ?? randomHex(random, 4),
    spanId: randomHex(random, 2),
    parentSpanId: parent?.spanId,
    isSampled,
  };
}
