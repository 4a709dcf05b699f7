/**
 * Gives back what was reserved and is no longer wanted: volumes are wiped, resources unreserved. What is owed is written
 * down until offers of the agent have shown for a while that it is done: one alone may come while a task still runs on it,
 * or before the agent has heard of what the master did. What turns up in an offer and belongs to no instance, or to a launch of
 * one that came to nothing, is given back as well, however it came about. A master that is asked for it and does not do it is asked again after longer and longer pauses.
 */
import type { Clock, Logger, TimerHandle, Timers } from '@stadion/base';
import type { Offer, OfferOperation, Resource } from '@stadion/contract/mesos';
import { afterFailure, remainingMs, type Backoff } from '../core/backoff.ts';
import type { Instance } from '../core/instance.ts';
import { giveBackOperations, leftBehind, reservationsIn } from '../core/residency/offered.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import { GIVE_BACK_PAUSES, RESERVATION_SCAN_AGAIN_MS, RESERVATION_SCAN_MS, RESERVATIONS_OWED_MAX } from './limits.ts';
import { giveBackKey, instanceOfGiveBackKey } from './records.ts';

interface ReservationKeeperParts {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly time: Clock & Timers;
  readonly log: Logger;
  /** Instances whose records are damaged: what is reserved for them is not touched. */
  readonly damaged: ReadonlySet<string>;
  readonly turn: (work: () => void) => void;
}

interface Debt {
  /** Where it is written down. */
  readonly key: string;
  /** What is reserved is for this one. */
  readonly role: string | undefined;
  /** Since when offers of the agent have not shown it, milliseconds of a monotonic clock. */
  missingSince: number | undefined;
}

/** What is to be done about an offer. */
interface Examined {
  /** None when all that it holds is in order, or was asked for lately. */
  readonly operations: readonly OfferOperation[];
  /** Milliseconds until something that it holds may be asked for again; 0: there is no such thing. */
  readonly pauseMs: number;
}

