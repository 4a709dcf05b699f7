/**
 * Gives back what was reserved and is no longer wanted: volumes are wiped, resources unreserved. What is owed is written
 * down until an offer of the agent shows that it is done; what turns up in an offer and belongs to no instance is given
 * back as well, however it came about.
 */
import type { Logger, TimerHandle, Timers } from '@stadion/base';
import type { Offer, OfferOperation } from '@stadion/contract/mesos';
import type { Instance } from '../core/instance.ts';
import { giveBackOperations, reservationsIn, type OfferedReservations } from '../core/residency/offered.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import { RESERVATION_SCAN_AGAIN_MS, RESERVATION_SCAN_MS, RESERVATIONS_OWED_MAX } from './limits.ts';
import { giveBackKey } from './records.ts';

interface ReservationKeeperParts {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly timers: Timers;
  readonly log: Logger;
  /** Instances whose records are damaged: what is reserved for them is not touched. */
  readonly damaged: ReadonlySet<string>;
  readonly turn: (work: () => void) => void;
}

/** One per engine. */
export class ReservationKeeper {
  private readonly parts: ReservationKeeperParts;
  /** By the agent that holds it: ids of instances that are gone, with the role that something is reserved for. */
  private readonly owed = new Map<string, Map<string, string | undefined>>();
  private owedCount = 0;
  /** Until then offers are looked through. */
  private scan: TimerHandle | undefined;
  /** Until then nothing is: the agents that are owed something are away. */
  private pause: TimerHandle | undefined;

  constructor(parts: ReservationKeeperParts) {
    this.parts = parts;
  }

  /** Whether offers are wanted to give something back on. */
  get wantsOffers(): boolean {
    return this.scan !== undefined;
  }

  /** The roles in which something is to be given back. */
  *roles(): Generator<string> {
    for (const owed of this.owed.values()) for (const role of owed.values()) if (role !== undefined) yield role;
  }

  /** Takes over what an earlier process had not seen done. */
  load(instanceId: string, { agent, role }: { readonly agent: string; readonly role?: string }): void {
    this.owe(instanceId, agent, role);
  }

  /** An instance is being forgotten: what is reserved for it is given back as soon as nothing uses it. */
  giveUp({ id, reservation }: Instance): void {
    if (reservation === undefined) return;
    const { role } = reservation;
    const { agentId } = reservation.place;
    // Beyond that a search finds it.
    if (this.owedCount >= RESERVATIONS_OWED_MAX) return;
    this.parts.journal.put(giveBackKey(id), { agent: agentId, role });
    this.owe(id, agentId, role);
    this.search();
  }

  /**
   * Something is to be given back, or there may be something that nobody knows of: for a while, offers are looked through
   * for it. What is owed to an agent that stays away does not have offers wanted all the time, only now and then.
   */
  search(): void {
    const { timers, turn } = this.parts;
    this.stop();
    this.scan = timers.after(RESERVATION_SCAN_MS, () => {
      turn(() => {
        this.scan = undefined;
        if (this.owedCount === 0) return;
        this.pause = timers.after(RESERVATION_SCAN_AGAIN_MS, () => {
          turn(() => {
            this.search();
          });
        });
      });
    });
  }

  stop(): void {
    this.scan?.cancel();
    this.pause?.cancel();
  }

  /** Looks through an offer. @returns what to do with it; nothing when all that it holds is in order */
  examine(offer: Offer, frameworkId: string): OfferOperation[] {
    const agentId = offer.agent_id.value;
    const held = reservationsIn(offer, frameworkId);
    this.settle(agentId, offer.allocation_info.role, held);
    const operations: OfferOperation[] = [];
    for (const [instanceId, resources] of held) {
      if (!this.isOrphaned(instanceId, agentId)) continue;
      this.parts.log.info({ instanceId, agentId }, 'what was reserved for an instance that is gone is given back');
      operations.push(...giveBackOperations(resources));
    }
    return operations;
  }

  private isOrphaned(instanceId: string, agentId: string): boolean {
    const { fleet, damaged } = this.parts;
    return !damaged.has(instanceId) && fleet.instance(instanceId)?.reservation?.place.agentId !== agentId;
  }

  private owe(instanceId: string, agentId: string, role: string | undefined): void {
    const known = this.owed.get(agentId) ?? new Map<string, string | undefined>();
    this.owed.set(agentId, known);
    if (known.has(instanceId)) return;
    known.set(instanceId, role);
    this.owedCount += 1;
  }

  /** What an agent no longer offers to the role that it was reserved for is done. */
  private settle(agentId: string, offeredTo: string, held: OfferedReservations): void {
    const owed = this.owed.get(agentId);
    if (owed === undefined || offeredTo === '*') return;
    for (const [instanceId, role] of owed) {
      if (held.has(instanceId) || (role !== undefined && role !== offeredTo)) continue;
      owed.delete(instanceId);
      this.owedCount -= 1;
      this.parts.journal.remove(giveBackKey(instanceId));
    }
    if (owed.size === 0) this.owed.delete(agentId);
  }
}
