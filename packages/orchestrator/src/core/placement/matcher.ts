/**
 * Finds places for instances: one pass over all requests and all offers. The cost is that of the instances placed and
 * of the offers examined, never their product: an offer that refuses a request is not asked again by it.
 */
import { randomBelow, type Random } from '@stadion/base';
import { fieldValue } from './constraint.ts';
import type { CountedConstraint } from './constraints.ts';
import { MAX_SHAPES } from './limits.ts';
import { firstRefusal, readyRequest, type ReadyRequest } from './match-request.ts';
import { OfferLedger } from './offer-ledger.ts';
import { OfferRing, partition, type Partition } from './offer-ring.ts';
import { RejectTallyBuilder } from './reject-tally.ts';
import type { MatchOptions, MatchResult, Placement, PlacementRequest, PreparedOffer, RejectTally } from './types.ts';

export { prepareOffer, type OfferRoles } from './prepared-offer.ts';

/**
 * Places as many instances as fit. Earlier requests go first; the instances of one request go round over the offers,
 * from a random start, so that they spread.
 * @param random chooses starts and dynamic host ports
 */
export function matchOffers(
  requests: readonly PlacementRequest[],
  offers: readonly PreparedOffer[],
  random: Random,
  options: MatchOptions,
): MatchResult {
  return new MatchingPass(offers, random, options).run(requests);
}

class MatchingPass {
  private readonly offers: readonly PreparedOffer[];
  private readonly random: Random;
  private readonly options: MatchOptions;
  private readonly ledger: OfferLedger;
  private readonly everyOffer: Int32Array;
  private readonly placements: Placement[] = [];
  /** Rings and tallies of requests without constraints, by the shape of their demand. */
  private readonly rings = new Map<string, OfferRing>();
  private readonly tallies = new Map<string, RejectTally>();
  private readonly partitions = new Map<string, Partition>();

  constructor(offers: readonly PreparedOffer[], random: Random, options: MatchOptions) {
    this.offers = offers;
    this.random = random;
    this.options = options;
    this.ledger = new OfferLedger(offers, options.maxInstancesPerOffer);
    this.everyOffer = Int32Array.from(offers.keys());
  }

  run(requests: readonly PlacementRequest[]): MatchResult {
    const tallies = new Map<number, RejectTally>();
    for (const [index, request] of requests.entries()) {
      const ready = readyRequest(request, this.options.homeRegion);
      if (this.place(ready, index, request.count) > 0) tallies.set(index, this.tally(ready));
    }
    return { placements: this.placements, tallies };
  }

  /** @returns how many instances found no place */
  private place(request: ReadyRequest, index: number, count: number): number {
    const evening = request.constraints.filter(({ state }) => state.evens);
    if (evening.length > 0) return this.placeEvenly(request, index, count, evening);
    const ring = isPlain(request) ? this.sharedRing(request.demand.shape) : this.ring(this.everyOffer);
    let left = count;
    while (left > 0 && this.placeOne(request, index, ring)) left -= 1;
    return left;
  }

  /** With GROUP_BY: goes round over the groups, asking only those whose turn it is. */
  private placeEvenly(
    request: ReadyRequest,
    index: number,
    count: number,
    evening: readonly CountedConstraint[],
  ): number {
    const { values, parts } = this.partitionBy(evening.map(({ state }) => state.field));
    const rings = new Array<OfferRing | undefined>(parts.length).fill(undefined);
    let left = count;
    let group = parts.length === 0 ? 0 : randomBelow(this.random, parts.length);
    for (let idle = 0; left > 0 && idle < parts.length; group = (group + 1) % parts.length) {
      const fields = values[group] ?? [];
      const isItsTurn = evening.every(({ state }, nth) => state.accepts(fields[nth]));
      if (isItsTurn && this.placeOne(request, index, (rings[group] ??= this.ring(parts[group] ?? this.everyOffer)))) {
        left -= 1;
        idle = 0;
      } else idle += 1;
    }
    return left;
  }

  private placeOne(request: ReadyRequest, index: number, ring: OfferRing): boolean {
    for (let at = ring.current(); at >= 0; at = ring.current()) {
      const offer = this.offers[at];
      if (offer === undefined) return false;
      if (this.ledger.isAtLimit(at) || firstRefusal(request, offer, at, this.ledger) !== undefined) {
        ring.drop();
        continue;
      }
      const hostPorts = this.ledger.take(at, request.demand, this.random);
      const disks = this.ledger.takeDisks(at, request.demand);
      for (const { state } of request.constraints) state.add(fieldValue(offer.place, state.field));
      this.placements.push({ request: index, offer: at, hostPorts, disks });
      ring.advance();
      return true;
    }
    return false;
  }

  private ring(offers: Int32Array): OfferRing {
    return new OfferRing(offers.slice(), offers.length === 0 ? 0 : randomBelow(this.random, offers.length));
  }

  /** Requests of one shape go on where the last one stopped, and do not ask offers again that refused it. */
  private sharedRing(shape: string): OfferRing {
    const known = this.rings.get(shape);
    if (known !== undefined) return known;
    const ring = this.ring(this.everyOffer);
    if (this.rings.size < MAX_SHAPES) this.rings.set(shape, ring);
    return ring;
  }

  private partitionBy(fields: readonly string[]): Partition {
    const key = JSON.stringify(fields);
    const known = this.partitions.get(key);
    if (known !== undefined) return known;
    const made = partition(this.offers.length, fields.length, (offer, nth) => {
      const place = this.offers[offer]?.place;
      return place && fieldValue(place, fields[nth] ?? '');
    });
    this.partitions.set(key, made);
    return made;
  }

  /** Why the rest found no place, by what the offers say now. Kept per shape: what refused it once refuses it still. */
  private tally(request: ReadyRequest): RejectTally {
    const shape = isPlain(request) ? request.demand.shape : undefined;
    const known = shape === undefined ? undefined : this.tallies.get(shape);
    if (known !== undefined) return known;
    const builder = new RejectTallyBuilder(request, this.ledger);
    for (const [index, offer] of this.offers.entries()) {
      builder.examine(offer, index, firstRefusal(request, offer, index, this.ledger));
    }
    const tally = builder.finish();
    if (shape !== undefined && this.tallies.size < MAX_SHAPES) this.tallies.set(shape, tally);
    return tally;
  }
}

/** Whether nothing but its demand says where a request can go. */
function isPlain({ constraints, only }: ReadyRequest): boolean {
  return constraints.length === 0 && only === undefined;
}
