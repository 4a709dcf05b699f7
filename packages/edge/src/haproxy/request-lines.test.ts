import { describe, expect, it } from 'vitest';
import { RequestLines } from './request-lines.ts';

const AT = Date.UTC(2021, 0, 1);
const NAMES = { router: 'web@stadion', service: 'web', source: '/web' };

/** A whole line, as the configuration has HAProxy write it. */
function whole(
  changes: { readonly durationMs?: string; readonly retries?: string; readonly trace?: readonly string[] } = {},
): string {
  const { durationMs = '12', retries = '0', trace = ['-', '-', '-'] } = changes;
  return [
    ...['web', 'server-1', '200', durationMs, '300', '4000'],
    ...['10.0.0.9', 'GET', 'web.example.org', '/a?b=c', 'HTTP/1.1', 'https', retries, '-', 'curl/8', ...trace],
  ].join('\t');
}

function lines(): RequestLines {
  return new RequestLines((backend) => (backend === 'web' ? NAMES : undefined));
}

/** How many requests the latencies stand for. */
function counted(found: ReturnType<RequestLines['latencies']>): number {
  return found.reduce((sum, [, count]) => sum + count, 0);
}

describe('RequestLines', () => {
  it('tells all that a whole one says', () => {
    const reader = lines();
    const told = reader.take(whole({ retries: '+2' }), AT);
    const entry = told?.record;
    expect(told).not.toHaveProperty('span');
    expect(entry).toMatchObject({ client: '10.0.0.9', method: 'GET', host: 'web.example.org', path: '/a?b=c' });
    expect(entry).toMatchObject({
      status: 200,
      durationMs: 12,
      attempts: 3,
      router: 'web@stadion',
      userAgent: 'curl/8',
    });
    expect(entry?.referer).toBeUndefined();
    expect(counted(reader.latencies('web'))).toBe(1);
  });

  it('finds the span of a request that has one, below that of whoever asked', () => {
    const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
    const parent = `00-${ids.traceId}-${'c'.repeat(16)}-01`;
    const span = (first: string) => lines().take(whole({ trace: [first, ids.traceId, ids.spanId] }), AT)?.span;
    expect(span(parent)).toEqual({ ...ids, parentSpanId: 'c'.repeat(16), isSampled: true });
    expect(span('-')).toEqual({ ...ids, parentSpanId: undefined, isSampled: true });
  });

  it('counts a sample for as many requests as it stands for, and writes no log of it', () => {
    const reader = lines();
    expect(reader.take('web\tserver-1\t200\t12\t256', AT)).toBeUndefined();
    expect(reader.take('web\tserver-1\t200\t900\t1', AT)).toBeUndefined();
    const found = reader.latencies('web');
    expect(found.map(([, count]) => count)).toEqual([256, 1]);
    expect(found[0]?.[0]).toBeLessThan(found[1]?.[0] ?? 0);
    expect(reader.latencies('web')).toEqual([]);
  });

  it.each([
    ['of a backend that is not one of ours', whole().replace(/^web/, 'workers')],
    ['of too few fields', 'web\tserver-1\t200'],
    ['cut off', whole().slice(0, 40)],
    ['of a sample whose weight is no number', 'web\tserver-1\t200\t12\tmany'],
    ['empty', ''],
  ])('passes over a line %s', (_, line) => {
    const reader = lines();
    expect(reader.take(line, AT)).toBeUndefined();
    expect(counted(reader.latencies('web'))).toBe(0);
  });

  it('takes the time of a request that never came to an end as none', () => {
    const reader = lines();
    reader.take(whole({ durationMs: '-1' }), AT);
    expect(counted(reader.latencies('web'))).toBe(1);
  });
});
