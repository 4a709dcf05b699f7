import type { Resource, TaskState, TaskStatus } from '@stadion/contract/mesos';
import { describe, expect, it } from 'vitest';
import { rescheduled, scheduledInstance, provisioned, applyStatus } from '../instance-update.ts';
import { taskIdOf, type Instance } from '../instance.ts';
import { anApp, anOffer } from '../placement/testing/builders.ts';
import { prepareOffer } from '../placement/matcher.ts';
import { confirmedBy } from './confirmation.ts';
import { reserveOperations, volumeResources } from './launch.ts';
import { giveBackOperations, leftBehind, reservationsIn } from './offered.ts';
import { isForsaken, reservedIn, reservedTally } from './relaunch.ts';
import { newReservation, uuidOf } from './reservation.ts';

const FRAMEWORK = 'f1';
const ROLES = { role: '*', reservationRole: 'marathon' };
const app = anApp({
  container: { type: 'MESOS', volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 10 } }] },
});

/** An instance that was launched on this host. */
function launched(host: string): Instance {
  const { place } = prepareOffer(anOffer({ host }));
  const reservation = newReservation(
    app,
    { place, role: 'marathon', hostPorts: [31_000], incarnation: 1 },
    [],
    () => `uuid-${host}`,
  );
  const waiting = scheduledInstance(`web.instance-${host}`, '/web', app.version, 0);
  return provisioned(waiting, { appVersion: app.version, place, hostPorts: [31_000], reservation, now: 0 });
}

function ownerOf(instance: Instance) {
  const { reservation } = instance;
  if (reservation === undefined) throw new Error('it has no reservation');
  return { frameworkId: FRAMEWORK, instanceId: instance.id, reservation };
}

function volumesOf(instance: Instance): Resource[] {
  return volumeResources(app, ownerOf(instance));
}

function offerOf(host: string, moreResources: readonly Resource[], role = 'marathon') {
  return prepareOffer(anOffer({ host, role, moreResources }), undefined, ROLES);
}

function ended(instance: Instance, state: TaskState, from: Pick<TaskStatus, 'reason' | 'source'> = {}): Instance {
  const status = { task_id: { value: taskIdOf(instance) }, state, timestamp: 0, ...from };
  const outcome = applyStatus(instance, status, 0, (addresses) => addresses, 0);
  if (outcome.kind !== 'ended') throw new Error('it has not ended');
  return rescheduled(outcome.instance, app.version, 0);
}

describe('a first launch', () => {
  it('reserves all that it needs, under labels, and makes the volume of it', () => {
    const [reserve, create] = reserveOperations([], volumesOf(launched('n1')), ownerOf(launched('n1')));
    expect(reserve).toMatchObject({
      type: 'RESERVE',
      reserve: {
        resources: [
          {
            name: 'disk',
            scalar: { value: 10 },
            role: 'marathon',
            reservation: {
              labels: {
                labels: [
                  { key: 'marathon_framework_id', value: FRAMEWORK },
                  { key: 'marathon_task_id', value: 'web.instance-n1' },
                ],
              },
            },
          },
        ],
      },
    });
    expect(create).toMatchObject({
      type: 'CREATE',
      create: {
        volumes: [
          { disk: { persistence: { id: 'web#data#uuid-n1' }, volume: { mode: 'RW', container_path: 'data' } } },
        ],
      },
    });
    expect(launched('n1').reservation?.volumes.map(uuidOf)).toEqual(['uuid-n1']);
  });

  it('that came to nothing leaves no claim', () => {
    expect(ended(launched('n1'), 'TASK_DROPPED').reservation).toBeUndefined();
  });

  it('that was killed is believed in once its agent says so, who had it, and not while only its master does', () => {
    const kept = (from: Parameters<typeof ended>[2]) => ended(launched('n1'), 'TASK_KILLED', from).reservation;
    for (const reason of ['REASON_AGENT_REREGISTERED', 'REASON_RECONCILIATION'] as const) {
      expect(kept({ source: 'SOURCE_MASTER', reason })?.isConfirmed).toBe(false);
    }
    expect(kept({ source: 'SOURCE_AGENT', reason: 'REASON_TASK_KILLED_DURING_LAUNCH' })?.isConfirmed).toBe(false);
    expect(kept({ source: 'SOURCE_EXECUTOR' })?.isConfirmed).toBe(true);
  });

  it('of which nobody ever heard leaves its claim to a later one, made on what its agent offered, that came to nothing', () => {
    const waiting = ended(launched('n1'), 'TASK_KILLED', { source: 'SOURCE_MASTER' });
    const { place } = offerOf('n1', []);
    const again = provisioned(waiting, { appVersion: app.version, place, hostPorts: [], now: 0 });
    for (const state of ['TASK_DROPPED', 'TASK_ERROR', 'TASK_GONE'] as const) {
      expect(ended(again, state).reservation).toEqual(waiting.reservation);
    }
    // Nobody knows of its agent any more.
    expect(ended(again, 'TASK_UNKNOWN').reservation).toBeUndefined();
  });

  it('is believed in as late as its agent tells of it, which says nothing of a reservation that was made later', () => {
    const status = { task_id: { value: taskIdOf(launched('n1')) }, state: 'TASK_RUNNING' as const, timestamp: 0 };
    const waiting = ended(launched('n1'), 'TASK_KILLED', { source: 'SOURCE_MASTER', reason: 'REASON_RECONCILIATION' });
    const { place } = offerOf('n1', []);
    const again = provisioned(waiting, { appVersion: app.version, place, hostPorts: [], now: 0 });
    for (const instance of [waiting, again]) {
      expect(confirmedBy(instance, status).reservation).toEqual({ ...waiting.reservation, isConfirmed: true });
    }
    const { reservation } = again;
    if (reservation === undefined) throw new Error('it has no reservation');
    const elsewhere = { ...again, reservation: { ...reservation, incarnation: 2 } };
    expect(confirmedBy(elsewhere, status)).toBe(elsewhere);
  });

  it('that got as far as running keeps its claim through every end but that of its agent', () => {
    const kept = ended(launched('n1'), 'TASK_FAILED');
    expect(kept.reservation).toMatchObject({ isConfirmed: true, place: { hostname: 'n1' } });
    const { place } = offerOf('n1', []);
    const again = provisioned(kept, { appVersion: app.version, place, hostPorts: [], now: 0 });
    expect(ended(again, 'TASK_DROPPED').reservation).toEqual(kept.reservation);
    expect(ended(again, 'TASK_GONE_BY_OPERATOR').reservation).toBeUndefined();
  });
});

