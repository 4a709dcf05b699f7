import { SeededRandom } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { NodeView } from './node-view.ts';
import { RetryBudget } from './retry-budget.ts';
import {
  leastLoadedSelector,
  randomSelector,
  roundRobinSelector,
  weightedSelector,
  zoneFirstSelector,
  type Selector,
} from './selectors.ts';
import { ServicePool, type PoolSettings } from './service-pool.ts';
import { plainNode, type ServiceNode } from './service-node.ts';
import { matching, nearestEnvironment } from './shards.ts';

let time: VirtualTime;

beforeEach(() => {
  time = new VirtualTime();
});

const ten = Array.from({ length: 10 }, (_, index) => plainNode('h', 1 + index));

function poolOf(nodes: readonly ServiceNode[], settings: Partial<PoolSettings> = {}): ServicePool {
  const pool = new ServicePool({ clock: time, random: new SeededRandom(1) }, settings);
  pool.update(nodes);
  return pool;
}

/** How often each port is picked in 10,000 picks. */
function shares(pool: ServicePool): Record<number, number> {
  const counts: Record<number, number> = {};
  for (let index = 0; index < 10_000; index += 1) {
    const { port } = pool.pick()!.node;
    counts[port] = (counts[port] ?? 0) + 1;
  }
  return counts;
}

describe('selectors', () => {
  test.each<[string, Selector]>([
    ['random', randomSelector],
    ['round robin', roundRobinSelector()],
    ['least loaded', leastLoadedSelector],
    ['weighted, by draw', weightedSelector()],
    ['weighted, of two', weightedSelector({ threshold: 1 })],
  ])('%s uses all nodes', (_name, selector) => {
    const counts = Object.values(shares(poolOf(ten, { selector })));
    expect(counts).toHaveLength(10);
    for (const count of counts) expect(count).toBeGreaterThan(800);
  });

  test('weights are parts of the traffic, and old nodes may count more', () => {
    const nodes = [plainNode('h', 1, { routingWeight: 0.25 }), plainNode('h', 2, { routingWeight: 0.75 })];
    expect(shares(poolOf(nodes, { selector: weightedSelector() }))[2]).toBeCloseTo(7500, -3);
    const aged = [plainNode('h', 1, { healthySinceTimeStamp: time.now() }), plainNode('h', 2)];
    expect(shares(poolOf(aged, { selector: weightedSelector({ boost: 3 }) }))[2]).toBeCloseTo(7500, -3);
    const none = [plainNode('h', 1, { routingWeight: 0 }), plainNode('h', 2, { routingWeight: 0 })];
    expect(shares(poolOf(none, { selector: weightedSelector() }))[1]).toBeCloseTo(5000, -3);
  });

  test('one’s own region first, others when it has none', () => {
    const at = (port: number, region: string) =>
      plainNode('h', port, { nodeData: { environment: '', region, tags: null } });
    const pool = poolOf([at(1, 'eu'), at(2, 'us'), at(3, 'eu')], { selector: zoneFirstSelector('eu', randomSelector) });
    expect(Object.keys(shares(pool))).toEqual(['1', '3']);
    pool.update([at(2, 'us')]);
    expect(Object.keys(shares(pool))).toEqual(['2']);
  });

  test('a slow node of ten gets at most two percent within five seconds', async () => {
    const pool = poolOf(ten);
    let slow = 0;
    let all = 0;
    for (let ms = 0; ms < 5000; ms += 1) {
      const candidate = pool.pick()!;
      const isSlow = candidate.node.port === 1;
      pool.began(candidate);
      time.after(isSlow ? 200 : 5, () => pool.ended(candidate, 'ok', isSlow ? 200 : 5));
      if (ms >= 1000) {
        all += 1;
        if (isSlow) slow += 1;
      }
      while ((time.nextAt() ?? Infinity) <= ms + 1) time.step();
      if (ms % 1000 === 0) await time.advance(0);
      time.after(Math.max(0, ms + 1 - time.monotonic()), () => undefined);
      while (time.monotonic() < ms + 1 && time.step());
    }
    expect(slow / all).toBeLessThanOrEqual(0.02);
  });
});

