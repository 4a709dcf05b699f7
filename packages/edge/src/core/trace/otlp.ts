/** Spans as collectors take them: OTLP over HTTP in its JSON form (OpenTelemetry protocol 1.x), with the semantic names of HTTP. */
import type { AccessRecord } from '../access-record.ts';
import type { SpanContext } from './trace-context.ts';

/** A request that is over, and its place in a trace. */
export interface EdgeSpan {
  readonly context: SpanContext;
  readonly record: AccessRecord;
}

type Value = { readonly stringValue: string } | { readonly intValue: string };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** `SPAN_KIND_SERVER`, and `STATUS_CODE_ERROR`. */
const SERVER = 2;
const ERROR = 2;

/** The body of a request to `/v1/traces`. @param resource who tells, e.g. `{'service.name': 'stadion-edge'}` */
export function otlpTraces(spans: readonly EdgeSpan[], resource: Readonly<Record<string, string>>): unknown {
  const attributes = Object.entries(resource).map(([key, value]) => text(key, value));
  const scopeSpans = [{ scope: { name: 'stadion.edge' }, spans: spans.map(spanOf) }];
  return { resourceSpans: [{ resource: { attributes }, scopeSpans }] };
}

function spanOf({ context, record }: EdgeSpan) {
  const { atMs, durationMs, method, status, router } = record;
  return {
    traceId: context.traceId,
    spanId: context.spanId,
    ...(context.parentSpanId === undefined ? {} : { parentSpanId: context.parentSpanId }),
    name: router === undefined ? method : `${method} ${router}`,
    kind: SERVER,
    startTimeUnixNano: nanoseconds(atMs - durationMs),
    endTimeUnixNano: nanoseconds(atMs),
    attributes: attributesOf(record),
    // 0 is a client that went before it was answered. A 4xx is no error of a server.
    ...(status >= 500 || status === 0 ? { status: { code: ERROR } } : {}),
  };
}

function attributesOf(record: AccessRecord): readonly Attribute[] {
  const { method, scheme, host, path, protocol, status, client, attempts, router, app, server, userAgent } = record;
  return [
    text('http.request.method', method),
    text('url.scheme', scheme),
    text('url.path', path),
    text('server.address', host),
    text('client.address', client),
    text('network.protocol.version', protocol.replace(/^HTTP\//, '')),
    ...(status === 0 ? [] : [number('http.response.status_code', status)]),
    ...(attempts > 1 ? [number('http.request.resend_count', attempts - 1)] : []),
    ...given('user_agent.original', userAgent),
    ...given('stadion.route', router),
    ...given('stadion.app', app),
    ...given('stadion.server', server),
  ];
}

function given(key: string, value: string | undefined): readonly Attribute[] {
  return value === undefined ? [] : [text(key, value)];
}

function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: value } };
}

function number(key: string, value: number): Attribute {
  return { key, value: { intValue: String(value) } };
}

/** As a decimal string, since it is more than a JSON number holds exactly. */
function nanoseconds(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1_000_000)));
}
