import { describe, expect, it } from 'vitest';
import type { OfferOperation, Resource, SchedulerEvent } from '@stadion/contract/mesos';
import { OPERATIONS_PER_FRAMEWORK_MAX } from './limits.ts';
import { Cluster, resources, task } from './testing/cluster.ts';
import { ownDisk, reserved, volume } from './testing/reserved.ts';

const ROLE = 'store';
const disk = (mib: number): Resource => ({ name: 'disk', type: 'SCALAR', scalar: { value: mib } });

async function stage(more: Resource[] = []) {
  const cluster = await Cluster.start();
  const agent = await cluster.agent('a1', [...resources(4, 4096, { disk: 10_000 }), ...more]);
  const framework = await cluster.framework({
    roles: [ROLE],
    capabilities: [{ type: 'PARTITION_AWARE' }, { type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
    failover_timeout: 3600,
  });
  const operate = async (...operations: OfferOperation[]): Promise<void> => {
    await framework.operate(framework.lastOffer(), operations);
    // The agent says what it has on disk with its next sign of life.
    await cluster.time.advance(6_000);
  };
  const heard = () => framework.events.flatMap(statusOf);
  return { cluster, agent, framework, operate, heard };
}

function statusOf(event: SchedulerEvent) {
  return event.type === 'UPDATE_OPERATION_STATUS' ? [event.update_operation_status.status] : [];
}

const reserve = (id: string | undefined, mib: number): OfferOperation => ({
  type: 'RESERVE',
  ...(id === undefined ? {} : { id: { value: id } }),
  reserve: { resources: reserved([disk(mib)], ROLE) },
});
const create = (mib: number): OfferOperation => ({ type: 'CREATE', create: { volumes: [volume('v', mib, ROLE)] } });

const reserveOf = (resource: Resource): OfferOperation => ({
  type: 'RESERVE',
  id: { value: 'o' },
  reserve: { resources: reserved([resource], ROLE) },
});
const createOf = (made: Resource, mode: 'RO' | 'RW' = 'RW'): OfferOperation => ({
  type: 'CREATE',
  id: { value: 'o' },
  create: { volumes: [{ ...made, disk: { ...made.disk, volume: { container_path: 'data', mode } } }] },
});

describe('an operation with an id', () => {
  it('is told to be finished when the agent has it on disk, again until that is acknowledged', async () => {
    const { cluster, agent, framework, operate, heard } = await stage();
    agent.checkpoints = false;
    await operate(reserve('o1', 100), reserve(undefined, 10));
    expect(heard()).toEqual([]);
    agent.checkpoints = true;
    await cluster.time.advance(6_000);
    const [first] = heard();
    expect(first).toMatchObject({
      operation_id: { value: 'o1' },
      state: 'OPERATION_FINISHED',
      agent_id: { value: agent.agentId },
      converted_resources: [{ name: 'disk', scalar: { value: 100 }, reservations: [{ role: ROLE }] }],
    });
    expect(Buffer.from(first?.uuid?.value ?? '', 'base64')).toHaveLength(16);
    await cluster.time.advance(12_000);
    expect(heard()).toHaveLength(2);
    const framework_id = { value: framework.id };
    const acknowledge = { operation_id: { value: 'o1' }, uuid: first?.uuid?.value ?? '' };
    const acknowledged = () =>
      framework.send({
        type: 'ACKNOWLEDGE_OPERATION_STATUS',
        framework_id,
        acknowledge_operation_status: acknowledge,
      });
    await acknowledged();
    await cluster.time.advance(100_000);
    expect(heard()).toHaveLength(2);
    // There is nothing left to acknowledge.
    await acknowledged();
    await framework.send({ type: 'RECONCILE_OPERATIONS', framework_id, reconcile_operations: { operations: [] } });
    expect(cluster.master.view?.counters).toMatchObject({
      validOperationAcknowledgements: 1,
      invalidOperationAcknowledgements: 1,
      messagesReconcileOperations: 1,
    });
  });

  it('is told again to a framework that comes back', async () => {
    const { cluster, framework, operate, heard } = await stage();
    await operate(reserve('o1', 100));
    await framework.close();
    framework.reconnect();
    await framework.subscribe();
    await cluster.time.advance(1_500);
    expect(heard()).toHaveLength(2);
    expect(heard()[0]?.uuid).toEqual(heard()[1]?.uuid);
  });

  it.each<[string, OfferOperation]>([
    ['more than the offer has', reserve('o', 1e9)],
    ['a disk of a storage provider', { type: 'CREATE_DISK', id: { value: 'o' } }],
    ['giving one up', { type: 'DESTROY_DISK', id: { value: 'o' } }],
    ['a reservation that is shared', reserveOf({ ...disk(1), shared: {} })],
    ['a volume that nobody can write to', createOf(volume('v', 10, ROLE), 'RO')],
    ['a volume whose name is no name', createOf(volume('v\\w', 10, ROLE))],
    ['a volume whose name has a control character', createOf(volume('v\n', 10, ROLE))],
  ])('that cannot be is an error, once: %s', async (_, operation) => {
    const { cluster, operate, heard } = await stage();
    await operate(reserve(undefined, 10), operation);
    await cluster.time.advance(60_000);
    expect(heard()).toMatchObject([{ operation_id: { value: 'o' }, state: 'OPERATION_ERROR' }]);
    expect(heard()[0]?.uuid).toBeUndefined();
  });

  it('on offers that are gone, or with a name that is taken, is an error', async () => {
    const { framework, operate, heard } = await stage();
    const offer = framework.lastOffer();
    await operate(reserve('o1', 100));
    await framework.operate(offer, [reserve('o2', 1)]);
    await operate(reserve('o1', 1), reserve('o3', 1), reserve('o3', 2));
    expect(heard().map(({ operation_id: id, state }) => [id?.value, state])).toEqual([
      ['o1', 'OPERATION_FINISHED'],
      ['o2', 'OPERATION_ERROR'],
      ['o1', 'OPERATION_ERROR'],
      ['o3', 'OPERATION_ERROR'],
      ['o3', 'OPERATION_FINISHED'],
    ]);
  });

  it('must not launch', async () => {
    const { agent, framework, operate } = await stage();
    const task_infos = [task('t1', agent.agentId)];
    await operate({ type: 'LAUNCH', id: { value: 'o' }, launch: { task_infos } });
    expect(framework.lastStatus('t1')).toMatchObject({ state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID' });
  });

  it('that its agent never heard of is dropped when it is back without it', async () => {
    const { agent, operate, heard } = await stage();
    agent.checkpoints = false;
    agent.answersPings = true;
    await operate(reserve('o1', 100));
    await agent.disconnect();
    await agent.connect();
    expect(heard()).toMatchObject([{ operation_id: { value: 'o1' }, state: 'OPERATION_DROPPED' }]);
  });

  it('is asked about, known or not', async () => {
    const { agent, framework, operate, heard } = await stage();
    await operate(reserve('o1', 100));
    const seen = heard().length;
    const ask = (operations: object[]) =>
      framework.send({
        type: 'RECONCILE_OPERATIONS',
        framework_id: { value: framework.id },
        reconcile_operations: { operations: operations as { operation_id: { value: string } }[] },
      });
    await ask([]);
    await ask([
      { operation_id: { value: 'o1' } },
      { operation_id: { value: 'x' }, agent_id: { value: agent.agentId } },
    ]);
    expect(
      heard()
        .slice(seen)
        .map(({ operation_id: id, state, uuid }) => [id?.value, state, uuid]),
    ).toEqual([
      ['o1', 'OPERATION_FINISHED', undefined],
      ['o1', 'OPERATION_FINISHED', undefined],
      ['x', 'OPERATION_UNKNOWN', undefined],
    ]);
  });
});

describe('a volume', () => {
  const volumes = (agent: { checkpointed: { resources: Resource[] } | undefined }) =>
    (agent.checkpointed?.resources ?? []).map(({ scalar, disk: info }) => [scalar?.value, info?.persistence?.id]);

  it('grows by what is reserved as it is, and shrinks again', async () => {
    const { agent, operate } = await stage();
    const addition = reserved([disk(50)], ROLE)[0] ?? disk(0);
    await operate(reserve(undefined, 150), create(100), {
      type: 'GROW_VOLUME',
      grow_volume: { volume: volume('v', 100, ROLE), addition },
    });
    expect(volumes(agent)).toEqual([[150, 'v']]);
    await operate({
      type: 'SHRINK_VOLUME',
      shrink_volume: { volume: volume('v', 150, ROLE), subtract: { value: 120 } },
    });
    expect(volumes(agent).sort()).toEqual([
      [120, undefined],
      [30, 'v'],
    ]);
  });

  it.each<[string, OfferOperation]>([
    [
      'by what nobody reserved',
      { type: 'GROW_VOLUME', grow_volume: { volume: volume('v', 100, ROLE), addition: disk(5) } },
    ],
    [
      'by all it has',
      { type: 'SHRINK_VOLUME', shrink_volume: { volume: volume('v', 100, ROLE), subtract: { value: 100 } } },
    ],
    [
      'by less than nothing',
      { type: 'SHRINK_VOLUME', shrink_volume: { volume: volume('v', 100, ROLE), subtract: { value: -1 } } },
    ],
    ['that is none', { type: 'SHRINK_VOLUME', shrink_volume: { volume: disk(100), subtract: { value: 1 } } }],
  ])('does not change %s', async (_, operation) => {
    const { agent, operate, heard } = await stage([ownDisk('PATH', '/d', 10)]);
    await operate(reserve(undefined, 150), create(100), { ...operation, id: { value: 'o' } });
    expect(volumes(agent).sort()).toEqual([
      [100, 'v'],
      [50, undefined],
    ]);
    expect(heard()).toMatchObject([{ state: 'OPERATION_ERROR' }]);
  });
});

it('of one framework does not take the place of another one’s', async () => {
  const { cluster, agent, framework, heard } = await stage();
  agent.checkpoints = false;
  const ids = Array.from({ length: OPERATIONS_PER_FRAMEWORK_MAX + 1 }, (_, index) => `o${String(index)}`);
  await framework.operate(
    framework.lastOffer(),
    ids.map((id) => reserve(id, 1)),
  );
  expect(heard()).toMatchObject([
    {
      operation_id: { value: ids.at(-1) },
      state: 'OPERATION_ERROR',
      message: expect.stringContaining('operations of this framework wait'),
    },
  ]);
  await framework.send({ type: 'SUPPRESS', framework_id: { value: framework.id } });
  const other = await cluster.framework({ roles: [ROLE], capabilities: [{ type: 'MULTI_ROLE' }] });
  await cluster.agent('a2', resources(1, 512, { disk: 100 }));
  await other.operate(other.lastOffer(), [reserve('theirs', 1)]);
  expect(other.events.flatMap(statusOf)).toEqual([]);
});
