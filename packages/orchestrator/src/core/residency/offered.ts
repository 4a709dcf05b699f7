/** What an offer holds that is reserved for instances of ours. */
import type { Offer, OfferOperation, Resource } from '@stadion/contract/mesos';
import { unmade } from './launch.ts';
import { instanceOfLabels, type Reservation } from './reservation.ts';

/** By the id of the instance that it is reserved for. */
export type OfferedReservations = ReadonlyMap<string, readonly Resource[]>;

const NOTHING: OfferedReservations = new Map();

/** Sorts out the reserved resources of an offer. Those of other frameworks, or made by hand, are left out. */
export function reservationsIn(offer: Offer, frameworkId: string): OfferedReservations {
  let found: Map<string, Resource[]> | undefined;
  for (const resource of offer.resources) {
    const labels = resource.reservation?.labels ?? resource.reservations?.at(-1)?.labels;
    const instanceId = labels && instanceOfLabels(labels, frameworkId);
    if (instanceId === undefined) continue;
    found ??= new Map();
    const known = found.get(instanceId);
    if (known === undefined) found.set(instanceId, [resource]);
    else known.push(resource);
  }
  return found ?? NOTHING;
}

/** Whether all volumes of an instance are in what is offered of its reservation. */
export function hasVolumes(resources: readonly Resource[], { volumes }: Reservation): boolean {
  const ids = new Set(resources.map(({ disk }) => disk?.persistence?.id));
  return volumes.every(({ persistenceId }) => ids.has(persistenceId));
}

/**
 * What an offer holds for an instance and is none of its reservation there: what an earlier launch has left that came to
 * nothing. Such a launch has volumes of other ids; what it took beside them is offered with them, and cannot be told from
 * what the instance has while its own volumes are offered, too.
 */
export function leftBehind(resources: readonly Resource[], { volumes }: Reservation): readonly Resource[] {
  const own = new Set(volumes.map(({ persistenceId }) => persistenceId));
  const idOf = ({ disk }: Resource): string | undefined => disk?.persistence?.id;
  const others = resources.filter((resource) => idOf(resource) !== undefined && !own.has(idOf(resource) ?? ''));
  if (others.length === 0) return [];
  return resources.some((resource) => own.has(idOf(resource) ?? '')) ? others : resources;
}

/** The operations that wipe volumes and give back everything that was reserved with them. */
export function giveBackOperations(resources: readonly Resource[]): OfferOperation[] {
  const volumes = resources.filter(({ disk }) => disk?.persistence !== undefined);
  const reserved = resources.map(unmade);
  return [
    ...(volumes.length === 0 ? [] : [{ type: 'DESTROY' as const, destroy: { volumes } }]),
    { type: 'UNRESERVE', unreserve: { resources: reserved } },
  ];
}
