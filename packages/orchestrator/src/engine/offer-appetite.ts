/** Tells the master in which roles we take offers, and in which of them offers are wanted now. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { EngineConfig } from './config.ts';
import type { FrameworkRoles } from './framework-roles.ts';
import type { LaunchQueue } from './launch-queue.ts';
import type { MasterLink } from './master-link.ts';
import type { ReservationKeeper } from './reservation-keeper.ts';

interface OfferAppetiteParts {
  readonly time: Clock & Timers;
  readonly config: EngineConfig;
  readonly roles: FrameworkRoles;
  readonly link: MasterLink;
  readonly queue: LaunchQueue;
  readonly reservations: ReservationKeeper;
  readonly turn: (work: () => void) => void;
}

/** One per engine; called inside turns. */
export class OfferAppetite {
  private readonly parts: OfferAppetiteParts;
  /** Roles in which the master was told to keep its offers. */
  private readonly quiet = new Set<string>();
  private revivedAt = Number.NEGATIVE_INFINITY;
  private timer: TimerHandle | undefined;

  constructor(parts: OfferAppetiteParts) {
    this.parts = parts;
  }

  /** Whether the master still makes offers in our own role that nothing needs. */
  get isExcessive(): boolean {
    const { role } = this.parts.config;
    return !this.quiet.has(role) && !this.isWanted(role);
  }

  /** A new subscription: offers come by themselves, in all roles, until the master is told otherwise. */
  subscribed(): void {
    this.quiet.clear();
    this.revivedAt = this.parts.time.monotonic();
  }

  /** Nothing waits for offers; they may be wanted all the same, to give something back. */
  suppress(): void {
    const { role } = this.parts.config;
    if (!this.isExcessive) return;
    this.quiet.add(role);
    this.parts.link.suppress([role]);
  }

  /** Offers that were refused are wanted again. At once when they were suppressed, else at most so often. */
  reviveSoon(): void {
    const { time, config, roles, link, queue, turn } = this.parts;
    if (this.timer !== undefined) return;
    const isHungry = queue.isWaitedIn(config.role);
    const isAtOnce = isHungry && this.quiet.has(config.role);
    const wait = isAtOnce ? 0 : this.revivedAt + config.reviveIntervalMinMs - time.monotonic();
    if (wait <= 0) {
      if (isHungry) this.quiet.delete(config.role);
      this.revivedAt = time.monotonic();
      link.revive(roles.all().filter((role) => !this.quiet.has(role)));
      return;
    }
    this.timer = time.after(wait, () => {
      this.timer = undefined;
      turn(() => {
        if (queue.launchable.size > 0 && link.isConnected) this.reviveSoon();
      });
    });
  }

  /**
   * Offers are wanted in a role only while something waits there, or is to be given back: an agent offers what it has to one
   * role at a time, and a role that takes nothing of it would keep it from those that wait. That nothing waits at all is for
   * the launcher to say, when it has given back what it holds.
   */
  adjustRoles(): void {
    const { queue, roles, link, config } = this.parts;
    let hasNew = false;
    for (const role of queue.rolesWaiting()) if (roles.add(role)) hasNew = true;
    // What is new to the master is offered by itself.
    if (hasNew) link.updateFramework([...this.quiet]);
    const hungry: string[] = [];
    const sated: string[] = [];
    for (const role of roles.all()) {
      if (role === config.role && queue.launchable.size === 0 && !this.isWanted(role)) continue;
      if (this.isWanted(role) !== this.quiet.has(role)) continue;
      if (this.quiet.delete(role)) hungry.push(role);
      else {
        this.quiet.add(role);
        sated.push(role);
      }
    }
    if (hungry.length > 0) link.revive(hungry);
    if (sated.length > 0) link.suppress(sated);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private isWanted(role: string): boolean {
    const { queue, reservations, config } = this.parts;
    if (queue.isWaitedIn(role)) return true;
    // Nothing can be reserved for everybody, nor be found and given back there.
    if (role !== '*' && reservations.wantsOffers) return true;
    return role === config.reservationRole && queue.hasResidents;
  }
}
