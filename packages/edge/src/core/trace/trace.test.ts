import { SeededRandom } from '@stadion/base';
import { describe, expect, it } from 'vitest';
import type { AccessRecord } from '../access-record.ts';
import { otlpTraces } from './otlp.ts';
import { beginSpan, readTraceparent, writeTraceparent } from './trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceparent', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, { traceId: TRACE, spanId: SPAN, isSampled: true }],
    [`00-${TRACE}-${SPAN}-00`, { traceId: TRACE, spanId: SPAN, isSampled: false }],
    [`00-${TRACE}-${SPAN}-ff`, { traceId: TRACE, spanId: SPAN, isSampled: true }],
    // A later version may say more.
    [`cc-${TRACE}-${SPAN}-01-what-comes`, { traceId: TRACE, spanId: SPAN, isSampled: true }],
    [`00-${TRACE}-${SPAN}-01-more`, undefined],
    [`ff-${TRACE}-${SPAN}-01`, undefined],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    [`00-${TRACE}-${SPAN}`, undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (text, expected) => {
    const read = readTraceparent(text);
    expect(read).toEqual(expected);
    if (read !== undefined) expect(readTraceparent(writeTraceparent(read))).toEqual(read);
  });
});

describe('the span of a request', () => {
  const random = new SeededRandom(7);

  it('stands below that of whoever asked, and goes by its word', () => {
    const kept = beginSpan({ traceId: TRACE, spanId: SPAN, isSampled: true }, 0, random);
    expect(kept).toMatchObject({ traceId: TRACE, parentSpanId: SPAN, isSampled: true });
    expect(kept?.spanId).toMatch(/^(?!0+$)[0-9a-f]{16}$/);
    expect(kept?.spanId).not.toBe(SPAN);
    expect(beginSpan({ traceId: TRACE, spanId: SPAN, isSampled: false }, 1, random)).toBeUndefined();
  });

  it('begins a trace for as many as are to be kept', () => {
    const begun = Array.from({ length: 2_000 }, () => beginSpan(undefined, 0.25, random));
    const kept = begun.flatMap((span) => span ?? []);
    expect(kept.length).toBeGreaterThan(400);
    expect(kept.length).toBeLessThan(600);
    expect(new Set(kept.map(({ traceId }) => traceId)).size).toBe(kept.length);
    expect(kept[0]).toMatchObject({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/), parentSpanId: undefined });
    expect(beginSpan(undefined, 0, random)).toBeUndefined();
    expect(beginSpan(undefined, 1, random)).toBeDefined();
  });
});

describe('spans for a collector', () => {
  const context = { traceId: TRACE, spanId: SPAN, parentSpanId: undefined, isSampled: true };
  const record: AccessRecord = {
    ...{
      atMs: Date.UTC(2026, 0, 1),
      bytesIn: 0,
      bytesOut: 9,
      durationMs: 12.5,
      method: 'GET',
      scheme: 'https',
      host: 'a.test',
      path: '/x',
    },
    ...{ protocol: 'HTTP/1.1', status: 200, client: '10.0.0.9', attempts: 1, router: 'web', app: '/web' },
  };
  const spansIn = (body: unknown) =>
    (body as { resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[] }).resourceSpans[0]
      ?.scopeSpans[0]?.spans ?? [];

  it('have times in nanoseconds as text, and the names of HTTP', () => {
    const body = otlpTraces([{ context, record }], { 'service.name': 'stadion-edge' });
    expect(body).toMatchObject({
      resourceSpans: [{ resource: { attributes: [{ key: 'service.name', value: { stringValue: 'stadion-edge' } }] } }],
    });
    const [made] = spansIn(body);
    expect(made).toMatchObject({
      ...{ traceId: TRACE, spanId: SPAN, name: 'GET web', kind: 2 },
      startTimeUnixNano: '1767225599987500000',
      endTimeUnixNano: '1767225600000000000',
    });
    expect(made).not.toHaveProperty('parentSpanId');
    expect(made).not.toHaveProperty('status');
    expect(made?.['attributes']).toEqual(
      expect.arrayContaining([
        { key: 'http.request.method', value: { stringValue: 'GET' } },
        { key: 'http.response.status_code', value: { intValue: '200' } },
        { key: 'stadion.app', value: { stringValue: '/web' } },
      ]),
    );
  });

  it('say what went wrong, and how often it was tried', () => {
    const ended = [
      { ...record, status: 502, attempts: 3 },
      { ...record, status: 0 },
    ];
    const spans = ended.map((one) => ({ context, record: one }));
    const [failed, gone] = spansIn(otlpTraces(spans, {}));
    expect(failed).toMatchObject({ status: { code: 2 } });
    expect(failed?.['attributes']).toContainEqual({ key: 'http.request.resend_count', value: { intValue: '2' } });
    expect(gone).toMatchObject({ status: { code: 2 } });
    expect(JSON.stringify(gone)).not.toContain('status_code');
  });
});
