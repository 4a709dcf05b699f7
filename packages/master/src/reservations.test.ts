import { describe, expect, it } from 'vitest';
import type { Offer, Resource } from '@stadion/contract/mesos';
import { scalarsOf } from './core/resources/resource-vector.ts';
import { createMasterHttp } from './http/master-http.ts';
import { Cluster, resources, task, type ScriptedAgent, type ScriptedFramework } from './testing/cluster.ts';
import { ownDisk, reserved, volume } from './testing/reserved.ts';

const ROLE = 'store';
const DISK = 500;

interface Stage {
  readonly cluster: Cluster;
  readonly agent: ScriptedAgent;
  readonly framework: ScriptedFramework;
}

async function stage(): Promise<Stage> {
  const cluster = await Cluster.start();
  const agent = await cluster.agent('a1', resources(4, 4096, { disk: 10_000, ports: [31000, 31099] }));
  return { cluster, agent, framework: await subscriber(cluster) };
}

function subscriber(cluster: Cluster, role = ROLE): Promise<ScriptedFramework> {
  return cluster.framework({
    name: role,
    roles: [role],
    capabilities: [{ type: 'PARTITION_AWARE' }, { type: 'MULTI_ROLE' }, { type: 'RESERVATION_REFINEMENT' }],
  });
}

const needs = (): Resource[] => reserved(resources(1, 128), ROLE);
const data = (): Resource => volume('v1', DISK, ROLE);

/** Reserves, makes a volume, and launches a task on both, in one call. */
async function launchResident({ agent, framework }: Stage): Promise<void> {
  const disk: Resource = { name: 'disk', type: 'SCALAR', scalar: { value: DISK } };
  await framework.operate(framework.lastOffer(), [
    { type: 'RESERVE', reserve: { resources: [...needs(), ...reserved([disk], ROLE)] } },
    { type: 'CREATE', create: { volumes: [data()] } },
    { type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId, [...needs(), data()])] } },
  ]);
}

/** The offer that is out goes back, and all that is free is in the next one. */
async function offerAgain(cluster: Cluster, framework: ScriptedFramework): Promise<void> {
  await framework.decline([framework.lastOffer()], 0);
  await cluster.time.advance(10_000);
}

function volumesIn(offer: Offer): (string | undefined)[] {
  return offer.resources.flatMap(({ disk }) => (disk === undefined ? [] : [disk.persistence?.id]));
}

function reservedCpus(offer: Offer): number {
  return offer.resources
    .filter(({ name, reservations }) => name === 'cpus' && (reservations?.length ?? 0) > 0)
    .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
}

