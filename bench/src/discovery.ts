/**
 * Selection: picks per second, and what a slow node of ten gets, in one process without a network. And how soon the view
 * of 50 consumers is right again when a real ZooKeeper is back.
 */
import { SeededRandom } from '@stadion/base';
import { systemClock } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import { Hub, ServicePool, plainNode } from '@stadion/discovery';
import { Provider, zooKeeperSource } from '@stadion/discovery/zookeeper';
import { ZooKeeperEnsemble, hasZooKeeper } from '@stadion/store/testing';
import { waitFor } from '../../tests/support/running-platform.ts';
import { report } from './figures.ts';

const PICKS = 3_000_000;
const CALL_MS = 5;
const SLOW_MS = 200;

/** `npm run bench discovery` */
export async function benchDiscovery(): Promise<boolean> {
  const figures = [
    {
      what: 'picks, power of two with peak EWMA, 10 nodes',
      value: picksPerSecond(),
      unit: '/s',
      wanted: { relation: '≥' as const, bound: 2_000_000 },
    },
    {
      what: 'traffic of a slow node of ten, seconds 1 to 5',
      value: slowShare() * 100,
      unit: '%',
      wanted: { relation: '≤' as const, bound: 2 },
    },
  ];
  if (hasZooKeeper()) {
    figures.push({
      what: 'ZooKeeper is back, until 50 consumers see 55 providers, 5 of them new',
      value: await outageSeconds(),
      unit: 's',
      wanted: { relation: '≤' as const, bound: 2 },
    });
  }
  return report('discovery: choosing a node', figures);
}

/** Seconds from when a server that was killed serves again until everybody's view is right. */
async function outageSeconds(): Promise<number> {
  const zookeeper = await ZooKeeperEnsemble.start({ servers: 1 });
  const place = { connectString: zookeeper.connectString, namespace: 'bench', sessionTimeoutMs: 4000 };
  const provide = (port: number): Provider => {
    const provider = new Provider({ ...place, service: 'demo', host: '127.0.0.1', port, checkMs: 500 });
    provider.start();
    return provider;
  };
  const providers = Array.from({ length: 50 }, (_, index) => provide(4000 + index));
  const hubs = Array.from({ length: 50 }, () => new Hub({ source: zooKeeperSource(place) }));
  const seesAll = (): boolean => hubs.every((hub) => hub.service('demo').pool.size === providers.length);
  try {
    await waitFor('everybody sees everybody', seesAll, 60_000);
    await zookeeper.signal(0, 'SIGKILL');
    for (let port = 5000; port < 5005; port += 1) providers.push(provide(port));
    zookeeper.launch(0);
    await zookeeper.serving(0);
    const begin = systemClock.monotonic();
    await waitFor('the view is right', seesAll, 60_000);
    return (systemClock.monotonic() - begin) / 1000;
  } finally {
    await Promise.all([...providers.map((provider) => provider.stop()), ...hubs.map((hub) => hub.close())]);
    await zookeeper.stop();
  }
}

function pool(clock: { now(): number; monotonic(): number }): ServicePool {
  const made = new ServicePool({ clock, random: new SeededRandom(1) });
  made.update(Array.from({ length: 10 }, (_, index) => plainNode('10.0.0.1', 1 + index)));
  return made;
}

function picksPerSecond(): number {
  const nodes = pool(systemClock);
  let ports = 0;
  const run = (picks: number): number => {
    const begin = systemClock.monotonic();
    for (let index = 0; index < picks; index += 1) ports += nodes.pick()?.node.port ?? 0;
    return systemClock.monotonic() - begin;
  };
  run(PICKS / 10);
  const took = run(PICKS);
  // Used, so that nothing of it can be left out.
  return ports > 0 ? (PICKS / took) * 1000 : 0;
}

/** A call each millisecond, in virtual time; one node takes forty times as long as the others. */
function slowShare(): number {
  const time = new VirtualTime();
  const nodes = pool(time);
  let slow = 0;
  let all = 0;
  for (let ms = 0; ms < 5000; ms += 1) {
    const candidate = nodes.pick();
    if (candidate === undefined) break;
    const isSlow = candidate.node.port === 1;
    nodes.began(candidate);
    const latency = isSlow ? SLOW_MS : CALL_MS;
    time.after(latency, () => nodes.ended(candidate, 'ok', latency));
    if (ms >= 1000) {
      all += 1;
      if (isSlow) slow += 1;
    }
    time.after(1, () => undefined);
    while ((time.nextAt() ?? Infinity) <= ms + 1) time.step();
  }
  return slow / all;
}
