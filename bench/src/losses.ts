/**
 * Agents are lost: one of a real cluster, whose cable is pulled, and one and then a whole rack among 5,000 simulated ones. How
 * long until everything that ran there runs elsewhere. `BENCH_AGENTS=500` asks less of a small machine.
 */
import { systemClock } from '@stadion/base/system';
import { sampleApp } from '@stadion/simulator';
import { Cluster, canMakeCluster } from '../../tests/support/cluster.ts';
import { waitFor } from '../../tests/support/running-platform.ts';
import { Cable } from './cable.ts';
import { RACKS, startControlPlane, until, type ControlPlane } from './control-plane.ts';
import { report, Stopwatch, type Figure } from './figures.ts';

const AGENTS = Number(process.env.BENCH_AGENTS ?? 5_000);
const INSTANCES_EACH = 10;
const STRATEGY = { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 };
const REAL_AGENTS = 5;
const REAL_INSTANCES = 10;
const PATIENCE_MS = 120_000;

/** `npm run bench losses` */
export async function benchLosses(): Promise<boolean> {
  const figures = [...(await realLoss()), ...(await simulatedLosses())];
  return report(`losses: a real agent, and of ${String(AGENTS)} simulated ones`, figures);
}

async function realLoss(): Promise<Figure[]> {
  if (!canMakeCluster()) {
    console.log('The real cluster is left out: it takes root and Debian’s zookeeper.');
    return [];
  }
  const cluster = await Cluster.start({ servers: 3, agents: REAL_AGENTS });
  try {
    const definition = { cmd: 'exec sleep 100000', cpus: 0.1, mem: 16, instances: REAL_INSTANCES };
    const constraints = [['hostname', 'GROUP_BY']];
    await cluster.change('PUT', '/v2/apps/lost', { ...definition, constraints, unreachableStrategy: STRATEGY });
    const placed = await cluster.tasks('/lost');
    const onAgent = (address: string): number => placed.filter(({ host }) => host === address).length;
    const agent = cluster.agents.find(({ machine }) => onAgent(machine.address) > 0);
    if (agent === undefined) throw new Error('none of the agents runs anything');
    await cluster.machines.cut(agent.machine);
    const cutAt = systemClock.monotonic();
    await waitFor(
      'all run elsewhere',
      async () => {
        const tasks = await cluster.tasks('/lost');
        const elsewhere = tasks.filter(({ state, host }) => state === 'TASK_RUNNING' && host !== agent.machine.address);
        return elsewhere.length >= REAL_INSTANCES;
      },
      PATIENCE_MS,
    );
    const seconds = (systemClock.monotonic() - cutAt) / 1_000;
    const what = `real cluster: cable pulled, until replacements (${String(onAgent(agent.machine.address))}) run`;
    return [{ what, value: seconds, unit: 's', wanted: { relation: '≤', bound: 15 } }];
  } finally {
    await cluster.stop();
  }
}

async function simulatedLosses(): Promise<Figure[]> {
  const watch = new Stopwatch();
  const cables = Array.from({ length: AGENTS }, () => new Cable());
  const plane = await startControlPlane(AGENTS, 64, {
    cables,
    probeAgent: ({ hostname }) =>
      Promise.resolve(cables[Number(hostname.slice('agent-'.length))]?.isCut === false ? 'alive' : 'silent'),
  });
  const instances = AGENTS * INSTANCES_EACH;
  const outcome = await plane.engine.changeRoot(
    (_root, version) => {
      const app = { ...sampleApp('/lost/app', version, 'one'), instances, cpus: 0.01, unreachableStrategy: STRATEGY };
      return { ok: true, value: { upserts: [app], removals: [] } };
    },
    { force: false },
  );
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
  await until(() => plane.engine.view.deployments().length === 0);
  watch.tell(`${String(instances)} instances run on ${String(AGENTS)} agents`);
  const one = await lose(plane, cables, [1]);
  watch.tell('the instances of one agent run elsewhere');
  // All that are in the rack of the first; the second is gone already.
  const rack = [...cables.keys()].filter((index) => index % RACKS === 0);
  const many = await lose(plane, cables, rack);
  watch.tell('the instances of a rack run elsewhere');
  await plane.stop();
  return [
    { what: 'one agent: until it is known to be lost', value: one.knownSeconds, unit: 's' },
    {
      what: 'one agent: until replacements run',
      value: one.replacedSeconds,
      unit: 's',
      wanted: { relation: '≤', bound: 15 },
    },
    {
      what: `a rack of ${String(rack.length)}: until the first is known to be lost`,
      value: many.knownSeconds,
      unit: 's',
    },
    { what: 'the rack: until all replacements run', value: many.replacedSeconds, unit: 's' },
    {
      what: 'the rack: from known to be lost until replacements run',
      value: many.replacedSeconds - many.knownSeconds,
      unit: 's',
      wanted: { relation: '≤', bound: 10 },
    },
  ];
}

/** Cuts these agents off, at once. */
async function lose(
  plane: ControlPlane,
  cables: readonly Cable[],
  indices: readonly number[],
): Promise<{ readonly knownSeconds: number; readonly replacedSeconds: number }> {
  const wanted = AGENTS * INSTANCES_EACH;
  const before = plane.master.view?.unreachable.size ?? 0;
  for (const index of indices) {
    const cable = cables[index];
    if (cable !== undefined) cable.isCut = true;
  }
  const cutAt = systemClock.monotonic();
  await until(() => (plane.master.view?.unreachable.size ?? 0) > before);
  const knownAt = systemClock.monotonic();
  const running = (): number =>
    plane.agents.reduce((sum, agent, index) => sum + (cables[index]?.isCut === true ? 0 : agent.taskCount), 0);
  await until(() => running() >= wanted);
  const replacedAt = systemClock.monotonic();
  return { knownSeconds: (knownAt - cutAt) / 1_000, replacedSeconds: (replacedAt - cutAt) / 1_000 };
}
