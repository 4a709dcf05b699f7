/** The offers we hold: those that came in, and those made ready for the round of matching under way. */
import type { Offer } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { AgentPlace } from '../core/instance.ts';
import { demandOf } from '../core/placement/demand.ts';
import { withoutDisks, type OwnDisk } from '../core/placement/own-disks.ts';
import { prepareOffer, type OfferRoles } from '../core/placement/matcher.ts';
import type { PreparedOffer } from '../core/placement/types.ts';
import { OFFERS_HELD_MAX, OFFERS_PER_TURN_MAX, SHARED_PLACES_MAX } from './limits.ts';

interface LastOffer {
  readonly offer: PreparedOffer;
  /** Counted up in place: there is one step of it for every launch. */
  readonly spent: {
    cpusMilli: number;
    revocableCpusMilli: number;
    memMilli: number;
    diskMilli: number;
    gpusMilli: number;
  };
  /** Those of the offer that are left. */
  disks: PreparedOffer['disks'];
}

/** One per engine. A round works on a fixed set; offers that come meanwhile wait for the next one. */
export class OfferPool {
  private readonly places: Map<string, AgentPlace>;
  private incoming = new Map<string, Offer>();
  private readonly ready = new Map<string, PreparedOffer>();
  /** What each agent last offered, and what was launched on it since: by it plans judge what would fit. */
  private readonly lastByAgent = new Map<string, LastOffer>();

  private readonly roles: OfferRoles;

  /** @param places of agents already known, by agent id; shared with the instances that run there */
  constructor(places: Map<string, AgentPlace>, roles: OfferRoles) {
    this.places = places;
    this.roles = roles;
  }

  get isEmpty(): boolean {
    return this.incoming.size === 0 && this.ready.size === 0;
  }

  get hasIncoming(): boolean {
    return this.incoming.size > 0;
  }

  /** Takes an offer in. False when there are too many: it should be declined. */
  add(offer: Offer): boolean {
    if (this.incoming.size + this.ready.size >= OFFERS_HELD_MAX) return false;
    this.incoming.set(offer.id.value, offer);
    return true;
  }

  /** Makes a turn's worth of incoming offers ready. True when all are. @param now milliseconds since the Unix epoch */
  prepare(now: number): boolean {
    let prepared = 0;
    for (const [id, offer] of this.incoming) {
      if (prepared >= OFFERS_PER_TURN_MAX) return false;
      this.incoming.delete(id);
      this.ready.set(id, this.prepareOne(offer, now));
      prepared += 1;
    }
    return true;
  }

  /** The offers of the round under way. */
  prepared(): PreparedOffer[] {
    return [...this.ready.values()];
  }

  get preparedCount(): number {
    return this.ready.size;
  }

  holds(offerId: string): boolean {
    return this.ready.has(offerId) || this.incoming.has(offerId);
  }

  /** Takes one offer out: it was used, or withdrawn by the master. */
  remove(offerId: string): void {
    this.ready.delete(offerId);
    this.incoming.delete(offerId);
  }

  /** What was last offered by each agent, less what was launched since; good for every purpose. */
  lastOffers(): PreparedOffer[] {
    return [...this.lastByAgent.values()].map(({ offer, spent, disks }) => ({
      ...offer,
      cpusMilli: offer.cpusMilli - spent.cpusMilli,
      revocableCpusMilli: offer.revocableCpusMilli - spent.revocableCpusMilli,
      memMilli: offer.memMilli - spent.memMilli,
      diskMilli: offer.diskMilli - spent.diskMilli,
      gpusMilli: offer.gpusMilli - spent.gpusMilli,
      disks,
      isReservable: true,
      isForReservations: false,
      isForAnyRole: true,
    }));
  }

  /** Instances of an app were launched on an offer. */
  launchedOn(offer: PreparedOffer, app: AppDefinition, disks: readonly OwnDisk[]): void {
    const agentId = offer.offer.agent_id.value;
    const last = this.lastByAgent.get(agentId);
    if (last === undefined) return;
    const { isRevocable, cpusMilli, memMilli, diskMilli, gpusMilli } = demandOf(app);
    const { spent } = last;
    spent[isRevocable ? 'revocableCpusMilli' : 'cpusMilli'] += cpusMilli;
    spent.memMilli += memMilli;
    spent.diskMilli += diskMilli;
    spent.gpusMilli += gpusMilli;
    last.disks = withoutDisks(last.disks, disks);
  }

  /** Ends the round: gives the ids of what was not used. */
  takePrepared(): string[] {
    const ids = [...this.ready.keys()];
    this.ready.clear();
    return ids;
  }

  /** Gives the ids of everything held. */
  takeAll(): string[] {
    const ids = [...this.ready.keys(), ...this.incoming.keys()];
    this.clear();
    return ids;
  }

  /** Drops everything: the connection is gone and the offers with it. */
  clear(): void {
    this.ready.clear();
    this.incoming.clear();
  }

  private prepareOne(offer: Offer, now: number): PreparedOffer {
    const agentId = offer.agent_id.value;
    const prepared = prepareOffer(offer, this.places.get(agentId), this.roles, now);
    if (this.places.size >= SHARED_PLACES_MAX) this.places.clear();
    this.places.set(agentId, prepared.place);
    if (this.lastByAgent.size >= SHARED_PLACES_MAX) this.lastByAgent.clear();
    const spent = { cpusMilli: 0, revocableCpusMilli: 0, memMilli: 0, diskMilli: 0, gpusMilli: 0 };
    this.lastByAgent.set(agentId, { offer: prepared, spent, disks: prepared.disks });
    return prepared;
  }
}
