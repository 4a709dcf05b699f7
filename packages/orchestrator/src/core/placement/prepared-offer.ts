/** Turns an offer's texts and lists into numbers once, so that matching it many times is cheap. */
import type { Offer, Range } from '@stadion/contract/mesos';
import type { AgentPlace } from '../instance.ts';
import { attributeText } from './attribute-text.ts';
import { MAX_PORT } from './limits.ts';
import { offeredDisks } from './own-disks.ts';
import type { PortRanges, PreparedOffer } from './types.ts';

/** The attribute by which an agent says what it can run; a SET of `posix`, `linux`, `docker`. */
const CONTAINERIZERS = 'stadion_containerizers';

/** The roles of this framework. */
export interface OfferRoles {
  /** The role of apps that name none. */
  readonly role: string;
  /** The role in which resources are reserved where that role is `*`, for which nothing can be. */
  readonly reservationRole: string;
}

/**
 * Makes an offer ready for matching. Only unreserved resources count: what is reserved is somebody's.
 * @param now milliseconds since the Unix epoch: whether its machine is out of service by then
 * @param known the place of the same agent from an earlier offer; used instead of a new one when it still says the same
 */
export function prepareOffer(offer: Offer, known?: AgentPlace, roles?: OfferRoles, now = 0): PreparedOffer {
  const place = placeOf(offer);
  const allocated = offer.allocation_info.role;
  const isForReservations = roles?.role === '*' && allocated === roles.reservationRole;
  return {
    offer,
    place: known !== undefined && samePlace(known, place) ? known : place,
    role: isForReservations ? '*' : allocated,
    isReservable: allocated !== '*',
    isForReservations,
    isOutOfService: isOutOfService(offer, now),
    ...unreserved(offer),
    disks: offeredDisks(offer),
    containerizers: containerizersOf(offer),
  };
}

/** Within the planned time nothing new is started there, whether the machine is down yet or not. */
function isOutOfService({ unavailability }: Offer, now: number): boolean {
  if (unavailability === undefined) return false;
  const { start, duration } = unavailability;
  const sinceStart = now - start.nanoseconds / 1_000_000;
  return sinceStart >= 0 && (duration === undefined || sinceStart < duration.nanoseconds / 1_000_000);
}

function placeOf(offer: Offer): AgentPlace {
  const attributes = new Map<string, string>();
  for (const attribute of offer.attributes) {
    const text = attributeText(attribute);
    // The first of several attributes of one name counts, as in Marathon.
    if (text !== undefined && !attributes.has(attribute.name)) attributes.set(attribute.name, text);
  }
  return {
    agentId: offer.agent_id.value,
    hostname: offer.hostname,
    region: offer.domain?.fault_domain.region.name,
    zone: offer.domain?.fault_domain.zone.name,
    attributes,
  };
}

function samePlace(one: AgentPlace, other: AgentPlace): boolean {
  if (one.agentId !== other.agentId || one.hostname !== other.hostname) return false;
  if (one.region !== other.region || one.zone !== other.zone) return false;
  if (one.attributes.size !== other.attributes.size) return false;
  for (const [name, text] of one.attributes) if (other.attributes.get(name) !== text) return false;
  return true;
}

/** What is nobody's: in one look, since all offers of a large cluster come this way again and again. */
function unreserved({ resources }: Offer): Unreserved {
  const found = { cpusMilli: 0, revocableCpusMilli: 0, memMilli: 0, diskMilli: 0, gpusMilli: 0 };
  const ranges: (readonly Range[])[] = [];
  for (const { name, scalar, ranges: ports, role = '*', reservations, disk, revocable } of resources) {
    if (role !== '*' || (reservations?.length ?? 0) > 0 || disk !== undefined) continue;
    const milli = Math.round((scalar?.value ?? 0) * 1000);
    if (revocable !== undefined) {
      if (name === 'cpus') found.revocableCpusMilli += milli;
    } else if (name === 'cpus') found.cpusMilli += milli;
    else if (name === 'mem') found.memMilli += milli;
    else if (name === 'disk') found.diskMilli += milli;
    else if (name === 'gpus') found.gpusMilli += milli;
    else if (name === 'ports' && ports !== undefined) ranges.push(ports.range);
  }
  const [only = []] = ranges;
  return { ...found, ports: portRanges(ranges.length < 2 ? only : ranges.flat()) };
}

type Unreserved = Pick<
  PreparedOffer,
  'cpusMilli' | 'revocableCpusMilli' | 'memMilli' | 'diskMilli' | 'gpusMilli' | 'ports'
>;

/** Sorted, disjoint, inside [1, MAX_PORT]. */
function portRanges(given: readonly Range[]): PortRanges {
  const isSorted = given.every(({ begin }, index) => index === 0 || begin >= (given[index - 1]?.begin ?? 0));
  const flat: number[] = [];
  for (const range of isSorted ? given : given.toSorted((one, other) => one.begin - other.begin)) {
    const last = flat.at(-1) ?? 0;
    const begin = Math.max(range.begin, last + 1);
    const end = Math.min(range.end, MAX_PORT);
    if (begin > end) continue;
    if (flat.length > 0 && begin === last + 1) flat[flat.length - 1] = end;
    else flat.push(begin, end);
  }
  return flat;
}

function containerizersOf(offer: Offer): ReadonlySet<string> | undefined {
  const attribute = offer.attributes.find(({ name, type }) => name === CONTAINERIZERS && type === 'SET');
  return attribute?.set && new Set(attribute.set.item);
}