describe('reservations and volumes', () => {
  it('are made and used in one ACCEPT, and are on the way to the disk before the task is', async () => {
    const scene = await stage();
    await launchResident(scene);
    const order = scene.agent.received.map(({ type }) => type);
    expect(order.indexOf('CHECKPOINT_RESOURCES')).toBeGreaterThan(-1);
    expect(order.indexOf('CHECKPOINT_RESOURCES')).toBeLessThan(order.indexOf('RUN_TASKS'));
    expect(scene.agent.checkpointed?.resources.flatMap(({ disk }) => disk?.persistence?.id ?? [])).toEqual(['v1']);
    expect(scene.framework.statuses('t1')).toEqual([]);
    // The rest goes on to be offered; the volume is in use.
    expect(volumesIn(scene.framework.lastOffer())).toEqual([]);
  });

  it('outlive their task and are offered again, to their role only', async () => {
    const scene = await stage();
    const { cluster, agent, framework } = scene;
    await launchResident(scene);
    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_FAILED'));
    await offerAgain(cluster, framework);
    expect(volumesIn(framework.lastOffer())).toEqual(['v1']);
    expect(reservedCpus(framework.lastOffer())).toBe(1);

    const stranger = await subscriber(cluster, 'other');
    await framework.decline([framework.lastOffer()], 3600);
    await cluster.time.advance(10_000);
    const offer = stranger.lastOffer();
    expect(volumesIn(offer)).toEqual([]);
    expect(offer.resources.find(({ name }) => name === 'cpus')?.scalar?.value).toBe(3);
  });

  it('are used again by the next task, and by one at a time', async () => {
    const scene = await stage();
    const { cluster, agent, framework } = scene;
    await launchResident(scene);
    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_FAILED'));
    await offerAgain(cluster, framework);
    const twice = [task('t2', agent.agentId, [...needs(), data()]), task('t3', agent.agentId, [...needs(), data()])];
    await framework.accept(framework.lastOffer(), twice);
    expect(framework.statuses('t2')).toEqual([]);
    expect(framework.lastStatus('t3')).toMatchObject({ state: 'TASK_ERROR', reason: 'REASON_TASK_INVALID' });
  });

  it('are given back: DESTROY, then UNRESERVE', async () => {
    const scene = await stage();
    const { cluster, agent, framework } = scene;
    await launchResident(scene);
    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_FAILED'));
    await offerAgain(cluster, framework);
    const disk: Resource = { name: 'disk', type: 'SCALAR', scalar: { value: DISK } };
    await framework.operate(framework.lastOffer(), [
      { type: 'DESTROY', destroy: { volumes: [data()] } },
      { type: 'UNRESERVE', unreserve: { resources: [...needs(), ...reserved([disk], ROLE)] } },
    ]);
    expect(agent.checkpointed).toEqual({ version: 2, resources: [] });
    const record = cluster.master.view?.agents.get(agent.agentId);
    expect(record?.total).toMatchObject({ cpus: 4000, mem: 4_096_000, disk: 10_000_000 });
    expect(record?.total.held.size).toBe(0);
  });

  it('are given back in an offer for a role below the one that they are for', async () => {
    const scene = await stage();
    const { cluster, agent, framework } = scene;
    await framework.operate(framework.lastOffer(), [{ type: 'RESERVE', reserve: { resources: needs() } }]);
    await framework.decline(framework.offers(), 3600);
    const below = await subscriber(cluster, `${ROLE}/night`);
    await cluster.time.advance(10_000);
    expect(reservedCpus(below.lastOffer())).toBe(1);
    const above = reserved(resources(1, 128), `${ROLE}/night`);
    await below.operate(below.lastOffer(), [
      { type: 'RESERVE', reserve: { resources: reserved(resources(1, 128), ROLE) } },
      { type: 'UNRESERVE', unreserve: { resources: needs() } },
      { type: 'RESERVE', reserve: { resources: above } },
    ]);
    // What it reserves is for its own role only.
    expect(agent.checkpointed?.resources.map(({ reservations }) => reservations?.at(-1)?.role)).toEqual([
      `${ROLE}/night`,
      `${ROLE}/night`,
    ]);
  });

  it('stay when the agent comes back, also to another master', async () => {
    const scene = await stage();
    const { cluster, agent, framework } = scene;
    await launchResident(scene);
    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_FAILED'));
    await agent.disconnect();
    await agent.connect();
    await cluster.time.advance(10_000);
    expect(volumesIn(framework.lastOffer())).toEqual(['v1']);
    await cluster.restartMaster();
    framework.reconnect();
    await framework.subscribe();
    await agent.connect();
    await cluster.time.advance(10_000);
    expect(volumesIn(framework.lastOffer())).toEqual(['v1']);
    expect(cluster.master.view?.agents.get(agent.agentId)?.total).toMatchObject({ cpus: 3000, disk: 9_500_000 });
  });

  it('are not believed in beside what they were made of, when an agent that missed them reports a task on them', async () => {
    const scene = await stage();
    const { cluster, agent, framework } = scene;
    agent.checkpoints = false;
    await launchResident(scene);
    const info = task('t1', agent.agentId, [...needs(), data()]);
    agent.tasks = [{ framework_id: { value: framework.id }, info, state: 'TASK_STAGING' }];
    await cluster.restartMaster();
    await agent.connect();
    const believed = cluster.master.view?.agents.get(agent.agentId)?.total;
    expect(believed && scalarsOf(believed)).toMatchObject({ cpus: 4000, mem: 4_096_000, disk: 10_000_000 });
    expect(believed).toMatchObject({ cpus: 3000 });
  });

  it('are sent again to an agent that missed them', async () => {
    const scene = await stage();
    scene.agent.checkpoints = false;
    await launchResident(scene);
    expect(scene.agent.checkpointed).toBeUndefined();
    scene.agent.checkpoints = true;
    await scene.cluster.time.advance(10_000);
    expect(scene.agent.checkpointed?.version).toBe(1);
    const count = scene.agent.of('CHECKPOINT_RESOURCES').length;
    await scene.cluster.time.advance(30_000);
    expect(scene.agent.of('CHECKPOINT_RESOURCES')).toHaveLength(count);
  });

  it('are shown as Mesos shows them', async () => {
    const scene = await stage();
    await launchResident(scene);
    const http = createMasterHttp(scene.cluster.master);
    const answer = await http.inject('/slaves');
    await http.close();
    const [slave] = (JSON.parse(answer.body) as { slaves: Record<string, unknown>[] }).slaves;
    expect(slave).toMatchObject({
      resources: { cpus: 4, mem: 4096, disk: 10_000 },
      reserved_resources: { [ROLE]: { cpus: 1, mem: 128, disk: DISK } },
      unreserved_resources: { cpus: 3, mem: 3968, disk: 9500 },
      used_resources: { cpus: 1, mem: 128, disk: DISK },
    });
    const full = slave?.reserved_resources_full as Record<string, Resource[]>;
    expect(full[ROLE]?.find(({ disk }) => disk !== undefined)?.disk?.persistence).toEqual({ id: 'v1' });
  });
});

