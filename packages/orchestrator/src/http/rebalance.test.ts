import { Value } from '@sinclair/typebox/value';
import type { StateSlave } from '@stadion/contract/mesos-state';
import { RebalancePlan, RebalanceRun } from '@stadion/contract/rebalance';
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

async function platform(slaves: readonly StateSlave[]): Promise<FakeServer> {
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
  return server;
}

async function planned(slaves: readonly StateSlave[], query = ''): Promise<RebalancePlan> {
  const server = await platform(slaves);
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

test('begins what the plan of now says, once, tells how far it is, and stops', async () => {
  const server = await platform([slave('S0', 8), slave('S1', 0)]);
  const path = '/v2/cluster/rebalance';
  expect((await server.ask('GET', `${path}/run`)).status).toBe(404);
  expect((await server.ask('DELETE', `${path}/run`)).status).toBe(404);
  for (const wrong of [{}, { movesPerMinute: 0 }, { movesPerMinute: 2, moves: 501 }, { movesPerMinute: '2' }]) {
    expect((await server.ask('POST', path, wrong)).status).toBe(422);
  }
  const begun = await server.ask('POST', path, { movesPerMinute: 2, moves: 1 });
  expect(begun.status).toBe(202);
  expect(Value.Check(RebalanceRun, begun.body)).toBe(true);
  expect(begun.body).toMatchObject({ movesPerMinute: 2, moves: [{ from: { agentId: 'S0' }, to: { agentId: 'S1' } }] });
  expect((await server.ask('POST', path, { movesPerMinute: 2 })).status).toBe(409);
  expect((await server.ask('GET', `${path}/run`)).body).toEqual(begun.body);
  expect((await server.ask('GET', path)).body).toMatchObject({ run: begun.body });
  expect((await server.ask('DELETE', `${path}/run`)).body).toMatchObject({ state: 'stopped' });
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
