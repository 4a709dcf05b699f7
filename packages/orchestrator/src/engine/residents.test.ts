/** Instances with persistent volumes. */
import type { Resource } from '@stadion/contract/mesos';
import { describe, expect, it } from 'vitest';
import { reservationLabels } from '../core/residency/reservation.ts';
import { RESERVATION_SCAN_AGAIN_MS } from './limits.ts';
import { giveBackKey } from './records.ts';
import { appSpec } from './testing/definitions.ts';
import { TestPlatform, valueOf } from './testing/platform.ts';

const RESIDENT = appSpec('/db', {
  role: 'store',
  unreachableStrategy: 'disabled',
  container: { type: 'MESOS', volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 10 } }] },
});

/** A platform that reserves in the role it has, unless it has another. */
async function started(agents: number, role = 'store'): Promise<TestPlatform> {
  const platform = new TestPlatform({ agents, config: { role } });
  platform.master.offers.role = 'store';
  await platform.startEngine();
  await platform.time.advance(50);
  return platform;
}

describe('a first launch that came to nothing', () => {
  it('leaves a debt: what its agent may have reserved is given back, however long that takes', async () => {
    const platform = await started(2);
    platform.master.script = () => ({ kind: 'silent' });
    valueOf(await platform.put([RESIDENT]));
    await platform.until(() => platform.master.launched.length === 1);
    const [task] = platform.master.alive('db');
    const [instance] = platform.engine.view.instances('/db');
    platform.master.script = () => ({ kind: 'run' });
    platform.master.offers.withhold(task?.agentId ?? '');
    platform.master.end(task?.info.task_id.value ?? '', 'TASK_DROPPED');
    expect(await platform.until(() => platform.running('/db') === 1, 10_000)).toBe(true);
    expect(platform.master.alive('db')[0]?.agentId).not.toBe(task?.agentId);
    expect(await platform.storedKeys()).toContain(giveBackKey(instance?.id ?? '', task?.agentId ?? ''));
  });

  it('leaves a debt with each agent, and that with one is not settled by another', async () => {
    const platform = await started(3);
    platform.master.script = () => ({ kind: 'silent' });
    valueOf(await platform.put([RESIDENT]));
    const places: string[] = [];
    for (const count of [1, 2]) {
      expect(await platform.until(() => platform.master.launched.length === count, 10_000)).toBe(true);
      const [task] = platform.master.alive('db');
      places.push(task?.agentId ?? '');
      if (count === 1) platform.master.offers.withhold(task?.agentId ?? '');
      else platform.master.script = () => ({ kind: 'run' });
      platform.master.end(task?.info.task_id.value ?? '', 'TASK_DROPPED');
    }
    expect(await platform.until(() => platform.running('/db') === 1, 10_000)).toBe(true);
    const [away = '', here = ''] = places;
    const id = platform.engine.view.instances('/db')[0]?.id ?? '';
    const owed = async (): Promise<string[]> => {
      const stored = await platform.storedKeys();
      return [away, here].filter((agentId) => stored.includes(giveBackKey(id, agentId)));
    };
    expect(await owed()).toEqual([away, here]);
    await platform.time.advance(3 * RESERVATION_SCAN_AGAIN_MS);
    expect(await owed()).toEqual([away]);
  });

  it('leaves nothing on the agent where the next one succeeds: what it made there is wiped, what is in use is not', async () => {
    const platform = await started(1);
    valueOf(await platform.put([RESIDENT]));
    await platform.until(() => platform.running('/db') === 1);
    const [instance] = platform.engine.view.instances('/db');
    const volume = (id: string | undefined): Resource => ({
      name: 'disk',
      type: 'SCALAR',
      scalar: { value: 10 },
      role: 'store',
      reservation: { labels: reservationLabels(platform.engine.view.frameworkId ?? '', instance?.id ?? '') },
      disk: { persistence: { id: id ?? '' }, volume: { mode: 'RW', container_path: 'data' } },
    });
    const older = volume('db#data#older');
    // Its own is offered beside, as when its task has ended and nobody has heard of it yet.
    platform.master.offers.alsoOffered.push(older, volume(instance?.reservation?.volumes[0]?.persistenceId));
    // Offers are wanted.
    valueOf(await platform.put([appSpec('/big', { role: 'store', cpus: 1000 })]));
    const wiped = (): readonly Resource[] =>
      platform.master.calls.flatMap((call) =>
        call.type === 'ACCEPT'
          ? call.accept.operations.flatMap((each) => (each.type === 'DESTROY' ? each.destroy.volumes : []))
          : [],
      );
    expect(await platform.until(() => wiped().length > 0, 10_000)).toBe(true);
    expect(wiped()).toEqual([older]);
  });

  it('nor what was reserved beside the volume', async () => {
    const platform = await started(1);
    valueOf(await platform.put([RESIDENT]));
    await platform.quiet();
    const [instance] = platform.engine.view.instances('/db');
    const labels = reservationLabels(platform.engine.view.frameworkId ?? '', instance?.id ?? '');
    const reserved = { type: 'SCALAR' as const, scalar: { value: 1 }, role: 'store', reservation: { labels } };
    const disk = { persistence: { id: 'db#data#before' }, volume: { mode: 'RW' as const, container_path: 'data' } };
    platform.master.offers.alsoOffered.push({ ...reserved, name: 'cpus' }, { ...reserved, name: 'disk', disk });
    valueOf(await platform.put([appSpec('/other', { role: 'store' })]));
    await platform.quiet();
    const operations = platform.master.calls.flatMap((call) => (call.type === 'ACCEPT' ? call.accept.operations : []));
    expect(operations.find(({ type }) => type === 'DESTROY')).toMatchObject({ destroy: { volumes: [{ disk }] } });
    expect(operations.find(({ type }) => type === 'UNRESERVE')).toMatchObject({
      unreserve: { resources: [{ name: 'cpus' }, { name: 'disk' }] },
    });
    expect(platform.running('/db')).toBe(1);
  });
});

