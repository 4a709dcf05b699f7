/**
 * `npm run chaos -- --minutes N [--seed S]`: three servers, three ZooKeepers and five agents on machines of their own, under
 * constant deployments, while processes are killed and cables pulled. At the end, with all faults healed: every
 * acknowledged write is there, all deployments are done, nothing is lost and nothing runs twice. Needs root.
 */
import { delay, randomBelow, SeededRandom, type Random } from '@stadion/base';
import { systemClock, systemTimers } from '@stadion/base/system';
import { Cluster, canMakeCluster, type Node } from '../../tests/support/cluster.ts';
import { callJson, waitFor, type TaskView } from '../../tests/support/running-platform.ts';

const APPS = 6;
const INSTANCES_MAX = 5;
const SETTLE_MS = 300_000;

/** What was acknowledged last, by app id; 0: removed. */
type Wanted = Map<string, number>;

interface Fault {
  readonly name: string;
  /** Does it, and gives what heals it. */
  readonly strike: (cluster: Cluster, random: Random) => Promise<() => Promise<void>>;
}

const FAULTS: readonly Fault[] = [
  { name: 'kill the leader', strike: async (cluster) => killed(cluster, [await cluster.leader(120_000)]) },
  { name: 'kill all servers', strike: (cluster) => killed(cluster, cluster.servers) },
  { name: 'kill an agent', strike: (cluster, random) => killed(cluster, [oneOf(cluster.agents, random)]) },
  {
    name: 'kill a ZooKeeper',
    strike: async ({ zooKeepers, servers }, random) => {
      const index = randomBelow(random, servers.length);
      await zooKeepers.signal(index, 'SIGKILL');
      return async () => {
        zooKeepers.launch(index);
        await zooKeepers.serving(index);
      };
    },
  },
  {
    name: 'freeze the leader',
    strike: async (cluster) => {
      const leader = await cluster.leader(120_000);
      leader.process?.kill('SIGSTOP');
      return () => Promise.resolve(void leader.process?.kill('SIGCONT'));
    },
  },
  { name: 'cut off an agent', strike: (cluster, random) => cutOff(cluster, oneOf(cluster.agents, random)) },
  { name: 'cut off the leader', strike: async (cluster) => cutOff(cluster, await cluster.leader(120_000)) },
  {
    name: 'lose a third of what an agent is sent',
    strike: async (cluster, random) => {
      const { machine } = oneOf(cluster.agents, random);
      await cluster.machines.lose(machine, 0.33);
      return () => cluster.machines.lose(machine, 0);
    },
  },
];

async function killed(cluster: Cluster, nodes: readonly Node[]): Promise<() => Promise<void>> {
  await Promise.all(nodes.map((node) => cluster.kill(node)));
  return () => {
    for (const node of nodes) cluster.launch(node);
    return Promise.resolve();
  };
}

async function cutOff(cluster: Cluster, { machine }: Node): Promise<() => Promise<void>> {
  await cluster.machines.cut(machine);
  return () => cluster.machines.mend(machine);
}

