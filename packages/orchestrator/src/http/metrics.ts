/** `/metrics` as JSON and as Prometheus text. Names are Marathon's since 1.7. */
import { podOf } from '../core/pod/run-spec.ts';
import { delay } from '@stadion/base';
import { ancestorIds } from '../core/app/app-id.ts';
import { json } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { countTasks } from './task-view.ts';

/** Apps that are counted before others get the event loop. */
const APPS_PER_TURN = 500;

/** Handlers for metrics. */
export function metricsHandlers(context: HandlerContext): Pick<Handlers, 'metrics' | 'metricsPrometheus'> {
  return {
    async metrics() {
      const { gauges, counters } = await collect(context);
      return json(200, {
        version: '4.0.0',
        gauges: mapValues(gauges, (value) => ({ value })),
        counters: mapValues(counters, (count) => ({ count })),
        histograms: {},
        meters: {},
        timers: {},
      });
    },
    async metricsPrometheus() {
      const { gauges, counters } = await collect(context);
      const lines = [...prometheusLines(gauges, 'gauge'), ...prometheusLines(counters, 'counter')];
      const contentType = 'text/plain; version=0.0.4; charset=utf-8';
      return { status: 200, body: { kind: 'text', text: `${lines.join('\n')}\n`, contentType } };
    },
  };
}

interface Metrics {
  readonly gauges: ReadonlyMap<string, number>;
  readonly counters: ReadonlyMap<string, number>;
}

async function collect({ engine, streams, options }: HandlerContext): Promise<Metrics> {
  const { view } = engine;
  const groups = new Set(['/']);
  let pods = 0;
  let running = 0;
  let staged = 0;
  // A copy: counting takes several turns, during which apps come and go.
  const apps = [...view.root.specs()];
  for (const [index, app] of apps.entries()) {
    if (index % APPS_PER_TURN === APPS_PER_TURN - 1) await delay(options.time, 0);
    if (podOf(app) !== undefined) pods += 1;
    for (const group of ancestorIds(app.id)) groups.add(group);
    const counts = countTasks(view.instances(app.id));
    running += counts.running;
    staged += counts.staged;
  }
  const gauges = new Map([
    ['marathon.apps.active.gauge', apps.length - pods],
    ['marathon.pods.active.gauge', pods],
    ['marathon.groups.active.gauge', groups.size],
    ['marathon.deployments.active.gauge', view.deployments().length],
    ['marathon.instances.running.gauge', running],
    ['marathon.instances.staged.gauge', staged],
    ['marathon.http.event-streams.active.gauge', streams.active],
  ]);
  const counters = new Map([...view.counters()].map(([name, count]) => [`marathon.${name}`, count]));
  return { gauges, counters };
}

function mapValues<Value, Result>(
  map: ReadonlyMap<string, Value>,
  change: (value: Value) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}

function prometheusLines(values: ReadonlyMap<string, number>, type: string): readonly string[] {
  return [...values].flatMap(([name, value]) => {
    const safe = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
    return [`# TYPE ${safe} ${type}`, `${safe} ${String(value)}`];
  });
}
