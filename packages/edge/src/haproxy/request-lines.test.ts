import { describe, expect, it } from 'vitest';
import { RequestLines } from './request-lines.ts';

const AT = Date.UTC(2021, 0, 1);
const NAMES = { router: 'web@stadion', service: 'web', source: '/web' };

/** A whole line, as the configuration has HAProxy write it. */
function whole(changes: { readonly durationMs?: string; readonly retries?: string } = {}): string {
  const { durationMs = '12', retries = '0' } = changes;
  return [
    ...['web', 'server-1', '200', durationMs, '300', '4000'],
    ...['10.0.0.9', 'GET', 'web.example.org', '/a?b=c', 'HTTP/1.1', 'https', retries, '-', 'curl/8', '-'],
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
  it('makes an access log line of a whole one, where a log is wanted', () => {
    const reader = lines();
    const entry = JSON.parse(reader.take(whole({ retries: '+2' }), 'json', AT) ?? '');
    expect(entry).toMatchObject({ client: '10.0.0.9', method: 'GET', host: 'web.example.org', path: '/a?b=c' });
    expect(entry).toMatchObject({
      status: 200,
      durationMs: 12,
      attempts: 3,
      router: 'web@stadion',
      userAgent: 'curl/8',
    });
    expect(entry).not.toHaveProperty('referer');
    expect(reader.take(whole(), 'off', AT)).toBeUndefined();
    expect(counted(reader.latencies('web'))).toBe(2);
  });

  it('counts a sample for as many requests as it stands for, and writes no log of it', () => {
    const reader = lines();
    expect(reader.take('web\tserver-1\t200\t12\t256', 'json', AT)).toBeUndefined();
    expect(reader.take('web\tserver-1\t200\t900\t1', 'json', AT)).toBeUndefined();
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
    expect(reader.take(line, 'json', AT)).toBeUndefined();
    expect(counted(reader.latencies('web'))).toBe(0);
  });

  it('takes the time of a request that never came to an end as none', () => {
    const reader = lines();
    reader.take(whole({ durationMs: '-1' }), 'off', AT);
    expect(counted(reader.latencies('web'))).toBe(1);
  });
});