describe('operations that cannot be', () => {
  it('are left out, and what depended on them fails', async () => {
    const { agent, framework } = await stage();
    await framework.operate(framework.lastOffer(), [
      { type: 'RESERVE', reserve: { resources: reserved(resources(1, 128), 'somebody-else') } },
      { type: 'CREATE', create: { volumes: [data()] } },
      { type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId, [...needs(), data()])] } },
    ]);
    expect(framework.lastStatus('t1').state).toBe('TASK_ERROR');
    expect(agent.of('CHECKPOINT_RESOURCES')).toEqual([]);
  });

  it('do not make a second volume of the same id', async () => {
    const scene = await stage();
    const { agent, framework } = scene;
    await launchResident(scene);
    const more: Resource = { name: 'disk', type: 'SCALAR', scalar: { value: DISK } };
    await framework.operate(framework.lastOffer(), [
      { type: 'RESERVE', reserve: { resources: reserved([more], ROLE) } },
      { type: 'CREATE', create: { volumes: [data()] } },
    ]);
    const volumes = agent.checkpointed?.resources.filter(({ disk }) => disk !== undefined) ?? [];
    expect(volumes).toHaveLength(1);
  });

  it('do not destroy a volume in use', async () => {
    const scene = await stage();
    await launchResident(scene);
    await scene.framework.operate(scene.framework.lastOffer(), [{ type: 'DESTROY', destroy: { volumes: [data()] } }]);
    expect(scene.agent.checkpointed?.version).toBe(1);
  });
});

