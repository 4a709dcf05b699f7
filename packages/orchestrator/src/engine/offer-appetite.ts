/** Tells the master when offers are wanted and when not, in each of our roles. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { EngineConfig } from './config.ts';
import type { LaunchQueue } from './launch-queue.ts';
import type { MasterLink } from './master-link.ts';
import type { ReservationKeeper } from './reservation-keeper.ts';

interface OfferAppetiteParts {
  readonly time: Clock & Timers;
  readonly config: EngineConfig;
  readonly link: MasterLink;
  readonly queue: LaunchQueue;
  readonly reservations: ReservationKeeper;
  readonly turn: (work: () => void) => void;
}

/** One per engine; called inside turns. */
export class OfferAppetite {
  private readonly parts: OfferAppetiteParts;
  private suppressed = false;
  /** Whether offers are wanted in the role of reservations, where that is one of its own. */
  private isReserving = false;
  private revivedAt = Number.NEGATIVE_INFINITY;
  private timer: TimerHandle | undefined;

  constructor(parts: OfferAppetiteParts) {
    this.parts = parts;
  }

  /** Whether the master was told to keep its offers. */
  get isSuppressed(): boolean {
    return this.suppressed;
  }

  /** A new subscription: offers come by themselves, in all roles, until the master is told otherwise. */
  subscribed(): void {
    this.suppressed = false;
    this.isReserving = true;
    this.revivedAt = this.parts.time.monotonic();
  }

  /** Nothing waits for offers. */
  suppress(): void {
    if (this.suppressed) return;
    this.suppressed = true;
    this.parts.link.suppress([this.parts.config.role]);
  }

  /** Offers that were refused are wanted again. At once when they were suppressed, else at most so often. */
  reviveSoon(): void {
    const { time, config, link, queue, turn } = this.parts;
    if (this.timer !== undefined) return;
    const wait = this.suppressed ? 0 : this.revivedAt + config.reviveIntervalMinMs - time.monotonic();
    if (wait <= 0) {
      this.suppressed = false;
      this.revivedAt = time.monotonic();
      link.revive(this.wantedRoles());
      return;
    }
    this.timer = time.after(wait, () => {
      this.timer = undefined;
      turn(() => {
        if (queue.launchable.size > 0 && link.isConnected) this.reviveSoon();
      });
    });
  }

  /** In the role of reservations offers are wanted only while there is something to reserve, to use or to give back. */
  adjustReserving(): void {
    const { queue, link, reservations, config } = this.parts;
    const isWanted = queue.hasResidents || reservations.wantsOffers;
    if (config.role !== '*' || isWanted === this.isReserving) return;
    this.isReserving = isWanted;
    if (isWanted) link.revive([config.reservationRole]);
    else link.suppress([config.reservationRole]);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private wantedRoles(): readonly string[] {
    const { role, reservationRole } = this.parts.config;
    return role === '*' && this.isReserving ? [role, reservationRole] : [role];
  }
}
