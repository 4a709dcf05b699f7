import { silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { describe, expect, it } from 'vitest';
import type { EdgeSpan } from './core/trace/otlp.ts';
import { limits } from './limits.ts';
import { TraceExporter } from './trace-exporter.ts';

function aSpan(path: string): EdgeSpan {
  return {
    context: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), parentSpanId: undefined, isSampled: true },
    record: {
      ...{ atMs: 1_000, durationMs: 1, method: 'GET', scheme: 'http', host: 'a.test', path, protocol: 'HTTP/1.1' },
      ...{ status: 200, client: '10.0.0.9', attempts: 1, bytesIn: 0, bytesOut: 0 },
    },
  };
}

/** An exporter whose collector answers with these statuses, one after another, the last for ever; 0: it is not reached. */
function anExporter(statuses: readonly (number | 'silent')[]) {
  const time = new VirtualTime();
  const warnings: string[] = [];
  const bodies: string[] = [];
  let asked = 0;
  const exporter = new TraceExporter({
    url: 'http://collector:4318/v1/traces',
    resource: {},
    timers: time,
    log: { ...silentLogger, warn: (_, text) => warnings.push(text) },
    fetch: async (_, init) => {
      const status = statuses[Math.min(asked, statuses.length - 1)] ?? 200;
      asked += 1;
      if (status === 'silent') {
        return await new Promise<Response>((_, reject) => {
          init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
        });
      }
      if (status === 0) throw new Error('connect ECONNREFUSED');
      bodies.push(typeof init?.body === 'string' ? init.body : '');
      return new Response(null, { status });
    },
  });
  const paths = () =>
    bodies.flatMap((body) =>
      [...body.matchAll(/"url\.path","value":\{"stringValue":"([^"]*)"/g)].map(([, path]) => path),
    );
  return { exporter, time, warnings, bodies, paths, asked: () => asked };
}

describe('TraceExporter', () => {
  it('sends what came about each second, in requests of a bounded size', async () => {
    const { exporter, time, bodies, paths } = anExporter([200]);
    exporter.add(Array.from({ length: limits.spansPerRequest + 1 }, (_, index) => aSpan(`/${String(index)}`)));
    await time.advance(limits.spansSentEveryMs);
    expect(bodies).toHaveLength(2);
    expect(new Set(paths()).size).toBe(limits.spansPerRequest + 1);
    await time.advance(10 * limits.spansSentEveryMs);
    expect(bodies).toHaveLength(2);
  });

  it('tries again, less and less often, while the collector is away; nothing is lost, and it is said once', async () => {
    const { exporter, time, warnings, paths, asked } = anExporter([0, 503, 429, 200]);
    exporter.add([aSpan('/first')]);
    await time.advance(limits.spansSentEveryMs);
    exporter.add([aSpan('/second')]);
    await time.advance(2 * limits.spansSentEveryMs);
    expect(asked()).toBe(1);
    await time.advance(40 * limits.spansSentEveryMs);
    expect(asked()).toBe(4);
    // What was answered 503 and 429 had been seen by the collector, too.
    expect(paths().slice(-2)).toEqual(['/first', '/second']);
    expect(new Set(warnings).size).toBe(1);
    expect(warnings).toHaveLength(3);
  });

  it('gives up what the collector refuses', async () => {
    const { exporter, time, paths } = anExporter([400, 200]);
    exporter.add([aSpan('/refused')]);
    await time.advance(limits.spansSentEveryMs);
    exporter.add([aSpan('/taken')]);
    await time.advance(limits.spansSentEveryMs);
    expect(paths()).toEqual(['/refused', '/taken']);
  });

  it('holds a bounded number, and says what it dropped', async () => {
    const { exporter, time, warnings } = anExporter([0]);
    exporter.add(Array.from({ length: limits.spansWaiting + 5 }, () => aSpan('/')));
    await time.advance(2 * limits.spansSentEveryMs);
    expect(warnings).toContainEqual(expect.stringContaining('dropped'));
  });

  it('does not wait for a collector that does not answer', async () => {
    const { time, exporter } = anExporter(['silent']);
    exporter.add([aSpan('/last')]);
    let isClosed = false;
    const closing = exporter.close().then(() => {
      isClosed = true;
    });
    expect(await time.advanceUntil(() => isClosed, limits.spansLastMs)).toBe(true);
    await closing;
  });

  it('sends what is left when it ends', async () => {
    const { exporter, paths } = anExporter([200]);
    exporter.add([aSpan('/last')]);
    await exporter.close();
    expect(paths()).toEqual(['/last']);
  });
});
