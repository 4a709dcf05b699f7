/** `/metrics` as JSON and as Prometheus text. Names are Marathon's since 1.7. */
import { getHeapStatistics } from 'node:v8';
import { podOf } from '../core/pod/run-spec.ts';
import { delay } from '@stadion/base';
import { ancestorIds } from '../core/app/app-id.ts';
import { json } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import type { MeterValue, TimerValue } from './measures.ts';
import { countTasks } from './task-view.ts';
import { APPS_COUNTED_PER_TURN } from './limits.ts';

/** Handlers for metrics. */
export function metricsHandlers(context: HandlerContext): Pick<Handlers, 'metrics' | 'metricsPrometheus'> {
  return {
    async metrics() {
      const { gauges, counters, meters, timers } = await collect(context);
      return json(200, {
        version: '4.0.0',
        gauges: mapValues(gauges, (value) => ({ value })),
        counters: mapValues(counters, (count) => ({ count })),
        histograms: {},
        meters: mapValues(meters, (value) => ({ ...value, units: 'events/second' })),
        timers: mapValues(timers, (value) => ({ ...value, duration_units: 'seconds', rate_units: 'calls/second' })),
      });
    },
    async metricsPrometheus() {
      const { gauges, counters, meters, timers } = await collect(context);
      const lines = [
        ...[...gauges].flatMap(([name, value]) => sample(name, 'gauge', value)),
        ...[...counters].flatMap(([name, value]) => sample(name, 'counter', value)),
        ...[...meters].flatMap(([name, value]) => meterLines(name, value)),
        ...[...timers].flatMap(([name, value]) => timerLines(name, value)),
      ];
      const contentType = 'text/plain; version=0.0.4; charset=utf-8';
      return { status: 200, body: { kind: 'text', text: `${lines.join('\n')}\n`, contentType } };
    },
  };
}

interface Metrics {
  readonly gauges: ReadonlyMap<string, number>;
  readonly counters: ReadonlyMap<string, number>;
  readonly meters: ReadonlyMap<string, MeterValue>;
  readonly timers: ReadonlyMap<string, TimerValue>;
}

async function collect({ engine, streams, options, measured }: HandlerContext): Promise<Metrics> {
  const { view } = engine;
  const groups = new Set(['/']);
  let pods = 0;
  let running = 0;
  let staged = 0;
  // A copy: counting takes several turns, during which apps come and go.
  const apps = [...view.root.specs()];
  for (const [index, app] of apps.entries()) {
    if (index % APPS_COUNTED_PER_TURN === APPS_COUNTED_PER_TURN - 1) await delay(options.time, 0);
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
    ...prefixed(measured.gauges),
    ...memoryGauges(),
  ]);
  const upSeconds = (options.time.monotonic() - measured.startedAt) / 1000;
  gauges.set('marathon.uptime.gauge.seconds', upSeconds);
  gauges.set('marathon.leadership.duration.gauge.seconds', options.leader() === undefined ? 0 : upSeconds);
  return {
    gauges,
    counters: new Map([...prefixed(view.counters()), ...prefixed(measured.counters)]),
    meters: new Map(prefixed(measured.meters).map(([name, meter]) => [name, meter.value])),
    timers: new Map(prefixed(measured.timers).map(([name, timer]) => [name, timer.value])),
  };
}

function prefixed<Value>(values: ReadonlyMap<string, Value>): [string, Value][] {
  return [...values].map(([name, value]) => [`marathon.${name}`, value]);
}

/** Those of the JVM's memory that have a meaning here. */
function memoryGauges(): [string, number][] {
  const { rss } = process.memoryUsage();
  const { used_heap_size: used, total_heap_size: committed, heap_size_limit: max } = getHeapStatistics();
  const heap = 'marathon.jvm.memory.heap';
  return [
    ['marathon.jvm.memory.total.used.gauge.bytes', rss],
    [`${heap}.used.gauge.bytes`, used],
    [`${heap}.committed.gauge.bytes`, committed],
    [`${heap}.max.gauge.bytes`, max],
    [`${heap}.usage.gauge`, used / max],
  ];
}

function mapValues<Value, Result>(
  map: ReadonlyMap<string, Value>,
  change: (value: Value) => Result,
): Readonly<Record<string, Result>> {
  return Object.fromEntries([...map].map(([key, value]) => [key, change(value)]));
}

function sample(name: string, type: string, value: number): readonly string[] {
  const safe = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return [`# TYPE ${safe} ${type}`, `${safe} ${String(value)}`];
}

const RATES = ['mean_rate', 'm1_rate', 'm5_rate', 'm15_rate'] as const;
const QUANTILES = { p50: '0.5', p75: '0.75', p95: '0.95', p98: '0.98', p99: '0.99', p999: '0.999' } as const;

function meterLines(name: string, value: MeterValue): readonly string[] {
  return (['count', ...RATES] as const).flatMap((member) => sample(`${name}_${member}`, 'gauge', value[member]));
}

function timerLines(name: string, value: TimerValue): readonly string[] {
  const safe = name.replaceAll(/[^A-Za-z0-9_]/g, '_');
  const quantiles = (Object.keys(QUANTILES) as (keyof typeof QUANTILES)[]).map(
    (member) => `${safe}{quantile="${QUANTILES[member]}"} ${value[member].toFixed(6)}`,
  );
  const members = ['min', 'mean', 'max', 'stddev', ...RATES] as const;
  return [
    `# TYPE ${safe} summary`,
    ...quantiles,
    `${safe}_count ${String(value.count)}`,
    ...members.flatMap((member) => sample(`${name}_${member}`, 'gauge', value[member])),
  ];
}
