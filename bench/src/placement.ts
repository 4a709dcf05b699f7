/**
 * From submit to RUNNING acknowledged: many instances on many agents, through the real master and orchestrator with the
 * store on disk. Agents and containers are simulated; what is measured is the control plane, in one process.
 */
import { systemClock } from '@stadion/base/system';
import { sampleApp } from '@stadion/simulator';
import { startControlPlane, until } from './control-plane.ts';
import { report } from './figures.ts';

const INSTANCES_PER_APP = 1_000;

interface Placed {
  readonly perSecond: number;
  readonly microsecondsEach: number;
  readonly heapBytesEach: number;
  readonly longestBlockMs: number;
}

/** Deploys `instances` on `agentCount` agents and waits until every one runs and its status is acknowledged. */
async function place(agentCount: number, instances: number): Promise<Placed> {
  const plane = await startControlPlane(agentCount, 64);
  const { engine } = plane;
  const heapBefore = collectedHeap();
  const block = watchEventLoop();
  const startedAt = systemClock.monotonic();
  const appCount = Math.ceil(instances / INSTANCES_PER_APP);
  for (let index = 0; index < appCount; index += 1) {
    const outcome = await engine.changeRoot(
      (_root, version) => ({
        ok: true,
        value: {
          upserts: [{ ...sampleApp(`/load/app-${index}`, version, 'one'), instances: INSTANCES_PER_APP, cpus: 0.01 }],
          removals: [],
        },
      }),
      { force: false },
    );
    if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
  }
  await until(() => engine.view.deployments().length === 0);
  const elapsedMs = systemClock.monotonic() - startedAt;
  const longestBlockMs = block.end();
  const running = plane.agents.reduce((sum, agent) => sum + agent.taskCount, 0);
  if (running !== appCount * INSTANCES_PER_APP) throw new Error(`${running} tasks run instead of ${instances}`);
  const heapBytesEach = (collectedHeap() - heapBefore) / running;
  await plane.stop();
  return {
    perSecond: (running / elapsedMs) * 1_000,
    microsecondsEach: (elapsedMs * 1_000) / running,
    heapBytesEach,
    longestBlockMs,
  };
}

/** The heap in use after a collection. */
function collectedHeap(): number {
  if (globalThis.gc === undefined) throw new Error('Run with --expose-gc (npm run bench does).');
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Measures the longest time in which the event loop did nothing else. */
function watchEventLoop(): { end(): number } {
  let last = systemClock.monotonic();
  let longest = 0;
  const timer = setInterval(() => {
    const now = systemClock.monotonic();
    longest = Math.max(longest, now - last - 5);
    last = now;
  }, 5);
  return {
    end() {
      clearInterval(timer);
      return longest;
    },
  };
}

/** `npm run bench placement` */
export async function benchPlacement(): Promise<boolean> {
  await place(200, 10_000);
  const full = await place(2_000, 100_000);
  const small = await place(1_000, 50_000);
  const large = await place(10_000, 50_000);
  return report('placement: submit → RUNNING acknowledged, store on disk, simulated agents', [
    {
      what: '100,000 instances on 2,000 agents',
      value: full.perSecond,
      unit: 'instances/s',
      wanted: { relation: '≥', bound: 10_000 },
    },
    {
      what: 'heap per instance, all parts in this process',
      value: full.heapBytesEach,
      unit: 'bytes',
      wanted: { relation: '≤', bound: 2_048 },
    },
    { what: 'longest time the event loop was held', value: full.longestBlockMs, unit: 'ms' },
    { what: '50,000 instances on 1,000 agents', value: small.microsecondsEach, unit: 'µs each' },
    { what: '50,000 instances on 10,000 agents', value: large.microsecondsEach, unit: 'µs each' },
    {
      what: 'cost at 10,000 agents ÷ cost at 1,000',
      value: large.microsecondsEach / small.microsecondsEach,
      unit: '×',
      wanted: { relation: '≤', bound: 1.3 },
    },
  ]);
}
