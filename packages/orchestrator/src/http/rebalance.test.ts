import { Value } from '@sinclair/typebox/value';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { RebalancePlan } from '@stadion/contract/rebalance';
import { expect, test } from 'vitest';
import { FakeServer } from './testing/fake-server.ts';

function slave(id: string, cpusUsed: number, more: Partial<StateSlave> = {}): StateSlave {
  return {
    id,
    hostname: `host-${id}`,
    port: 5051,
    pid: `slave(1)@10.0.0.1:5051`,
    attributes: {},
    registered_time: 0,
    resources: { cpus: 10, mem: 10_000, disk: 10_000 },
    used_resources: { cpus: cpusUsed, mem: 0, disk: 0 },
    offered_resources: {},
    active: true,
    version: '1.11.0',
    ...more,
  };
}

async function planned(slaves: readonly StateSlave[], query = ''): Promise<RebalancePlan> {
  const cluster = {
    order: async () => false,
    ask: async () => ({ status: 200, body: { kind: 'none' as const } }),
    history: () => ({ intervalSeconds: 10, samples: [] }),
    nodes: async () => slaves,
    master: async () => ({ status: 200, body: { kind: 'none' as const } }),
    agent: async () => undefined,
  };
  const server = new FakeServer({ cluster });
  await server.ask('POST', '/v2/apps', { id: '/a', cmd: 'run', instances: 4, cpus: 2 });
  const app = server.engine.root.app('/a');
  if (app === undefined) throw new Error('the app is there');
  for (let nth = 0; nth < 4; nth += 1) server.engine.addTask(app, { healthy: true });
  const { status, body } = await server.ask('GET', `/v2/cluster/rebalance${query}`);
  expect(status).toBe(200);
  expect(Value.Check(RebalancePlan, body)).toBe(true);
  return body as RebalancePlan;
}

test('says which instances would go to an empty node, and how full both would be', async () => {
  const plan = await planned([slave('S0', 8), slave('S1', 0)]);
  expect(plan.moves.map(({ appId, from, to }) => [appId, from.agentId, to.hostname])).toEqual([
    ['/a', 'S0', 'host-S1'],
    ['/a', 'S0', 'host-S1'],
  ]);
  expect(plan.nodes).toMatchObject([
    { agentId: 'S0', before: 0.8, after: 0.4 },
    { agentId: 'S1', before: 0, after: 0.4 },
  ]);
});

test('keeps to the number that is asked for, and leaves cordoned nodes alone', async () => {
  expect((await planned([slave('S0', 8), slave('S1', 0)], '?moves=1')).moves).toHaveLength(1);
  const cordoned = await planned([slave('S0', 8), slave('S1', 0, { deactivated: true })]);
  expect(cordoned.moves).toEqual([]);
  expect(cordoned.nodes[1]).toMatchObject({ takes: false });
});

test('refuses a number that is none, and says where no cluster is known', async () => {
  const server = new FakeServer();
  expect((await server.ask('GET', '/v2/cluster/rebalance')).status).toBe(502);
  const { status, body } = await new FakeServer({
    cluster: {
      order: async () => false,
      ask: async () => ({ status: 200, body: { kind: 'none' as const } }),
      history: () => ({ intervalSeconds: 10, samples: [] }),
      nodes: async () => [],
      master: async () => ({ status: 200, body: { kind: 'none' as const } }),
      agent: async () => undefined,
    },
  }).ask('GET', '/v2/cluster/rebalance?moves=501');
  expect(status).toBe(400);
  expect(JSON.stringify(body)).toContain('moves');
});
