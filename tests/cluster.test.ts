import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, canMakeCluster } from './support/cluster.ts';

describe.skipIf(!canMakeCluster())('a cluster of three servers and three agents', { timeout: 240_000 }, () => {
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await Cluster.start({ servers: 3, agents: 3 });
  }, 240_000);

  afterAll(async () => {
    await cluster.stop();
  }, 120_000);

  test('is reached through every server, errors and event streams too', async () => {
    const leader = await cluster.leader();
    await cluster.change('PUT', '/v2/apps/web', { cmd: 'sleep 100000', cpus: 0.1, mem: 32, instances: 6 });
    for (const server of cluster.servers) {
      expect((await cluster.call('GET', '/v2/apps/web', undefined, server)).body.app.instances).toBe(6);
      const refused = await cluster.call('POST', '/v2/apps', { id: '/Bad', cmd: 'x' }, server);
      expect([refused.status, refused.body.message]).toEqual([422, 'Object is not valid']);
      expect((await cluster.ask('/state', server)).body.leader).toBe(`master@${leader.machine.address}:5050`);
    }
  });
});