describe('disks of their own', () => {
  const MOUNT = ownDisk('MOUNT', '/mnt/a', 100);
  const PATH = ownDisk('PATH', '/srv/b', 300);

  function disksIn(offer: Offer): (string | number | undefined)[][] {
    return offer.resources.flatMap(({ disk, scalar, reservations }) => {
      const { type, path, mount } = disk?.source ?? {};
      return type === undefined ? [] : [[type, (path ?? mount)?.root, scalar?.value, reservations?.at(-1)?.role]];
    });
  }

  /** The same, to be made into a volume. */
  function volumeOn(disk: Resource, id: string, mib = disk.scalar?.value ?? 0): Resource {
    const [own] = reserved([{ ...disk, scalar: { value: mib } }], ROLE);
    const volumeInfo = { persistence: { id }, volume: { mode: 'RW' as const, container_path: id } };
    return { ...(own as Resource), disk: { ...disk.disk, ...volumeInfo } };
  }

  async function withDisks(): Promise<Stage> {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1', [...resources(4, 4096, { disk: 10_000 }), MOUNT, PATH]);
    return { cluster, agent, framework: await subscriber(cluster) };
  }

  it('are offered beside the root disk, are reserved and made volumes, and come back when these are given up', async () => {
    const scene = await withDisks();
    const { cluster, agent, framework } = scene;
    const all = [
      ['MOUNT', '/mnt/a', 100, undefined],
      ['PATH', '/srv/b', 300, undefined],
    ];
    expect(disksIn(framework.lastOffer()).sort()).toEqual(all);
    const volumes = [volumeOn(MOUNT, 'v1'), volumeOn(PATH, 'v2', 50)];
    const unmade = volumes.map((each): Resource => ({ ...each, disk: { source: each.disk?.source } }) as Resource);
    await framework.operate(framework.lastOffer(), [
      { type: 'RESERVE', reserve: { resources: [...needs(), ...unmade] } },
      { type: 'CREATE', create: { volumes } },
      { type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId, [...needs(), ...volumes])] } },
    ]);
    expect(framework.statuses('t1')).toEqual([]);
    expect(agent.checkpointed?.resources.flatMap(({ disk }) => disk?.source?.type ?? []).sort()).toEqual([
      'MOUNT',
      'PATH',
    ]);
    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_FINISHED'));
    await offerAgain(cluster, framework);
    expect(disksIn(framework.lastOffer()).sort()).toEqual([
      ['MOUNT', '/mnt/a', 100, ROLE],
      ['PATH', '/srv/b', 250, undefined],
      ['PATH', '/srv/b', 50, ROLE],
    ]);
    const used = scalarsOf(cluster.master.view!.agents.get(agent.agentId)!.total);
    expect(used.disk).toBe((10_000 + 400) * 1000);
    await framework.operate(framework.lastOffer(), [
      { type: 'DESTROY', destroy: { volumes } },
      { type: 'UNRESERVE', unreserve: { resources: [...needs(), ...unmade] } },
    ]);
    await offerAgain(cluster, framework);
    expect(disksIn(framework.lastOffer()).sort()).toEqual(all);
    expect(agent.checkpointed?.resources).toEqual([]);
  });

  it('that are mounted are had as a whole or not at all', async () => {
    const { agent, framework } = await withDisks();
    const [part] = reserved([{ ...MOUNT, scalar: { value: 40 } }], ROLE);
    await framework.operate(framework.lastOffer(), [
      { type: 'RESERVE', reserve: { resources: [part as Resource] } },
      { type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId, [...resources(1, 128), part as Resource])] } },
    ]);
    expect(framework.lastStatus('t1').state).toBe('TASK_ERROR');
    expect(agent.of('CHECKPOINT_RESOURCES')).toEqual([]);
  });
});

describe('a framework that knows no refinement', () => {
  it('gets reservations in the older form, and may use it', async () => {
    const cluster = await Cluster.start();
    const agent = await cluster.agent('a1', resources(4, 4096));
    const framework = await cluster.framework({ role: ROLE });
    const old: Resource[] = resources(1, 128).map((resource) => ({ ...resource, role: ROLE, reservation: {} }));
    await framework.operate(framework.lastOffer(), [
      { type: 'RESERVE', reserve: { resources: old } },
      { type: 'LAUNCH', launch: { task_infos: [task('t1', agent.agentId, old)] } },
    ]);
    expect(framework.statuses('t1')).toEqual([]);
    await framework.acknowledge(await agent.update(framework.id, 't1', 'TASK_FINISHED'));
    await offerAgain(cluster, framework);
    const cpus = framework.lastOffer().resources.filter(({ name }) => name === 'cpus');
    expect(cpus.map(({ role, reservation }) => [role, reservation])).toEqual([
      ['*', undefined],
      [ROLE, {}],
    ]);
  });
});
