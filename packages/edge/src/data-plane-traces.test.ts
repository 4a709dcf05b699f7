/** Traces by every data plane. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { askFor, echo } from './testing/backends.ts';
import { PlaneStage, type PlaneKind } from './testing/plane-stage.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const missing = (process.env['STADION_MISSING_PARTS'] ?? '').split(',');
const kinds: readonly PlaneKind[] = missing.includes('haproxy') ? ['embedded'] : ['embedded', 'haproxy'];

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

describe.each(kinds)('the %s data plane that keeps half of the traces that begin there', (kind) => {
  let stage: PlaneStage;
  beforeAll(async () => {
    stage = await PlaneStage.start(kind, { tracesRatio: 0.5 });
    await stage.route([await stage.backends.start(echo)]);
    await stage.carried();
  });
  afterAll(async () => {
    await stage.stop();
  });

  /** The header as the server heard it. */
  const heardBy = async (traceparent: string): Promise<string> => {
    const { body } = await askFor(stage.ports['http'] ?? 0, '/traced', { headers: { traceparent } });
    return String(JSON.parse(body).headers.traceparent);
  };

  const spansOf = (isAsked: boolean) => stage.spans.filter(({ context }) => (context.traceId === TRACE) === isAsked);

  /** The spans of the trace that was begun elsewhere, or of the others. HAProxy drops a line of its log, and counts it, when its threads are in each other's way. */
  const spansTold = async (isAsked: boolean, expected: number) => {
    const least = kind === 'haproxy' ? Math.ceil(expected / 2) : expected;
    await expect.poll(() => spansOf(isAsked).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(least);
    return spansOf(isAsked);
  };

  it('tells the server of its own span below that of whoever asked, and tells of it when it is over', async () => {
    const heard: string[] = [];
    for (let count = 0; count < 6; count += 1) heard.push(await heardBy(`00-${TRACE}-${PARENT}-01`));
    expect(new Set(heard).size).toBe(6);
    for (const text of heard) expect(text).toMatch(new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-01$`));
    for (const { context, record } of await spansTold(true, 6)) {
      expect(heard).toContain(`00-${TRACE}-${context.spanId}-01`);
      expect(context.parentSpanId).toBe(PARENT);
      expect(record).toMatchObject({ method: 'GET', host: 'a.test', path: '/traced', status: 200, router: 'all' });
    }
  });

  it('goes by the word of whoever began the trace, and keeps half of those that begin here', async () => {
    const unkept = `00-${TRACE}-${PARENT}-00`;
    expect(await heardBy(unkept)).toBe(unkept);
    const heard: string[] = [];
    for (let count = 0; count < 60; count += 1) heard.push(await heardBy('nonsense'));
    const begun = heard.filter((text) => text !== 'nonsense');
    // Of 60 coins, fewer than 10 or more than 50 heads once in ten million runs.
    expect(begun.length).toBeGreaterThan(9);
    expect(begun.length).toBeLessThan(51);
    expect(new Set(begun.map((text) => text.split('-')[1])).size).toBe(begun.length);
    const spans = await spansTold(false, begun.length);
    const told = spans.map(({ context }) => `00-${context.traceId}-${context.spanId}-01`);
    expect(begun).toEqual(expect.arrayContaining(told));
    expect(new Set(told).size).toBe(told.length);
  });
});
