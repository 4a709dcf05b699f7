/**
 * Brings waiting instances and offers together, in rounds. A round takes all offers held, finds places for all that
 * waits in few big passes, launches turn by turn what was found, and declines what is left. Instances that find nothing
 * wait for the next round; when nothing waits the master is told to keep its offers.
 */
import type { Clock, Random, Timers } from '@stadion/base';
import type { Offer } from '@stadion/contract/mesos';
import type { Instance } from '../core/instance.ts';
import { matchOffers } from '../core/placement/matcher.ts';
import type { PlacementRequest } from '../core/placement/types.ts';
import { isForsaken, reservedIn, reservedTally } from '../core/residency/relaunch.ts';
import type { EngineConfig } from './config.ts';
import type { Counters } from './counters.ts';
import type { Journal } from './journal.ts';
import type { LaunchMaker, PlannedGroup, PlannedOffer } from './launch-maker.ts';
import type { LaunchGroup, LaunchQueue } from './launch-queue.ts';
import { APPS_PER_PASS_MAX, LAUNCHES_PER_TURN_MAX, MATCHED_PER_PASS_MAX } from './limits.ts';
import type { MasterLink } from './master-link.ts';
import type { OfferAppetite } from './offer-appetite.ts';
import type { OfferPool } from './offer-pool.ts';
import type { Rebalancer } from './rebalancer.ts';
import type { ReservationKeeper } from './reservation-keeper.ts';

interface LauncherParts {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly config: EngineConfig;
  readonly journal: Journal;
  readonly queue: LaunchQueue;
  readonly pool: OfferPool;
  readonly reservations: ReservationKeeper;
  readonly link: MasterLink;
  readonly appetite: OfferAppetite;
  readonly maker: LaunchMaker;
  readonly moves: Rebalancer;
  readonly counters: Counters;
  /** Whether the next turn adds instances to what waits now. */
  readonly moreToCome: () => boolean;
  readonly turn: (work: () => void) => void;
}

/** Places found by a matching pass and not launched yet, offer by offer. */
interface LaunchPlan {
  readonly groups: readonly PlannedGroup[];
  readonly byOffer: readonly PlannedOffer[];
  next: number;
}

/** One per engine. */
export class Launcher {
  private readonly parts: LauncherParts;
  private plan: LaunchPlan | undefined;
  /** Apps that have been tried on this round's offers and need others. */
  private readonly exhausted = new Set<string>();
  private isRoundOpen = false;
  private isStepDue = false;

  constructor(parts: LauncherParts) {
    this.parts = parts;
  }

  /** New offers from the master. */
  offered(offers: readonly Offer[]): void {
    const { pool, link, config, counters } = this.parts;
    counters.add('mesos.offers.incoming.counter', offers.length);
    const usable = offers.filter((offer) => !this.givesBack(offer));
    const surplus = usable.filter((offer) => !pool.add(offer)).map((offer) => offer.id.value);
    if (surplus.length > 0) link.decline(surplus, config.declineSeconds);
    this.stepSoon();
  }

  /**
   * Gives back on an offer what belongs to nobody any more. True: the offer is used up, and its rest comes with the next; or
   * nobody else wants it before the master may be asked for that again.
   */
  private givesBack(offer: Offer): boolean {
    const { link, reservations, queue } = this.parts;
    const { operations, pauseMs } = reservations.examine(offer, link.frameworkId ?? '');
    if (operations.length > 0) {
      link.send({
        type: 'ACCEPT',
        ...link.own(),
        accept: { offer_ids: [offer.id], operations: [...operations], filters: { refuse_seconds: 0 } },
      });
      return true;
    }
    if (pauseMs === 0 || queue.launchable.size > 0) return false;
    link.decline([offer.id.value], Math.ceil(pauseMs / 1000));
    return true;
  }

  /** The master took an offer back. */
  rescinded(offerId: string): void {
    this.parts.pool.remove(offerId);
  }

  /** A new subscription: offers come by themselves until the master is told otherwise. */
  subscribed(): void {
    this.parts.appetite.subscribed();
    this.parts.reservations.search();
    this.stepSoon();
  }

  /** The offers went with the connection. */
  disconnected(): void {
    this.parts.pool.clear();
    this.plan = undefined;
    this.exhausted.clear();
    this.isRoundOpen = false;
  }

  /** Called at the end of every turn: something may have begun, or ceased, to wait. */
  demandChanged(): void {
    const { queue, link, pool, appetite } = this.parts;
    if (!link.isConnected) return;
    appetite.adjustRoles();
    if (queue.takeArrived()) {
      this.stepSoon();
      appetite.reviveSoon();
    } else if (queue.launchable.size === 0 && (appetite.isExcessive || !pool.isEmpty)) {
      this.stepSoon();
    }
  }

  /** Goes on after the store has caught up. */
  resume(): void {
    this.stepSoon();
  }

  /** Not while the store lags or the master is away: both come back with a call of ours. */
  private stepSoon(): void {
    if (this.isStepDue || this.parts.journal.isCongested || !this.parts.link.isConnected) return;
    this.isStepDue = true;
    this.parts.time.after(0, () => {
      this.isStepDue = false;
      this.parts.turn(() => {
        this.step();
      });
    });
  }

