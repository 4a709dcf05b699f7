/** Makes a launch one on reserved resources: RESERVE, CREATE and LAUNCH in one go, or LAUNCH on what is there already. */
import type { OfferOperation, Resource } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { persistentVolumesOf } from '../app/spec.ts';
import { reservationLabels, type LocalVolume, type Reservation } from './reservation.ts';

/** Whose resources they become. */
export interface Owner {
  readonly frameworkId: string;
  readonly instanceId: string;
  readonly reservation: Reservation;
}

/** The same amount, reserved for an instance; in the form for frameworks without RESERVATION_REFINEMENT. */
export function asReserved(resource: Resource, { frameworkId, instanceId, reservation }: Owner): Resource {
  return {
    ...resource,
    role: reservation.role,
    reservation: { labels: reservationLabels(frameworkId, instanceId) },
  };
}

/** The volumes of an instance as resources. */
export function volumeResources(app: AppDefinition, owner: Owner): Resource[] {
  return owner.reservation.volumes.flatMap(({ containerPath, persistenceId, disk: own }): Resource[] => {
    const volume = persistentVolumesOf(app).find(({ name }) => name === containerPath);
    if (volume === undefined) return [];
    const disk = diskOf(own?.mib ?? volume.persistent.size, owner);
    const source = own === undefined ? {} : { source: sourceOf(own) };
    return [
      {
        ...disk,
        disk: { persistence: { id: persistenceId }, volume: { mode: 'RW', container_path: containerPath }, ...source },
      },
    ];
  });
}

/**
 * What goes before a first launch.
 * @param needs all that its tasks and their executor take, as {@link asReserved} made it, without volumes
 * @param volumes as {@link volumeResources} gives them
 */
export function reserveOperations(
  needs: readonly Resource[],
  volumes: readonly Resource[],
  owner: Owner,
): OfferOperation[] {
  const isOwn = ({ disk }: Resource): boolean => disk?.source !== undefined;
  const mib = volumes.reduce((sum, volume) => sum + (isOwn(volume) ? 0 : (volume.scalar?.value ?? 0)), 0);
  const disks = [...(mib > 0 ? [diskOf(mib, owner)] : []), ...volumes.filter(isOwn).map(unmade)];
  return [
    { type: 'RESERVE', reserve: { resources: [...needs, ...disks] } },
    { type: 'CREATE', create: { volumes: [...volumes] } },
  ];
}

/** What a volume is before it is made. */
export function unmade({ disk, ...resource }: Resource): Resource {
  return disk?.source === undefined ? resource : { ...resource, disk: { source: disk.source } };
}

function sourceOf({
  type,
  root,
}: NonNullable<LocalVolume['disk']>): NonNullable<NonNullable<Resource['disk']>['source']> {
  return type === 'path' ? { type: 'PATH', path: { root } } : { type: 'MOUNT', mount: { root } };
}

function diskOf(mib: number, owner: Owner): Resource {
  const { role } = owner.reservation;
  return asReserved({ name: 'disk', type: 'SCALAR', scalar: { value: mib }, allocation_info: { role } }, owner);
}