/** One per engine. */
export class ReservationKeeper {
  private readonly parts: ReservationKeeperParts;
  /** By the agent that holds it, and the ids of instances that are gone. */
  private readonly owed = new Map<string, Map<string, Debt>>();
  private owedCount = 0;
  /** What the master was asked to give back, by agent and instance, and when it may be asked again. By the monotonic clock. */
  private readonly asked = new Map<string, Backoff>();
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
    for (const owed of this.owed.values()) for (const { role } of owed.values()) if (role !== undefined) yield role;
  }

  /** Takes over what an earlier process had not seen done. */
  load(key: string, { agent, role }: { readonly agent: string; readonly role?: string }): void {
    this.owe(instanceOfGiveBackKey(key), agent, { key, role, missingSince: undefined });
  }

  /** An instance is being forgotten: what is reserved for it is given back as soon as nothing uses it. */
  giveUp({ id, reservation }: Instance): void {
    if (reservation === undefined) return;
    const { role } = reservation;
    const { agentId } = reservation.place;
    // Beyond that a search finds it.
    if (this.owedCount >= RESERVATIONS_OWED_MAX) return;
    const key = giveBackKey(id, agentId);
    this.parts.journal.put(key, { agent: agentId, role });
    this.owe(id, agentId, { key, role, missingSince: undefined });
    // This is new: what was asked for before says nothing about it.
    this.asked.delete(askedKey(id, agentId));
    this.search();
  }

  /**
   * Something is to be given back, or there may be something that nobody knows of: for a while, offers are looked through
   * for it. What is owed to an agent that stays away does not have offers wanted all the time, only now and then.
   */
  search(): void {
    const { time, turn } = this.parts;
    this.stop();
    this.scan = time.after(RESERVATION_SCAN_MS, () => {
      turn(() => {
        this.scan = undefined;
        if (this.owedCount === 0) return;
        this.pause = time.after(RESERVATION_SCAN_AGAIN_MS, () => {
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

  /** There is word of a task of an instance that is gone: what is reserved for it was in use until now, and may be still. */
  taskHeardOf(instanceId: string, agentId: string): void {
    const debt = this.owed.get(agentId)?.get(instanceId);
    if (debt !== undefined) debt.missingSince = undefined;
  }

  /** Looks through an offer. The operations that it answers with are to be asked for. */
  examine(offer: Offer, frameworkId: string): Examined {
    const agentId = offer.agent_id.value;
    const held = reservationsIn(offer, frameworkId);
    const orphaned = new Map<string, readonly Resource[]>();
    for (const [instanceId, resources] of held) {
      const left = this.orphanedOf(instanceId, agentId, resources);
      if (left.length > 0) orphaned.set(instanceId, left);
    }
    this.settle(agentId, offer.allocation_info.role, (instanceId) => {
      return orphaned.has(instanceId) || (held.has(instanceId) && this.parts.damaged.has(instanceId));
    });
    const operations: OfferOperation[] = [];
    let pauseMs = 0;
    for (const [instanceId, resources] of orphaned) {
      const wait = this.ask(instanceId, agentId);
      if (wait === 0) operations.push(...giveBackOperations(resources));
      else pauseMs = pauseMs === 0 ? wait : Math.min(pauseMs, wait);
    }
    return { operations, pauseMs };
  }

  /** @returns how long the master is not to be asked yet, milliseconds; 0: it is asked now, which is taken note of */
  private ask(instanceId: string, agentId: string): number {
    const { time, log } = this.parts;
    const key = askedKey(instanceId, agentId);
    const now = time.monotonic();
    const before = this.asked.get(key);
    const wait = remainingMs(before, now);
    if (wait > 0) return wait;
    const pause = afterFailure(before, GIVE_BACK_PAUSES, now);
    if (before === undefined) {
      log.info({ instanceId, agentId }, 'what was reserved for an instance that is gone is given back');
      const [oldest] = this.asked.size < RESERVATIONS_OWED_MAX ? [] : this.asked.keys();
      if (oldest !== undefined) this.asked.delete(oldest);
    } else if (pause.delayMs > before.delayMs) {
      const facts = { instanceId, agentId, pauseMs: pause.delayMs };
      log.warn(facts, 'what was reserved for an instance that is gone is still there: the master is asked again');
    }
    this.asked.set(key, pause);
    return 0;
  }

  /** What of that which is reserved for an instance on an agent is not its own, or not any more. */
  private orphanedOf(instanceId: string, agentId: string, resources: readonly Resource[]): readonly Resource[] {
    const { fleet, damaged } = this.parts;
    if (damaged.has(instanceId)) return [];
    const reservation = fleet.instance(instanceId)?.reservation;
    return reservation?.place.agentId === agentId ? leftBehind(resources, reservation) : resources;
  }

  private owe(instanceId: string, agentId: string, debt: Debt): void {
    const owed = this.owed.get(agentId) ?? new Map<string, Debt>();
    this.owed.set(agentId, owed);
    const known = owed.get(instanceId);
    if (known === undefined) this.owedCount += 1;
    // It was written down under the instance alone once.
    else if (known.key !== debt.key) this.parts.journal.remove(known.key);
    owed.set(instanceId, debt);
  }

  /** What an agent has not offered for long enough to the role that it was reserved for is done. */
  private settle(agentId: string, offeredTo: string, isThere: (instanceId: string) => boolean): void {
    const owed = this.owed.get(agentId);
    if (owed === undefined || offeredTo === '*') return;
    const now = this.parts.time.monotonic();
    for (const [instanceId, debt] of owed) {
      if (isThere(instanceId)) debt.missingSince = undefined;
      if (isThere(instanceId) || (debt.role !== undefined && debt.role !== offeredTo)) continue;
      debt.missingSince ??= now;
      if (now - debt.missingSince < RESERVATION_SCAN_AGAIN_MS) continue;
      owed.delete(instanceId);
      this.owedCount -= 1;
      this.parts.journal.remove(debt.key);
    }
    if (owed.size === 0) this.owed.delete(agentId);
  }
}

function askedKey(instanceId: string, agentId: string): string {
  return `${agentId} ${instanceId}`;
}