describe('an app that is removed and there again, as another one, before its instances have ended', () => {
  it.each(['is stopped', 'runs'])('does not go on with what was reserved for those (its instance %s)', async (how) => {
    const platform = await started(1);
    valueOf(await platform.put([RESIDENT]));
    await platform.quiet();
    const [old] = platform.engine.view.instances('/db');
    if (how === 'is stopped') {
      valueOf(await platform.put([{ ...RESIDENT, instances: 0 }]));
      await platform.quiet();
      expect(platform.engine.view.instances('/db')).toMatchObject([{ goal: 'Stopped' }]);
    }
    // No command makes one app of the other: nothing was done about the removal before it was there again.
    valueOf(await platform.put([{ ...RESIDENT, cpus: RESIDENT.cpus * 2 }]));
    expect(await platform.until(() => platform.running('/db') === 1, 120_000)).toBe(true);
    await platform.quiet();
    expect(platform.engine.view.instances('/db').map(({ id }) => id)).not.toContain(old?.id);
    expect(await platform.storedKeys()).toContain(giveBackKey(old?.id ?? '', 'agent-0'));
  });
});

describe('an app that is removed while its agent is out of contact', () => {
  it.each(['*', 'store'])(
    'leaves a debt, not settled by one offer: the task may run on it still (role %s)',
    async (role) => {
      const platform = await started(1, role);
      valueOf(await platform.put([RESIDENT]));
      await platform.quiet();
      const key = giveBackKey(platform.engine.view.instances('/db')[0]?.id ?? '', 'agent-0');
      platform.master.loseAgent(0);
      valueOf(await platform.remove('/db', { force: true }));
      await platform.time.advance(1000);
      platform.master.killMs = RESERVATION_SCAN_AGAIN_MS;
      platform.master.returnAgent(0);
      await platform.time.advance(RESERVATION_SCAN_AGAIN_MS + 1000);
      expect(platform.master.alive('db')).toEqual([]);
      await platform.time.advance(RESERVATION_SCAN_AGAIN_MS / 2);
      expect(await platform.storedKeys()).toContain(key);
      await platform.time.advance(2 * RESERVATION_SCAN_AGAIN_MS);
      expect(await platform.storedKeys()).not.toContain(key);
    },
  );
});

