/** What is done to a cluster while it works: each fault, and what heals it. */
import { randomBelow, type Random } from '@stadion/base';
import type { Cluster, Node } from './cluster.ts';

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** Does it, and gives what heals it. */
  readonly strike: (cluster: Cluster, random: Random) => Promise<() => Promise<void>>;
}

/** How long a server may take to be found, when there is none that leads yet. */
const LEADER_MS_MAX = 120_000;
/** So narrow that what is sent waits for seconds, bits a second. */
const NARROW_FOR_AGENT = 12_000;
const NARROW_FOR_SERVER = 200_000;

/** All of them. The cluster has small disks (`ClusterShape.diskMegabytes`). */
export const FAULTS: readonly Fault[] = [
  { name: 'kill the leader', strike: async (cluster) => killed(cluster, [await leaderOf(cluster)]) },
  { name: 'kill all servers', strike: (cluster) => killed(cluster, cluster.servers) },
  { name: 'kill an agent', strike: (cluster, random) => killed(cluster, [oneOf(cluster.agents, random)]) },
  {
    name: 'kill a ZooKeeper',
    strike: async ({ zooKeepers, servers }, random) => {
      const index = randomBelow(random, servers.length);
      await zooKeepers.signal(index, 'SIGKILL');
      return () => zooKeepers.revive(index);
    },
  },
  {
    name: 'freeze the leader',
    strike: async (cluster) => {
      const leader = await leaderOf(cluster);
      leader.process?.kill('SIGSTOP');
      return () => Promise.resolve(void leader.process?.kill('SIGCONT'));
    },
  },
  {
    name: 'freeze an agent',
    strike: (cluster, random) => {
      const agent = oneOf(cluster.agents, random);
      agent.process?.kill('SIGSTOP');
      return Promise.resolve(() => Promise.resolve(void agent.process?.kill('SIGCONT')));
    },
  },
  { name: 'cut off an agent', strike: (cluster, random) => cutOff(cluster, oneOf(cluster.agents, random)) },
  { name: 'cut off the leader', strike: async (cluster) => cutOff(cluster, await leaderOf(cluster)) },
  { name: 'lose a third of what an agent is sent', strike: (cluster, random) => lossy(cluster, random, 0) },
  {
    name: 'lose a fifth of what an agent is sent and of what it sends',
    strike: (cluster, random) => lossy(cluster, random, 0.2),
  },
  {
    name: 'delay what an agent sends and is sent',
    strike: (cluster, random) => narrow(cluster, oneOf(cluster.agents, random), NARROW_FOR_AGENT),
  },
  {
    name: 'delay what the leader sends and is sent',
    strike: async (cluster) => narrow(cluster, await leaderOf(cluster), NARROW_FOR_SERVER),
  },
  {
    name: 'silence the link of an agent, and nothing else',
    strike: async ({ machines, agents }, random) => {
      const { machine } = oneOf(agents, random);
      await machines.silence(machine, MASTER_PORT);
      return () => machines.silence(machine, undefined);
    },
  },
  { name: 'fill the disk of an agent', strike: (cluster, random) => full(cluster, oneOf(cluster.agents, random)) },
  { name: 'fill the disk of the leader', strike: async (cluster) => full(cluster, await leaderOf(cluster)) },
  {
    name: 'fill the disk of a ZooKeeper',
    strike: async ({ zooKeepers, zooKeeperDisks }, random) => {
      const index = randomBelow(random, zooKeeperDisks.length);
      await zooKeeperDisks[index]?.fill();
      return async () => {
        await zooKeeperDisks[index]?.free();
        // ZooKeeper ends when it cannot write.
        await zooKeepers.revive(index);
      };
    },
  },
];

const MASTER_PORT = 5050;

/** One of several, by chance. */
export function oneOf<Item>(items: readonly Item[], random: Random): Item {
  const item = items[randomBelow(random, items.length)];
  if (item === undefined) throw new Error('there is nothing to choose from');
  return item;
}

function leaderOf(cluster: Cluster): Promise<Node> {
  return cluster.leader(LEADER_MS_MAX);
}

async function killed(cluster: Cluster, nodes: readonly Node[]): Promise<() => Promise<void>> {
  await Promise.all(nodes.map((node) => cluster.kill(node)));
  return () => {
    for (const node of nodes) cluster.launch(node);
    return Promise.resolve();
  };
}

async function cutOff({ machines }: Cluster, { machine }: Node): Promise<() => Promise<void>> {
  await machines.cut(machine);
  return () => machines.mend(machine);
}

/** @param ofSent what is lost of what the agent sends; 0: a third of what it is sent, and nothing else */
async function lossy({ machines, agents }: Cluster, random: Random, ofSent: number): Promise<() => Promise<void>> {
  const { machine } = oneOf(agents, random);
  await machines.lose(machine, ofSent === 0 ? { ofReceived: 1 / 3, ofSent } : { ofReceived: ofSent, ofSent });
  return () => machines.lose(machine, { ofReceived: 0, ofSent: 0 });
}

async function narrow({ machines }: Cluster, { machine }: Node, bitsPerSecond: number): Promise<() => Promise<void>> {
  await machines.narrow(machine, bitsPerSecond);
  return () => machines.narrow(machine, undefined);
}

async function full(cluster: Cluster, node: Node): Promise<() => Promise<void>> {
  await node.disk?.fill();
  return async () => {
    await node.disk?.free();
    // A process that could not go on has ended, as after a crash: whoever runs it starts it again.
    const { process: child } = node;
    if (child?.exitCode !== null || child.signalCode !== null) cluster.launch(node);
  };
}
