/** Looks for what is reserved for instances that wait to run again where their volumes are. */
import type { Resource } from '@stadion/contract/mesos';
import type { Instance } from '../instance.ts';
import { MAX_EXAMPLES, MAX_LISTED_OFFERS } from '../placement/limits.ts';
import type { PreparedOffer, RejectTally } from '../placement/types.ts';
import { hasVolumes, reservationsIn } from './offered.ts';

/**
 * Says for an instance that waits which offer, by its index, holds what is reserved for it. The offers are looked through
 * once, at the first question.
 */
export function reservedIn(
  offers: readonly PreparedOffer[],
  frameworkId: string,
): (instance: Instance) => number | undefined {
  let held: Map<string, { readonly index: number; readonly resources: readonly Resource[] }> | undefined;
  return ({ id, reservation }) => {
    if (reservation === undefined) return undefined;
    if (held === undefined) {
      held = new Map();
      for (const [index, { offer }] of offers.entries()) {
        for (const [instanceId, resources] of reservationsIn(offer, frameworkId)) {
          held.set(instanceId, { index, resources });
        }
      }
    }
    const found = held.get(id);
    return found !== undefined && hasVolumes(found.resources, reservation) ? found.index : undefined;
  };
}

/**
 * Whether an instance waits for something of which nobody ever heard, and which its agent does not offer. What an agent
 * offers in another role says nothing: reservations are offered in their own.
 */
export function isForsaken({ reservation }: Instance, offers: readonly PreparedOffer[]): boolean {
  if (reservation === undefined || reservation.isConfirmed) return false;
  const { place, role } = reservation;
  return offers.some(({ offer }) => offer.agent_id.value === place.agentId && offer.allocation_info.role === role);
}

/** Why instances wait whose volumes nobody has offered. */
export function reservedTally(missing: readonly Instance[], offers: readonly PreparedOffer[]): RejectTally {
  const examined = offers.filter(({ isReservable }) => isReservable);
  const hosts = new Set(missing.flatMap(({ reservation }) => reservation?.place.hostname ?? []));
  const named = [...hosts].slice(0, MAX_EXAMPLES);
  const where = named.join(', ') + (hosts.size > named.length ? ', …' : '');
  const reason = 'NoCorrespondingReservationFound';
  return {
    processed: examined.length,
    declined: new Map([[reason, examined.length]]),
    explanations: new Map([
      [
        'reservation',
        {
          reason,
          agents: examined.length,
          examples: named,
          message: `waits for its volumes on ${where}, which has not offered them: it is away, or they are still in use`,
        },
      ],
    ]),
    refused: examined.slice(0, MAX_LISTED_OFFERS).map((offer) => ({ offer, reason })),
  };
}
