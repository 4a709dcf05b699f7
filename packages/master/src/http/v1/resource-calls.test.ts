import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeProtobuf } from '@stadion/contract/mesos-wire';
import type { Resource } from '@stadion/contract/mesos';
import { resources, task } from '../../testing/cluster.ts';
import { checkInvariants } from '../../testing/invariants.ts';
import { startOperatedCluster, type OperatedCluster } from '../../testing/operated-cluster.ts';
import { reserved, volume } from '../../testing/reserved.ts';

const ROLE = 'store';
const disk = (mib: number): Resource => ({ name: 'disk', type: 'SCALAR', scalar: { value: mib } });

let cluster: OperatedCluster['cluster'];
let app: OperatedCluster['app'];
let agent: OperatedCluster['agent'];
let framework: OperatedCluster['framework'];
let operator: OperatedCluster['operator'];

beforeEach(async () => {
  ({ cluster, app, agent, framework, operator } = await startOperatedCluster(resources(4, 4096, { disk: 1000 }), {
    roles: [ROLE],
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
  }));
});

afterEach(async () => {
  if (cluster.master.view !== undefined) checkInvariants(cluster.master.view);
  await app.close();
});

const on = (type: string, more: object) =>
  operator.call({ type, [type.toLowerCase()]: { agent_id: { value: agent.agentId }, ...more } });
const kept = () =>
  (agent.checkpointed?.resources ?? []).map(({ scalar, disk: info }) => [scalar?.value, info?.persistence?.id]);

describe('an operator', () => {
  it('reserves, makes volumes, changes and gives them up; offers that are in the way are taken back', async () => {
    expect(framework.offers()).toHaveLength(1);
    expect((await on('RESERVE_RESOURCES', { resources: reserved([disk(100)], ROLE) })).status).toBe(202);
    await cluster.settle();
    expect(framework.events.map(({ type }) => type)).toContain('RESCIND');
    expect((await on('CREATE_VOLUMES', { volumes: [volume('v', 40, ROLE)] })).status).toBe(202);
    const grow = { volume: volume('v', 40, ROLE), addition: reserved([disk(10)], ROLE)[0] };
    expect((await on('GROW_VOLUME', grow)).status).toBe(202);
    const shrink = { volume: volume('v', 50, ROLE), subtract: { value: 20 } };
    expect((await on('SHRINK_VOLUME', shrink)).status).toBe(202);
    expect(kept().sort()).toEqual([
      [30, 'v'],
      [70, undefined],
    ]);
    expect((await on('DESTROY_VOLUMES', { volumes: [volume('v', 30, ROLE)] })).status).toBe(202);
    expect((await on('UNRESERVE_RESOURCES', { resources: reserved([disk(100)], ROLE) })).status).toBe(202);
    expect(kept()).toEqual([]);
    await cluster.time.advance(3_000);
    expect(framework.lastOffer().resources.find(({ name }) => name === 'disk')?.scalar?.value).toBe(1000);
  });

  it('may say so in protobuf and on the older paths', async () => {
    const call = {
      type: 'RESERVE_RESOURCES',
      reserve_resources: { agent_id: { value: agent.agentId }, resources: reserved([disk(5)], ROLE) },
    };
    const headers = { 'Content-Type': 'application/x-protobuf' };
    expect((await operator.post(encodeProtobuf('OperatorCall', call), headers)).status).toBe(202);
    const form = async (path: string, fields: Record<string, string>) => {
      const answer = await app.inject({
        method: 'POST',
        url: path,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams(fields).toString(),
      });
      return answer.statusCode;
    };
    const slaveId = agent.agentId;
    const list = (items: Resource[]) => JSON.stringify(items);
    expect(await form('/reserve', { slaveId, resources: list(reserved([disk(5)], ROLE)) })).toBe(202);
    expect(await form('/master/create-volumes', { slaveId, volumes: list([volume('v', 10, ROLE)]) })).toBe(202);
    expect(await form('/destroy-volumes', { slaveId, volumes: list([volume('other', 10, ROLE)]) })).toBe(409);
    expect(await form('/unreserve', { slaveId, resources: '{' })).toBe(400);
    expect(await form('/unreserve', { slaveId: 'nobody', resources: '[]' })).toBe(400);
    expect(await form('/teardown', { frameworkId: 'nobody' })).toBe(400);
    expect(await form('/teardown', { frameworkId: framework.id })).toBe(200);
    await cluster.settle();
    expect(framework.closed).toHaveLength(1);
  });

  it('is told what is not possible, and nothing has changed then', async () => {
    expect((await on('RESERVE_RESOURCES', { resources: reserved([disk(2000)], ROLE) })).status).toBe(409);
    await cluster.settle();
    expect(framework.events.map(({ type }) => type)).not.toContain('RESCIND');
    await framework.accept(framework.lastOffer(), [task('t1', agent.agentId, resources(4, 4096, { disk: 900 }))]);
    const tooMuch = await on('RESERVE_RESOURCES', { resources: reserved([disk(200)], ROLE) });
    expect([tooMuch.status, tooMuch.body]).toEqual([409, expect.stringContaining('does not have')]);
    expect((await on('RESERVE_RESOURCES', { resources: [disk(1)] })).status).toBe(409);
    expect((await on('RESERVE_RESOURCES', { agent_id: { value: 'x' }, resources: [] })).status).toBe(400);
    expect((await on('CREATE_VOLUMES', {})).status).toBe(409);
    const source = { resources: reserved([disk(1)], ROLE), source: [disk(1)] };
    expect((await on('RESERVE_RESOURCES', source)).status).toBe(400);
    expect((await operator.call({ type: 'LIST_FILES', list_files: { path: '/' } })).status).toBe(404);
    expect((await operator.call({ type: 'SET_LOGGING_LEVEL' })).status).toBe(501);
    expect(kept()).toEqual([]);
  });
});
