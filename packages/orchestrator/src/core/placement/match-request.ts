/** The tests one offer has to pass for one request, cheap ones first, in the order of Marathon's funnel. */
import type { RejectReason } from '@stadion/contract/orchestrator';
import { fieldValue } from './constraint.ts';
import { constraintsOf, type CountedConstraint } from './constraints.ts';
import { canRun, demandOf, type Demand } from './demand.ts';
import type { OfferLedger } from './offer-ledger.ts';
import type { PlacementRequest, PreparedOffer } from './types.ts';

/** A request made ready: its demand, and its constraints with what they have counted. */
export interface ReadyRequest {
  readonly demand: Demand;
  readonly constraints: readonly CountedConstraint[];
  /** The region it has to stay in; undefined when any will do. */
  readonly region: string | undefined;
  /** Ids of the only agents that will do; undefined: any. */
  readonly only: ReadonlySet<string> | undefined;
}

/** Why an offer does not take an instance: a resource that falls short, a constraint, or something more basic. */
export type Refusal =
  | RejectReason
  | CountedConstraint
  | 'role-mismatch'
  | 'reserved-only'
  | 'other-offer'
  | 'runner'
  | 'region'
  | 'moves-elsewhere'
  | 'disk-type';

/** @param homeRegion the master's region, undefined when not known */
export function readyRequest(request: PlacementRequest, homeRegion: string | undefined): ReadyRequest {
  const choosesRegion = request.app.constraints?.some(([field]) => field === '@region' || field === '@zone') ?? false;
  return {
    demand: demandOf(request.app),
    constraints: constraintsOf(request.app, request.placed),
    region: choosesRegion ? undefined : homeRegion,
    only: request.only,
  };
}

/**
 * The first reason against placing one more instance there, or undefined.
 * What is reserved for an instance is looked for apart (`core/residency/relaunch.ts`).
 */
export function firstRefusal(
  request: ReadyRequest,
  offer: PreparedOffer,
  index: number,
  ledger: OfferLedger,
): Refusal | undefined {
  const { demand } = request;
  // An app may have the very role that reservations are made in.
  const isTheirs = offer.offer.allocation_info.role === demand.role;
  if (offer.role !== demand.role && !isTheirs && offer.isForAnyRole !== true) return 'role-mismatch';
  if (!demand.acceptsUnreserved) return 'reserved-only';
  if (demand.isResident ? !offer.isReservable : offer.isForReservations && !isTheirs) return 'other-offer';
  if (!canRun(offer, demand.runner)) return 'runner';
  const { place } = offer;
  if (request.only !== undefined && !request.only.has(place.agentId)) return 'moves-elsewhere';
  if (request.region !== undefined && place.region !== undefined && place.region !== request.region) return 'region';
  for (const constraint of request.constraints) {
    if (!constraint.state.accepts(fieldValue(place, constraint.state.field))) return constraint;
  }
  if (offer.isOutOfService) return 'AgentMaintenance';
  return ledger.hasDisks(index, demand) ? ledger.shortage(index, demand) : 'disk-type';
}

/** The row of Marathon's funnel under which a refusal is counted. */
export function reasonOf(refusal: Refusal): RejectReason {
  if (typeof refusal === 'object') return 'UnfulfilledConstraint';
  switch (refusal) {
    case 'role-mismatch':
    case 'reserved-only':
    case 'other-offer':
      return 'UnfulfilledRole';
    case 'runner':
    case 'region':
    case 'moves-elsewhere':
      return 'UnfulfilledConstraint';
    case 'disk-type':
      return 'InsufficientDisk';
    default:
      return refusal;
  }
}