describe('a master that does not give back what it is asked for', () => {
  /** With something on its only agent that is reserved for an instance that is gone. */
  async function refusing(): Promise<TestPlatform> {
    const platform = await started(1);
    const labels = reservationLabels(platform.engine.view.frameworkId ?? '', 'gone.instance-1');
    platform.master.offers.alsoOffered.push({
      name: 'disk',
      type: 'SCALAR',
      scalar: { value: 10 },
      role: 'store',
      reservation: { labels },
    });
    return platform;
  }

  const asked = (platform: TestPlatform): number =>
    platform.master.calls.filter(
      (call) => call.type === 'ACCEPT' && call.accept.operations.some(({ type }) => type === 'UNRESERVE'),
    ).length;

  it('is asked again after longer and longer pauses, and places instances on the agent meanwhile', async () => {
    const platform = await refusing();
    valueOf(await platform.put([appSpec('/big', { role: 'store', cpus: 1000 })]));
    valueOf(await platform.put([appSpec('/small', { role: 'store' })]));
    await platform.until(() => platform.running('/small') === 1, 10_000);
    await platform.time.advance(60_000);
    expect(asked(platform)).toBeGreaterThan(4);
    expect(asked(platform)).toBeLessThan(9);
    await platform.time.advance(3_600_000);
    expect(asked(platform)).toBeLessThan(20);
    expect(platform.running('/small')).toBe(1);
  });

  it('keeps its offer for the length of the pause when nobody waits', async () => {
    const platform = await refusing();
    valueOf(await platform.put([appSpec('/small', { role: 'store' })]));
    await platform.quiet();
    await platform.time.advance(60_000);
    expect(asked(platform)).toBeGreaterThan(4);
    expect(asked(platform)).toBeLessThan(9);
    expect(platform.master.calls.filter(({ type }) => type === 'DECLINE').length).toBeLessThan(12);
  });
});

describe('a launch that its master gave up', () => {
  it('and that ran all the same has written on its volume: the next one keeps it, whatever becomes of it', async () => {
    const platform = await started(1);
    const { master } = platform;
    master.script = () => ({ kind: 'silent' });
    valueOf(await platform.put([RESIDENT]));
    await platform.until(() => master.launched.length === 1);
    const [first = ''] = master.launched;
    const volumes = () => platform.engine.view.instances('/db').map(({ reservation }) => reservation?.volumes);
    const before = volumes();
    master.offers.withhold('agent-0');
    master.say(first, 'TASK_KILLED', { source: 'SOURCE_MASTER', reason: 'REASON_RECONCILIATION' });
    await platform.time.advance(100);
    master.say(first, 'TASK_RUNNING', { source: 'SOURCE_EXECUTOR' });
    await platform.time.advance(100);
    const [instance] = platform.engine.view.instances('/db');
    expect(instance).toMatchObject({ condition: 'Scheduled', reservation: { isConfirmed: true } });
    await platform.crash();
    expect(volumes()).toEqual(before);
    expect(platform.engine.view.instances('/db')).toMatchObject([{ reservation: { isConfirmed: true } }]);
  });
});

describe('an agent out of contact', () => {
  const replacedAtOnce = { ...RESIDENT, unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 } };

  it('is no reason to end what has volumes there: it is replaced, and goes on when its agent is back', async () => {
    const platform = await started(2);
    valueOf(await platform.put([replacedAtOnce]));
    await platform.quiet();
    const [first] = platform.master.alive('db');
    const index = Number(first?.agentId.at(-1));
    platform.master.loseAgent(index);
    expect(await platform.until(() => platform.master.alive('db').length === 2, 10_000)).toBe(true);
    expect(await platform.until(() => platform.running('/db') === 1, 10_000)).toBe(true);
    expect(platform.engine.view.instances('/db').map(({ condition }) => condition)).toContain('UnreachableInactive');
    platform.master.returnAgent(index);
    await platform.time.advance(5000);
    // The younger one goes, and keeps its volume.
    expect(platform.master.alive('db')).toEqual([first]);
    expect(
      platform.engine.view
        .instances('/db')
        .map(({ goal }) => goal)
        .sort(),
    ).toEqual(['Running', 'Stopped']);
  });

  it('that is back at once finds nothing changed', async () => {
    const platform = await started(1);
    valueOf(await platform.put([replacedAtOnce]));
    await platform.quiet();
    const before = platform.master.alive('db');
    platform.master.loseAgent(0);
    platform.master.returnAgent(0);
    await platform.time.advance(5000);
    expect(platform.master.alive('db')).toEqual(before);
    expect(platform.engine.view.instances('/db')).toMatchObject([{ goal: 'Running', condition: 'Running' }]);
    expect(platform.master.calls.map(({ type }) => type)).not.toContain('KILL');
  });

  it('ends what drained on it when it was lost, also after a crash in between', async () => {
    const served = { ...RESIDENT, portDefinitions: [{ port: 10_000, protocol: 'tcp' as const, name: 'default' }] };
    const platform = await started(1);
    valueOf(await platform.put([{ ...served, instances: 2 }]));
    await platform.quiet();
    valueOf(await platform.put([served]));
    await platform.time.advance(1000);
    platform.master.loseAgent(0);
    await platform.time.advance(1000);
    await platform.crash();
    await platform.time.advance(1000);
    platform.master.returnAgent(0);
    expect(await platform.until(() => platform.master.alive('db').length === 1, 60_000)).toBe(true);
    expect(platform.running('/db')).toBe(1);
  });
});
