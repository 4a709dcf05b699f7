import type { Resource } from '@stadion/contract/mesos';
import { expect, it } from 'vitest';
import { Cluster, resources } from './testing/cluster.ts';

function diskOfItsOwn(value: number): Resource[] {
  const source = { type: 'MOUNT' as const, mount: { root: '/mnt/a' } };
  return [{ name: 'disk', type: 'SCALAR', scalar: { value }, disk: { source } }];
}

it.each([
  [
    'more than can be counted',
    resources(1_000_000_000_000, 1024),
    /1000000000000 cpus, and none has more than 9007199254/,
  ],
  ['more in parts', [...resources(9_007_199_254, 1), ...resources(1, 1)], /9007199255 cpus/],
  ['more on disks of its own', [...resources(1, 1), ...diskOfItsOwn(1e12)], /1000000000000 disk/],
])('an agent is not taken with %s, and told why', async (_what, capacity, reason) => {
  const cluster = await Cluster.start();
  const agent = await cluster.agent('a1', capacity);
  expect(agent.of('REJECTED')).toMatchObject([{ reason: expect.stringMatching(reason) as string, shutdown: false }]);
  expect([agent.closed, cluster.master.view?.agents.size]).toEqual([true, 0]);
  expect(await cluster.registry.load()).toEqual([]);
});
