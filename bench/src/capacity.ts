/**
 * What one leader bears: 10,000 agents with 500,000 instances in how much memory and with signs of life asked for on time, and
 * 1,000,000 instances placed. In a process of its own, with a heap that is large enough; the simulated agents are in it as
 * well. `BENCH_CAPACITY=0.05` does a twentieth of it.
 */
import { spawnSync } from 'node:child_process';
import { sampleApp } from '@stadion/simulator';
import { Cable } from './cable.ts';
import { startControlPlane, until, type ControlPlane } from './control-plane.ts';
import { report, Stopwatch } from './figures.ts';

const SHARE = Number(process.env.BENCH_CAPACITY ?? 1);
const AGENTS = Math.round(10_000 * SHARE);
/** Each tenth of all. */
const INSTANCES_PER_STEP = Math.round(100_000 * SHARE);
const STEPS = 10;
const STEP_OF_MEMORY = 5;
const APPS_PER_STEP = 10;
const PING_MS = 3_000;
/** As the guide to operating has it for a leader of this size. */
const HEAP_MEGABYTES = 12_000;
const NEW_SPACE_MEGABYTES = 256;
const INSIDE = 'BENCH_CAPACITY_INSIDE';

/** `npm run bench capacity` */
export async function benchCapacity(): Promise<boolean> {
  if (process.env[INSIDE] === '1') return await measure();
  const heap = [
    `--max-old-space-size=${String(HEAP_MEGABYTES)}`,
    `--max-semi-space-size=${String(NEW_SPACE_MEGABYTES)}`,
  ];
  const flags = [...process.execArgv, ...heap];
  const environment = { ...process.env, [INSIDE]: '1' };
  const { status } = spawnSync(process.execPath, [...flags, process.argv[1] ?? '', 'capacity'], {
    stdio: 'inherit',
    env: environment,
  });
  return status === 0;
}

async function measure(): Promise<boolean> {
  const cables = Array.from({ length: AGENTS }, () => new Cable());
  const whole = new Stopwatch();
  const plane = await startControlPlane(AGENTS, 64, { cables });
  whole.tell(`${String(AGENTS)} agents are registered`);
  const seconds: number[] = [];
  let residentBytes = 0;
  let halfwayLateMs = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const watch = new Stopwatch();
    await place(plane, step);
    seconds.push(watch.seconds);
    watch.tell(`tenth ${String(step + 1)} of ${String(STEPS)}, ${String(INSTANCES_PER_STEP)} instances`);
    if (step + 1 !== STEP_OF_MEMORY) continue;
    globalThis.gc?.();
    residentBytes = process.memoryUsage().rss;
    halfwayLateMs = latest(cables);
  }
  whole.tell('in all');
  const lateMs = latest(cables);
  const running = plane.agents.reduce((sum, agent) => sum + agent.taskCount, 0);
  await plane.stop();
  const half = String(INSTANCES_PER_STEP * STEP_OF_MEMORY);
  const all = INSTANCES_PER_STEP * STEPS;
  return report(`capacity: ${String(AGENTS)} simulated agents on one leader, store on disk`, [
    {
      what: `resident with ${half} instances, agents included`,
      value: residentBytes / 2 ** 30,
      unit: 'GiB',
      wanted: { relation: '≤', bound: 8 },
    },
    {
      what: `a ping was late by at most, until ${half}`,
      value: halfwayLateMs,
      unit: 'ms',
      // Half of the time from one to the next.
      wanted: { relation: '≤', bound: PING_MS / 2 },
    },
    {
      what: 'a ping was late by at most, until the end',
      value: lateMs,
      unit: 'ms',
      // Not kept in every run: a heap of five gigabytes is collected as a whole on the way.
      wanted: { relation: '≤', bound: PING_MS / 2 },
    },
    { what: 'instances that run', value: running, unit: '', wanted: { relation: '≥', bound: all } },
    {
      what: `${String(all)} instances placed and running`,
      value: seconds.reduce((sum, one) => sum + one, 0),
      unit: 's',
      wanted: { relation: '≤', bound: 100 * SHARE },
    },
    {
      what: 'time of the last tenth ÷ time of the first',
      value: (seconds.at(-1) ?? 0) / (seconds[0] ?? 1),
      unit: '×',
      wanted: { relation: '≤', bound: 1.3 },
    },
  ]);
}

/** How much later than it should have been the latest ping so far was, milliseconds. */
function latest(cables: readonly Cable[]): number {
  return Math.max(...cables.map(({ longestSilenceMs }) => longestSilenceMs - PING_MS));
}

/** Waits until a tenth more runs. */
async function place({ engine }: ControlPlane, step: number): Promise<void> {
  const outcome = await engine.changeRoot(
    (_root, version) => {
      const instances = INSTANCES_PER_STEP / APPS_PER_STEP;
      const upserts = Array.from({ length: APPS_PER_STEP }, (_, index) => {
        const id = `/capacity/step-${String(step)}/app-${String(index)}`;
        return { ...sampleApp(id, version, 'one'), instances, cpus: 0.01, mem: 1 };
      });
      return { ok: true, value: { upserts, removals: [] } };
    },
    { force: false },
  );
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
  await until(() => engine.view.deployments().length === 0);
}
