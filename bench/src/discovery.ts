/**
 * Selection: picks per second, and what a slow node of ten gets, in one process without a network. And how soon the view
 * of consumers is right again when a real ZooKeeper is back.
 */
import { SeededRandom } from '@stadion/base';
import { systemClock } from '@stadion/base/system';
import { VirtualTime } from '@stadion/base/testing';
import { ServicePool, plainNode } from '@stadion/discovery';
import { hasZooKeeper } from '@stadion/store/testing';
import { report, type Figure } from './figures.ts';
import { measureOutages } from './outages.ts';

const PICKS = 3_000_000;
const CALL_MS = 5;
const SLOW_MS = 200;

/** `npm run bench discovery` */
export async function benchDiscovery(): Promise<boolean> {
  const figures: Figure[] = [
    {
      what: 'picks, power of two with peak EWMA, 10 nodes',
      value: picksPerSecond(),
      unit: '/s',
      wanted: { relation: '≥', bound: 2_000_000 },
    },
    {
      what: 'traffic of a slow node of ten, seconds 1 to 5',
      value: slowShare() * 100,
      unit: '%',
      wanted: { relation: '≤', bound: 2 },
    },
  ];
  if (hasZooKeeper()) figures.push(...(await measureOutages()));
  return report('discovery: choosing a node', figures);
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