describe('an offer', () => {
  it('of the role of reservations is recognised, and its reserved resources are nobody else’s', () => {
    const offer = offerOf('n1', volumesOf(launched('n1')));
    expect(offer).toMatchObject({ role: '*', isForReservations: true, isReservable: true, diskMilli: 10_000_000 });
  });

  it('holds what is reserved for an instance only with all of its volumes', () => {
    const [here, there] = [launched('n1'), launched('n2')];
    const find = reservedIn([offerOf('n1', volumesOf(here)), offerOf('n2', [])], FRAMEWORK);
    expect(find(here)).toBe(0);
    expect(find(there)).toBeUndefined();
    expect(reservedIn([offerOf('n1', volumesOf(here))], 'another framework')(here)).toBeUndefined();
  });

  it('without them says which agent is waited for', () => {
    const tally = reservedTally([launched('n2')], [offerOf('n1', []), offerOf('n1', [], '*')]);
    expect(tally.processed).toBe(1);
    expect([...tally.explanations.values()][0]?.message).toContain('waits for its volumes on n2');
  });

  it('tells in the role of a reservation, and in no other, that there is nothing of it', () => {
    const waiting = ended(launched('n1'), 'TASK_KILLED', { source: 'SOURCE_MASTER' });
    const isGone = (host: string, role: string) => isForsaken(waiting, [offerOf(host, [], role)]);
    expect(isGone('n1', 'marathon')).toBe(true);
    expect(isGone('n1', 'team')).toBe(false);
    expect(isGone('n2', 'marathon')).toBe(false);
    const running = ended(launched('n1'), 'TASK_KILLED', { source: 'SOURCE_EXECUTOR' });
    expect(isForsaken(running, [offerOf('n1', [])])).toBe(false);
  });

  it('of disks of their own is reserved, made and given back with the word where they are', () => {
    const own = anApp({
      container: {
        type: 'MESOS',
        volumes: [{ containerPath: 'data', mode: 'RW', persistent: { type: 'mount', size: 10 } }],
      },
    });
    const { place } = prepareOffer(anOffer({ host: 'n1' }));
    const disks = [{ volume: 'data', type: 'mount' as const, root: '/mnt/a', milli: 64_000 }];
    const reservation = newReservation(
      own,
      { place, role: 'marathon', hostPorts: [], incarnation: 1 },
      disks,
      () => 'uuid',
    );
    const owner = { frameworkId: FRAMEWORK, instanceId: 'web.instance-n1', reservation };
    const volumes = volumeResources(own, owner);
    const source = { type: 'MOUNT', mount: { root: '/mnt/a' } };
    expect(volumes).toMatchObject([{ scalar: { value: 64 }, disk: { source, persistence: { id: 'web#data#uuid' } } }]);
    const [reserve] = reserveOperations([], volumes, owner);
    expect(reserve).toMatchObject({ reserve: { resources: [{ scalar: { value: 64 }, disk: { source } }] } });
    expect(JSON.stringify(reserve)).not.toContain('persistence');
    const [destroy, unreserve] = giveBackOperations(volumes);
    expect(destroy).toMatchObject({ destroy: { volumes: [{ disk: { source } }] } });
    expect(unreserve).toMatchObject({ unreserve: { resources: [{ scalar: { value: 64 }, disk: { source } }] } });
    expect(JSON.stringify(unreserve)).not.toContain('persistence');
  });

  it('may hold what an earlier launch of an instance there has left', () => {
    const instance = launched('n1');
    const own = volumesOf(instance);
    const cpus: Resource = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 } };
    const older = own.map((volume) => ({
      ...volume,
      disk: { ...volume.disk, persistence: { id: 'web#data#older' } },
    }));
    const left = (resources: readonly Resource[]) =>
      instance.reservation && leftBehind(resources, instance.reservation);
    expect(left([cpus, ...own])).toEqual([]);
    expect(left([cpus])).toEqual([]);
    expect(left([cpus, ...older])).toEqual([cpus, ...older]);
    expect(left([cpus, ...own, ...older])).toEqual(older);
  });

  it('gives back what nobody wants: the volume first', () => {
    const reserved = reservationsIn(offerOf('n1', volumesOf(launched('n1'))).offer, FRAMEWORK);
    const operations = giveBackOperations(reserved.get('web.instance-n1') ?? []);
    expect(operations.map(({ type }) => type)).toEqual(['DESTROY', 'UNRESERVE']);
    expect(JSON.stringify(operations[1])).not.toContain('persistence');
  });
});