describe('who fails', () => {
  function fail(pool: ServicePool, port: number, times: number): void {
    for (let index = 0; index < times; index += 1) {
      const candidate = pool.pick(({ port: own }) => own === port)!;
      pool.began(candidate);
      pool.ended(candidate, 'failed', 1);
    }
  }

  test('is left alone for a while, and longer the next time', async () => {
    const pool = poolOf(ten, { selector: randomSelector });
    fail(pool, 1, 5);
    expect(shares(pool)[1]).toBeUndefined();
    await time.advance(10_000);
    expect(shares(pool)[1]).toBeGreaterThan(800);
    fail(pool, 1, 5);
    await time.advance(10_000);
    expect(shares(pool)[1]).toBeUndefined();
  });

  test('is used all the same when most fail: then it is not the nodes', () => {
    const pool = poolOf(ten, { selector: randomSelector });
    for (let port = 1; port <= 6; port += 1) fail(pool, port, 5);
    expect(Object.keys(shares(pool))).toHaveLength(10);
  });

  test('is not asked again while there is another', () => {
    const pool = poolOf(ten.slice(0, 2));
    const first = pool.pick()!;
    expect(pool.pick(undefined, new Set([first]))).not.toBe(first);
  });
});

test('shards: by values, and by the nearest environment', () => {
  const at = (port: number, environment: string) =>
    plainNode('h', port, { nodeData: { environment, region: null, tags: null } });
  const nodes = [at(1, 'a'), at(2, 'a.b'), at(3, 'x')];
  expect(poolOf(nodes).pick(matching({ environment: 'x' }))?.node.port).toBe(3);
  expect(poolOf(nodes).pick(matching({ environment: 'y' }))).toBeUndefined();
  const nearest = (own: string) => nearestEnvironment(own)(nodes).map(({ port }) => port);
  expect([nearest('a.b.c'), nearest('a.c'), nearest('q'), nearest('*')]).toEqual([[2], [1], [], [1, 2, 3]]);
});

describe('what a source says is looked at with care', () => {
  const WALL = 1_000_000_000;
  const updated = (at: number, more: Partial<ServiceNode> = {}) => [
    plainNode('h', 1, { lastUpdatedTimeStamp: at, ...more }),
  ];

  test('nodes that are unhealthy or were not heard of for a minute are not called', () => {
    const accepted = (nodes: ServiceNode[]) => new NodeView().accept(nodes, 0, WALL);
    expect(accepted(updated(WALL - 60_000))).toHaveLength(1);
    expect(accepted(updated(WALL - 60_001))).toHaveLength(0);
    expect(accepted(updated(WALL, { healthcheckStatus: 'unhealthy' }))).toHaveLength(0);
  });

  test('a provider whose clock is behind is seen by its moving', () => {
    const view = new NodeView();
    expect(view.accept(updated(WALL - 3_600_000), 0, WALL)).toHaveLength(0);
    expect(view.accept(updated(WALL - 3_590_000), 10_000, WALL + 10_000)).toHaveLength(1);
    expect(view.accept(updated(WALL - 3_590_000), 80_001, WALL + 80_001)).toHaveLength(0);
  });

  test('after a long outage of the source nobody is dropped for having been silent in it, and later again', () => {
    const view = new NodeView();
    view.accept(updated(WALL), 0, WALL);
    view.away();
    expect(view.accept(updated(WALL), 300_000, WALL + 300_000)).toHaveLength(1);
    expect(view.accept(updated(WALL), 360_000, WALL + 360_000)).toHaveLength(1);
    expect(view.accept(updated(WALL), 360_001, WALL + 360_001)).toHaveLength(0);
    // Whoever was too old already stays so.
    view.away();
    expect(view.accept(updated(WALL), 400_000, WALL + 400_000)).toHaveLength(0);
  });

  test('a source that suddenly has nobody is not believed at once', () => {
    const view = new NodeView({ emptyGraceMs: 1000 });
    view.accept(updated(WALL), 0, WALL);
    expect(view.accept([], 10, WALL)).toHaveLength(1);
    expect(view.accept([], 1009, WALL)).toHaveLength(1);
    expect(view.accept([], 1010, WALL)).toHaveLength(0);
  });
});

test('retries are a part of the calls', () => {
  const budget = new RetryBudget(0.5, 2);
  expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false]);
  budget.called();
  budget.called();
  expect([budget.take(), budget.take()]).toEqual([true, false]);
});