function oneOf<Item>(items: readonly Item[], random: Random): Item {
  const item = items[randomBelow(random, items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

/** Changes one app after the other until told to stop; a change counts once it is acknowledged, and is repeated until then. */
async function deploy(cluster: Cluster, wanted: Wanted, random: Random, isOver: () => boolean): Promise<number> {
  let acknowledged = 0;
  while (!isOver()) {
    const id = `/chaos-${String(randomBelow(random, APPS))}`;
    const instances = randomBelow(random, INSTANCES_MAX + 1);
    const definition = {
      cmd: 'exec sleep 1000000',
      cpus: 0.1,
      mem: 16,
      instances,
      backoffSeconds: 1,
      backoffFactor: 1,
      labels: { change: String(acknowledged) },
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    };
    const answer =
      instances === 0
        ? await cluster.callAny('DELETE', `/v2/apps${id}?force=true`)
        : await cluster.callAny('PUT', `/v2/apps${id}?force=true`, definition);
    // 404: there was nothing to remove. Anything else that is no answer may or may not have been done: again, until told.
    const isDone = answer !== undefined && (answer.status < 300 || (instances === 0 && answer.status === 404));
    if (!isDone) {
      wanted.delete(id);
      await retry(cluster, id, wanted);
      continue;
    }
    wanted.set(id, instances);
    acknowledged += 1;
    await delay(systemTimers, 200 + randomBelow(random, 800));
  }
  return acknowledged;
}

/** After an unknown outcome the app is brought to a known state before anything else happens to it. */
async function retry(cluster: Cluster, id: string, wanted: Wanted): Promise<void> {
  for (;;) {
    const answer = await cluster.callAny('DELETE', `/v2/apps${id}?force=true`);
    if (answer !== undefined && (answer.status < 300 || answer.status === 404)) break;
    await delay(systemTimers, 500);
  }
  wanted.set(id, 0);
}

/** What is wrong at the end, one sentence each. */
async function findWrongs(cluster: Cluster, wanted: Wanted): Promise<string[]> {
  const wrongs: string[] = [];
  const known: string[] = [];
  for (const [id, instances] of wanted) {
    const answer = await cluster.callAny('GET', `/v2/apps${id}`);
    if (instances === 0) {
      if (answer?.status !== 404) wrongs.push(`${id} was removed and is there`);
      continue;
    }
    const told =
      answer?.status === 200 ? (answer.body as { app: { instances: number } }).app.instances : answer?.status;
    if (told !== instances) {
      wrongs.push(`${id} should have ${String(instances)} instances: ${String(told)}`);
      continue;
    }
    const tasks = await cluster.tasks(id);
    const running = tasks.filter(({ state }: TaskView) => state === 'TASK_RUNNING');
    if (running.length !== instances || tasks.length !== instances) {
      wrongs.push(`${id} runs ${String(running.length)} of ${String(instances)}, and knows ${String(tasks.length)}`);
    }
    known.push(...running.map((task) => task.id));
  }
  const run: string[] = [];
  for (const { url } of cluster.agents) {
    const answer = await callJson(`${url}:5051/state`, 'GET', undefined, cluster.headers);
    const { frameworks } = answer.body as { frameworks: { executors: { id: string }[] }[] };
    for (const { executors } of frameworks) for (const { id } of executors) run.push(id);
  }
  const [knownText, runText] = [known, run].map((ids) => JSON.stringify(ids.sort()));
  if (knownText !== runText) wrongs.push(`known ${String(knownText)} but run ${String(runText)}`);
  return wrongs;
}

async function main(minutes: number, seed: number): Promise<boolean> {
  const random = new SeededRandom(seed);
  console.log(`chaos for ${String(minutes)} minutes, seed ${String(seed)}`);
  const cluster = await Cluster.start({ servers: 3, agents: 5 });
  try {
    const end = systemClock.monotonic() + minutes * 60_000;
    const isOver = (): boolean => systemClock.monotonic() >= end;
    const wanted: Wanted = new Map();
    const deploying = deploy(cluster, wanted, random.stream('deployments'), isOver);
    const faults = random.stream('faults');
    const counts = new Map<string, number>();
    while (!isOver()) {
      await delay(systemTimers, 2_000 + randomBelow(faults, 6_000));
      const fault = oneOf(FAULTS, faults);
      console.log(`${new Date(systemClock.now()).toISOString()} ${fault.name}`);
      counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
      const heal = await fault.strike(cluster, faults);
      await delay(systemTimers, 2_000 + randomBelow(faults, 18_000));
      await heal();
    }
    const acknowledged = await deploying;
    console.log(
      `healed; ${String(acknowledged)} changes acknowledged; faults: ${JSON.stringify(Object.fromEntries(counts))}`,
    );
    await cluster.registered(5, SETTLE_MS);
    await cluster.settled(SETTLE_MS);
    let wrongs: string[] = [];
    await waitFor(
      'all is as it should be',
      async () => {
        wrongs = await findWrongs(cluster, wanted);
        return wrongs.length === 0;
      },
      SETTLE_MS,
    ).catch(() => undefined);
    for (const wrong of wrongs) console.error(`WRONG: ${wrong}`);
    console.log(
      wrongs.length === 0 ? 'nothing lost, nothing doubled, all done' : `${String(wrongs.length)} things wrong`,
    );
    return wrongs.length === 0;
  } finally {
    await cluster.stop();
  }
}

function numberAfter(flag: string, fallback: number): number {
  const index = process.argv.indexOf(flag);
  const value = index === -1 ? fallback : Number(process.argv[index + 1]);
  if (Number.isFinite(value) && value > 0) return value;
  console.error(`${flag} needs a number above 0.`);
  process.exit(2);
}

if (!canMakeCluster()) {
  console.error('Chaos needs root, Linux, and Debian’s zookeeper.');
  process.exit(2);
}
process.exit((await main(numberAfter('--minutes', 30), numberAfter('--seed', 1))) ? 0 : 1);