  /** One turn's worth of the round. */
  private step(): void {
    const { link, journal, pool, queue } = this.parts;
    if (!link.isConnected || journal.isCongested) return;
    if (this.plan !== undefined) {
      this.launch(this.plan);
      this.stepSoon();
      return;
    }
    if (queue.launchable.size === 0) {
      this.idle();
      return;
    }
    if (!this.isRoundOpen) {
      if (pool.isEmpty) return;
      this.isRoundOpen = pool.prepare(this.parts.time.now());
      this.stepSoon();
      return;
    }
    const groups = this.nextGroups();
    if (groups.length === 0 || pool.preparedCount === 0) {
      this.closeRound();
      return;
    }
    const wanted = groups.reduce((sum, { count, reserved }) => sum + count + reserved.length, 0);
    // One big pass makes few ACCEPTs of many tasks; many small ones would put one task on each offer.
    const isWorthWaiting = wanted < MATCHED_PER_PASS_MAX && this.parts.moreToCome();
    if (!isWorthWaiting) this.match(groups);
    this.stepSoon();
  }

  /** Nothing may launch: no offer is wanted. */
  private idle(): void {
    const { pool, link, config, appetite } = this.parts;
    this.isRoundOpen = false;
    this.exhausted.clear();
    const unused = pool.takeAll();
    if (unused.length > 0) link.decline(unused, config.declineIdleSeconds);
    appetite.suppress();
  }

  /** Everything was tried: what is left goes back, and what came meanwhile makes the next round. */
  private closeRound(): void {
    const { pool, link, config } = this.parts;
    this.isRoundOpen = false;
    this.exhausted.clear();
    const unused = pool.takePrepared();
    if (unused.length > 0) link.decline(unused, config.declineSeconds);
    if (pool.hasIncoming) this.stepSoon();
  }

  private nextGroups(): LaunchGroup[] {
    const { queue } = this.parts;
    const groups: LaunchGroup[] = [];
    let wanted = 0;
    for (const appId of [...queue.launchable]) {
      if (wanted >= MATCHED_PER_PASS_MAX || groups.length >= APPS_PER_PASS_MAX) break;
      if (this.exhausted.has(appId)) continue;
      for (const group of queue.groups(appId, MATCHED_PER_PASS_MAX - wanted)) {
        groups.push(group);
        wanted += group.count + group.reserved.length;
      }
    }
    return groups;
  }

  private match(groups: readonly LaunchGroup[]): void {
    const { pool, random, config, queue, time, link, maker } = this.parts;
    const offers = pool.prepared();
    const requests = groups.map((group) => this.requestOf(group));
    const result = matchOffers(requests, offers, random, { maxInstancesPerOffer: config.maxInstancesPerOffer });
    const planned = groups.map((group): PlannedGroup => ({ ...group, waiting: group.app.scheduled.values() }));
    const byOffer = new Map<number, PlannedOffer>();
    const use = (index: number): PlannedOffer | undefined => {
      const known = byOffer.get(index);
      const offer = offers[index];
      if (known !== undefined || offer === undefined) return known;
      const made: PlannedOffer = { offer, placements: [], relaunches: [] };
      byOffer.set(index, made);
      return made;
    };
    const used = new Set<number>();
    for (const placement of result.placements) {
      use(placement.offer)?.placements.push(placement);
      used.add(placement.request);
    }
    const tallies = new Map(result.tallies);
    const findReserved = reservedIn(offers, link.frameworkId ?? '');
    for (const [request, group] of planned.entries()) {
      const missing: Instance[] = [];
      for (const instance of group.reserved) {
        const offer = findReserved(instance);
        if (offer === undefined && isForsaken(instance, offers)) maker.forsake(instance);
        else if (offer === undefined) missing.push(instance);
        else use(offer)?.relaunches.push({ group, instance });
      }
      if (missing.length < group.reserved.length) used.add(request);
      if (missing.length > 0 && !tallies.has(request)) tallies.set(request, reservedTally(missing, offers));
    }
    const unused = tallies.size === 0 ? [] : offers.filter((_, index) => !byOffer.has(index));
    for (const [request, tally] of tallies) {
      const group = groups[request];
      if (group === undefined) continue;
      this.exhausted.add(group.app.appId);
      // A round without a single offer of the right kind says nothing.
      if (tally.processed === 0 && tally.explanations.size === 0) continue;
      queue.summaryOf(group.app.appId).record(tally, unused, time.now());
    }
    for (const request of used) {
      const group = groups[request];
      if (group !== undefined && queue.hasSummary(group.app.appId)) {
        queue.summaryOf(group.app.appId).recordUsed(time.now());
      }
    }
    this.plan = byOffer.size === 0 ? undefined : { groups: planned, byOffer: [...byOffer.values()], next: 0 };
  }

  private requestOf({ app, definition, count }: LaunchGroup): PlacementRequest {
    const { constraints, versionInfo } = definition;
    const placed = constraints === undefined ? [] : app.placesSince(versionInfo.lastConfigChangeAt);
    const move = this.parts.moves.of(app.appId);
    if (move === undefined || app.scheduled.size > 1) return { app: definition, count, placed };
    // It takes the place of one that is about to go, and constraints do not count that.
    const leaving = placed.findIndex(({ agentId }) => agentId === move.from.agentId);
    return {
      app: definition,
      count,
      placed: leaving < 0 ? placed : placed.toSpliced(leaving, 1),
      only: new Set([move.to.agentId]),
    };
  }

  private launch(plan: LaunchPlan): void {
    let launched = 0;
    while (plan.next < plan.byOffer.length && launched < LAUNCHES_PER_TURN_MAX) {
      const use = plan.byOffer[plan.next];
      plan.next += 1;
      if (use !== undefined) launched += this.parts.maker.accept(plan.groups, use);
    }
    if (plan.next >= plan.byOffer.length) this.plan = undefined;
  }
}
