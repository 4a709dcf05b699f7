/**
 * From the end of the leading process to the first new task that runs under the next leader, with the state in three real
 * ZooKeepers. Agents are simulated and dial again within a second, as real ones do; both leaders live in this process.
 */
import { randomFraction, silentLogger } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { createMaster, MemoryAgentRegistry, type Master } from '@stadion/master';
import { createEngine, type Engine } from '@stadion/orchestrator';
import { LightAgent, sampleApp } from '@stadion/simulator';
import { openZooKeeperStore, type Leadership, type SharedStore } from '@stadion/store';
import { ZooKeeperEnsemble, hasZooKeeper } from '@stadion/store/testing';
import { systemTime, until } from './control-plane.ts';
import { report, Stopwatch } from './figures.ts';

const AGENTS = 5_000;
const TASKS = 100_000;
const TASKS_PER_APP = 1_000;

interface Leader {
  readonly master: Master;
  readonly engine: Engine;
}

/** `npm run bench failover` */
export async function benchFailover(): Promise<boolean> {
  if (!hasZooKeeper()) {
    console.error('failover needs Debian’s zookeeper.');
    return false;
  }
  const ensemble = await ZooKeeperEnsemble.start({ servers: 3, tickMs: 1_000, heapMegabytes: 768 });
  try {
    return await measure(`zk://${ensemble.connectString}/bench`);
  } finally {
    await ensemble.stop();
  }
}

async function measure(url: string): Promise<boolean> {
  const whole = new Stopwatch();
  const registry = new MemoryAgentRegistry();
  const ports = { clock: systemClock, timers: systemTimers, log: silentLogger };
  const first = await openZooKeeperStore({ url, ...ports });
  const second = await openZooKeeperStore({ url, ...ports });
  const leader = await lead(first, await first.campaign('first'), registry);
  const agents = Array.from({ length: AGENTS }, (_, index) => agentOf(index));
  for (const agent of agents) agent.connect(leader.master.acceptor);
  await until(() => agents.every((agent) => agent.registered));
  for (let index = 0; index < TASKS / TASKS_PER_APP; index += 1) {
    await deploy(leader.engine, `/load-${index}`, TASKS_PER_APP);
  }
  await until(() => leader.engine.view.deployments().length === 0);
  whole.tell('all run under the first leader');

  let hasEnded = false;
  const next = second.campaign('second', { hasEnded: () => Promise.resolve(hasEnded) });
  // It has caught up with the journal before it is needed, as a server that stands by has.
  for await (const _record of second.list('/none')) break;
  const watch = new Stopwatch();
  hasEnded = true;
  void leader.engine.stop();
  await leader.master.stop();
  const leadership = await next;
  const elected = watch.seconds;
  const successor = await lead(second, leadership, registry);
  const loaded = watch.seconds;
  const random = new SystemRandom();
  for (const agent of agents) {
    systemTimers.after(randomFraction(random) * 1_000, () => {
      agent.connect(successor.master.acceptor);
    });
  }
  await deploy(successor.engine, '/after', 1);
  await grow(successor.engine, '/load-0');
  await until(() => successor.engine.view.instances('/after').some(({ condition }) => condition === 'Running'));
  const placed = watch.seconds;
  const placedProcessor = watch.processorSeconds;
  await until(() => successor.master.view?.agents.size === AGENTS);
  const registered = watch.seconds;
  await until(() => successor.engine.view.deployments().length === 0);
  const grown = watch.seconds;
  watch.tell('an app of before has grown');
  const running = agents.reduce((sum, agent) => sum + agent.taskCount, 0);
  await successor.engine.stop();
  await successor.master.stop();
  await first.close();
  await second.close();
  return report(`failover: ${String(AGENTS)} simulated agents, ${String(TASKS)} tasks, three ZooKeepers`, [
    { what: 'until another is elected, its epoch raised', value: elected, unit: 's' },
    { what: 'until it has loaded and subscribed', value: loaded, unit: 's' },
    {
      what: 'until the first new task runs',
      value: placed,
      unit: 's',
      wanted: { relation: '≤', bound: 5 },
    },
    { what: 'the same in processor time, agents included', value: placedProcessor, unit: 's' },
    { what: 'until all agents have registered with their tasks', value: registered, unit: 's' },
    { what: 'until an app of before, all of its tasks heard of, has grown', value: grown, unit: 's' },
    {
      what: 'tasks that still run',
      value: running,
      unit: '',
      wanted: { relation: '≥', bound: TASKS + 2 },
    },
  ]);
}

async function lead(store: SharedStore, { epoch }: Leadership, registry: MemoryAgentRegistry): Promise<Leader> {
  const random = new SystemRandom();
  const ports = { clock: systemClock, timers: systemTimers, random, log: silentLogger };
  const info = { hostname: 'localhost', ip: '127.0.0.1', port: 5050, version: '1.11.0' };
  const master = createMaster({ registry, info, ...ports });
  await master.start();
  const engine = createEngine({
    store,
    epoch,
    connection: master.connect(),
    config: { maxRunningDeployments: 10_000 },
    onFatal: (error) => {
      throw error;
    },
    ...ports,
  });
  await engine.start();
  await until(() => engine.view.frameworkId !== undefined);
  return { master, engine };
}

/** One instance more of an app that runs. */
async function grow(engine: Engine, id: string): Promise<void> {
  const outcome = await engine.changeRoot(
    (root, version) => {
      const app = root.app(id);
      if (app === undefined) throw new Error(`${id} is not there`);
      const versionInfo = { ...app.versionInfo, lastScalingAt: version };
      const upserts = [{ ...app, instances: app.instances + 1, version, versionInfo }];
      return { ok: true, value: { upserts, removals: [] } };
    },
    { force: false },
  );
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
}

async function deploy(engine: Engine, id: string, instances: number): Promise<void> {
  const outcome = await engine.changeRoot(
    (_root, version) => ({
      ok: true,
      value: { upserts: [{ ...sampleApp(id, version, 'one'), instances, cpus: 0.01 }], removals: [] },
    }),
    { force: false },
  );
  if (!outcome.ok) throw new Error(`refused: ${JSON.stringify(outcome.rejection)}`);
}

function agentOf(index: number): LightAgent {
  const rack = `rack-${String(index % 40)}`;
  const shape = { cpus: 64, mem: 262_144, disk: 100_000, ports: [31_000, 32_000], rack } as const;
  return new LightAgent({ hostname: `agent-${String(index)}`, ...shape }, systemTime);
}
