/** Makes a launch one on reserved resources: RESERVE, CREATE and LAUNCH in one go, or LAUNCH on what is there already. */
import type { OfferOperation, Resource } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { persistentVolumesOf } from '../app/spec.ts';
import { reservationLabels, type Reservation } from './reservation.ts';

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
  return owner.reservation.volumes.flatMap(({ containerPath, persistenceId }): Resource[] => {
    const volume = persistentVolumesOf(app).find(({ name }) => name === containerPath);
    if (volume === undefined) return [];
    const disk = diskOf(volume.persistent.size, owner);
    return [
      {
        ...disk,
        disk: { persistence: { id: persistenceId }, volume: { mode: 'RW', container_path: containerPath } },
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
  const mib = volumes.reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
  return [
    { type: 'RESERVE', reserve: { resources: [...needs, diskOf(mib, owner)] } },
    { type: 'CREATE', create: { volumes: [...volumes] } },
  ];
}

function diskOf(mib: number, owner: Owner): Resource {
  const { role } = owner.reservation;
  return asReserved({ name: 'disk', type: 'SCALAR', scalar: { value: mib }, allocation_info: { role } }, owner);
}
