/** What goes wrong among several servers: processes that die or stand still, sessions that end, splits of every shape. */
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import type { Fault, FaultContext } from './fault.ts';
import { pick } from './pick.ts';
import { ENSEMBLE, type ServerCluster } from './server-cluster.ts';
import type { SimulatedServer } from './simulated-server.ts';

/** How long a server stands still, milliseconds: less than a session lasts, about as long, and far longer. */
const SUSPENSIONS_MS = [1_000, 5_000, 8_000, 30_000, 120_000];

/** Every kind of fault that takes several servers, by name. */
export const CLUSTER_FAULTS: Readonly<Record<string, Fault>> = {
  servers: onCluster((random, cluster, { note, count, fire, world }) => {
    const server = drawServer(random, cluster);
    if (!server.isUp) {
      note(`${server.name} comes back`);
      fire(server.start());
      return;
    }
    switch (randomBelow(random, 4)) {
      case 0:
        note(`${server.name} stops in good order`);
        count('stops');
        fire(server.stop());
        return;
      case 1: {
        const forMs = pick(random, SUSPENSIONS_MS);
        note(`${server.name} stands still for ${String(forMs)} ms`);
        count('suspensions');
        server.suspend();
        world.time.after(forMs, () => {
          server.resume();
        });
        return;
      }
      default:
        note(`${server.name} crashes`);
        count('crashes');
        server.crash();
        if (randomBelow(random, 2) === 0) fire(server.start());
    }
  }),
  sessions: onCluster((random, cluster, { note, count }) => {
    const { name } = drawServer(random, cluster);
    if (randomBelow(random, 2) === 0) {
      note(`the session of ${name} is over`);
      cluster.ensemble.expire(name);
    } else {
      note(`the connection of ${name} to ZooKeeper breaks`);
      count('brokenConnections');
      cluster.ensemble.breakConnections(name);
    }
  }),
  ensemble: onCluster((random, cluster, { note, count }) => {
    const { ensemble, faults } = cluster;
    if (randomBelow(random, 3) === 0) {
      if (ensemble.isUp) {
        note('ZooKeeper loses its quorum');
        count('quorumLosses');
        ensemble.stop();
      } else {
        note('ZooKeeper has its quorum again');
        ensemble.start();
      }
      return;
    }
    faults.delayMsMax = pick(random, [4, 4, 50, 500, 3_000]);
    faults.breakProbability = pick(random, [0, 0, 0.02, 0.2]);
    note(`ZooKeeper is now ${JSON.stringify(faults)}`);
  }),
  splits: onCluster((random, cluster, context) => {
    const { world, note, count } = context;
    if (randomBelow(random, 3) === 0) {
      note('all splits are joined');
      world.network.join();
      return;
    }
    const servers = cluster.servers.map(({ name }) => name);
    const everybody = [ENSEMBLE, ...servers, ...world.machines.map(({ name }) => name)];
    const way = pick(random, [0, 0, 1, 2]);
    const [some, others] = drawSides(random, everybody, servers);
    note(`${some.join(', ')} ${['and', 'to', 'from'][way] ?? ''} ${others.join(', ')} is cut`);
    count('splits');
    for (const one of some) {
      for (const other of others) {
        if (way !== 2) world.network.cut(one, other);
        if (way !== 1) world.network.cut(other, one);
      }
    }
  }),
};

type ClusterFault = (random: Random, cluster: ServerCluster, context: FaultContext) => void;

function onCluster(fault: ClusterFault): Fault {
  return (random, _machine, context) => {
    if (context.world.cluster !== undefined) fault(random, context.world.cluster, context);
  };
}

/** The leader half of the time: what happens to it matters most. */
function drawServer(random: Random, cluster: ServerCluster): SimulatedServer {
  const any = cluster.servers[randomBelow(random, cluster.servers.length)];
  const drawn = randomBelow(random, 2) === 0 ? cluster.leading() : undefined;
  const server = drawn ?? any ?? cluster.servers[0];
  if (server === undefined) throw new Error('a cluster has servers');
  return server;
}

/** One server and ZooKeeper; one and all others; two halves; or two processes. */
function drawSides(
  random: Random,
  everybody: readonly string[],
  servers: readonly string[],
): readonly [readonly string[], readonly string[]] {
  const one = servers[randomBelow(random, servers.length)] ?? '';
  switch (randomBelow(random, 4)) {
    case 0:
      return [[one], [ENSEMBLE]];
    case 1:
      return [[one], everybody.filter((name) => name !== one && (name !== ENSEMBLE || randomBelow(random, 2) === 0))];
    case 2: {
      const half = new Set(everybody.filter(() => randomFraction(random) < 0.5));
      return [[...half], everybody.filter((name) => !half.has(name))];
    }
    default: {
      const other = everybody[randomBelow(random, everybody.length)] ?? one;
      return [[one], [other]];
    }
  }
}
