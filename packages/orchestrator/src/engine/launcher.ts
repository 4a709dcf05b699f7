/**
 * Brings waiting instances and offers together, in rounds. A round takes all offers held, finds places for all that
 * waits in few big passes, launches turn by turn what was found, and declines what is left. Instances that find nothing
 * wait for the next round; when nothing waits the master is told to keep its offers.
 */
import type { Clock, Random, TimerHandle, Timers } from '@stadion/base';
import type { Offer, OfferOperation, TaskInfo } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { taskIdOf, type Instance } from '../core/instance.ts';
import { provisioned } from '../core/instance-update.ts';
import { matchOffers } from '../core/placement/matcher.ts';
import type { Placement, PlacementRequest, PreparedOffer } from '../core/placement/types.ts';
import { podOf } from '../core/pod/run-spec.ts';
import type { TaskGroup } from '../core/pod/task-group.ts';
import type { EngineConfig } from './config.ts';
import type { Counters } from './counters.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { LaunchGroup, LaunchQueue } from './launch-queue.ts';
import type { LaunchWatch } from './launch-watch.ts';
import { APPS_PER_PASS_MAX, LAUNCHES_PER_TURN_MAX, MATCHED_PER_PASS_MAX } from './limits.ts';
import type { MasterLink } from './master-link.ts';
import type { OfferPool } from './offer-pool.ts';

/** What an instance is launched as: one task, or the tasks of a pod with their executor. */
export type LaunchDescription =
  { readonly kind: 'task'; readonly task: TaskInfo } | ({ readonly kind: 'group' } & TaskGroup);

/** Makes the description of an instance for the agent. */
export type DescribeLaunch = (launch: {
  readonly app: AppDefinition;
  readonly instance: Instance;
  readonly taskId: string;
  readonly offer: Offer;
  readonly hostPorts: Placement['hostPorts'];
}) => LaunchDescription;

interface LauncherParts {
  readonly time: Clock & Timers;
  readonly random: Random;
  readonly config: EngineConfig;
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly queue: LaunchQueue;
  readonly pool: OfferPool;
  readonly link: MasterLink;
  readonly launchWatch: LaunchWatch;
  readonly counters: Counters;
  readonly describe: DescribeLaunch;
  /** Whether the next turn adds instances to what waits now. */
  readonly moreToCome: () => boolean;
  readonly turn: (work: () => void) => void;
}

/** Places found by a matching pass and not launched yet, offer by offer. */
interface LaunchPlan {
  readonly groups: readonly PlannedGroup[];
  readonly byOffer: readonly { readonly offer: PreparedOffer; readonly placements: readonly Placement[] }[];
  next: number;
}

/** A group with where its waiting instances have been taken from so far: starting over each time would cost the square. */
interface PlannedGroup extends LaunchGroup {
  readonly waiting: Iterator<string>;
}

/** One per engine. */
export class Launcher {
  private readonly parts: LauncherParts;
  private plan: LaunchPlan | undefined;
  /** Apps that have been tried on this round's offers and need others. */
  private readonly exhausted = new Set<string>();
  private isRoundOpen = false;
  private isStepDue = false;
  private isSuppressed = false;
  private revivedAt = Number.NEGATIVE_INFINITY;
  private reviveTimer: TimerHandle | undefined;

  constructor(parts: LauncherParts) {
    this.parts = parts;
  }

  /** New offers from the master. */
  offered(offers: readonly Offer[]): void {
    const { pool, link, config, counters } = this.parts;
    counters.add('offers.received.counter', offers.length);
    const surplus = offers.filter((offer) => !pool.add(offer)).map((offer) => offer.id.value);
    if (surplus.length > 0) link.decline(surplus, config.declineSeconds);
    this.stepSoon();
  }

  /** The master took an offer back. */
  rescinded(offerId: string): void {
    this.parts.pool.remove(offerId);
  }

  /** A new subscription: offers come by themselves until the master is told otherwise. */
  subscribed(): void {
    this.isSuppressed = false;
    this.revivedAt = this.parts.time.monotonic();
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
    const { queue, link, pool } = this.parts;
    if (!link.isConnected) return;
    if (queue.takeArrived()) {
      this.stepSoon();
      this.reviveSoon();
    } else if (queue.launchable.size === 0 && (!this.isSuppressed || !pool.isEmpty)) {
      this.stepSoon();
    }
  }

  /** Goes on after the store has caught up. */
  resume(): void {
    this.stepSoon();
  }

  stop(): void {
    this.reviveTimer?.cancel();
  }

  /** Offers that were refused are wanted again. At once when they were suppressed, else at most so often. */
  private reviveSoon(): void {
    const { time, config, link, turn } = this.parts;
    if (this.reviveTimer !== undefined) return;
    const wait = this.isSuppressed ? 0 : this.revivedAt + config.reviveIntervalMinMs - time.monotonic();
    if (wait <= 0) {
      this.isSuppressed = false;
      this.revivedAt = time.monotonic();
      link.revive();
      return;
    }
    this.reviveTimer = time.after(wait, () => {
      this.reviveTimer = undefined;
      turn(() => {
        if (this.parts.queue.launchable.size > 0 && link.isConnected) this.reviveSoon();
      });
    });
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
      this.isRoundOpen = pool.prepare();
      this.stepSoon();
      return;
    }
    const groups = this.nextGroups();
    if (groups.length === 0 || pool.preparedCount === 0) {
      this.closeRound();
      return;
    }
    const wanted = groups.reduce((sum, { count }) => sum + count, 0);
    // One big pass makes few ACCEPTs of many tasks; many small ones would put one task on each offer.
    const isWorthWaiting = wanted < MATCHED_PER_PASS_MAX && this.parts.moreToCome();
    if (!isWorthWaiting) this.match(groups);
    this.stepSoon();
  }

  /** Nothing may launch: no offer is wanted. */
  private idle(): void {
    const { pool, link, config } = this.parts;
    this.isRoundOpen = false;
    this.exhausted.clear();
    const unused = pool.takeAll();
    if (unused.length > 0) link.decline(unused, config.declineIdleSeconds);
    if (this.isSuppressed) return;
    this.isSuppressed = true;
    link.suppress();
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
        wanted += group.count;
      }
    }
    return groups;
  }

  private match(groups: readonly LaunchGroup[]): void {
    const { pool, random, config, queue, time } = this.parts;
    const offers = pool.prepared();
    const requests = groups.map(({ app, definition, count }): PlacementRequest => ({
      app: definition,
      count,
      placed: definition.constraints === undefined ? [] : app.placesSince(definition.versionInfo.lastConfigChangeAt),
    }));
    const result = matchOffers(requests, offers, random, { maxInstancesPerOffer: config.maxInstancesPerOffer });
    const byOffer = new Map<number, Placement[]>();
    const used = new Set<number>();
    for (const placement of result.placements) {
      const placements = byOffer.get(placement.offer);
      if (placements === undefined) byOffer.set(placement.offer, [placement]);
      else placements.push(placement);
      used.add(placement.request);
    }
    const unused = result.tallies.size === 0 ? [] : offers.filter((_, index) => !byOffer.has(index));
    for (const [request, tally] of result.tallies) {
      const group = groups[request];
      if (group === undefined) continue;
      this.exhausted.add(group.app.appId);
      queue.summaryOf(group.app.appId).record(tally, unused, time.now());
    }
    for (const request of used) {
      const group = groups[request];
      if (group !== undefined && queue.hasSummary(group.app.appId)) {
        queue.summaryOf(group.app.appId).recordUsed(time.now());
      }
    }
    const launches: { offer: PreparedOffer; placements: readonly Placement[] }[] = [];
    for (const [index, placements] of byOffer) {
      const offer = offers[index];
      if (offer !== undefined) launches.push({ offer, placements });
    }
    const planned = groups.map((group) => ({ ...group, waiting: group.app.scheduled.values() }));
    this.plan = launches.length === 0 ? undefined : { groups: planned, byOffer: launches, next: 0 };
  }

  private launch(plan: LaunchPlan): void {
    let launched = 0;
    while (plan.next < plan.byOffer.length && launched < LAUNCHES_PER_TURN_MAX) {
      const use = plan.byOffer[plan.next];
      plan.next += 1;
      if (use !== undefined) launched += this.accept(plan.groups, use.offer, use.placements);
    }
    if (plan.next >= plan.byOffer.length) this.plan = undefined;
  }

  /** Launches what was placed on one offer, with a single ACCEPT. */
  private accept(groups: readonly PlannedGroup[], prepared: PreparedOffer, placements: readonly Placement[]): number {
    const { pool, link, counters } = this.parts;
    const offerId = prepared.offer.id.value;
    // Withdrawn since it was matched: those placed on it wait on.
    if (!pool.holds(offerId)) return 0;
    const launches: LaunchDescription[] = [];
    for (const placement of placements) {
      const group = groups[placement.request];
      const launch = group && this.launchOne(group, prepared, placement.hostPorts);
      if (launch !== undefined) launches.push(launch);
    }
    // Still held and not used after all: declined at the end of the round.
    if (launches.length === 0) return 0;
    pool.remove(offerId);
    counters.add('instances.launched.counter', launches.length);
    link.send({
      type: 'ACCEPT',
      ...link.own(),
      accept: {
        offer_ids: [prepared.offer.id],
        operations: operationsOf(launches),
        filters: { refuse_seconds: 0 },
      },
    });
    return launches.length;
  }

  private launchOne(
    group: PlannedGroup,
    prepared: PreparedOffer,
    hostPorts: Placement['hostPorts'],
  ): LaunchDescription | undefined {
    const { fleet, time, launchWatch, describe, pool } = this.parts;
    const { definition } = group;
    const instance = this.nextWaiting(group);
    // Fewer wait than when they were matched.
    if (instance === undefined) return undefined;
    const now = time.now();
    const launched = provisioned(instance, {
      appVersion: definition.version,
      place: prepared.place,
      hostPorts: hostPorts.filter((port) => port !== undefined),
      ...containersOf(definition),
      now,
    });
    const taskId = taskIdOf(launched);
    fleet.update(launched);
    launchWatch.add(launched.id, now);
    pool.launchedOn(prepared, definition);
    return describe({ app: definition, instance: launched, taskId, offer: prepared.offer, hostPorts });
  }

  /** The next instance that still waits and belongs to the group's definition. */
  private nextWaiting({ app, definition, waiting }: PlannedGroup): Instance | undefined {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) {
      const instance = app.all.get(next.value);
      if (instance !== undefined && this.parts.queue.definitionFor(app, instance.appVersion) === definition) {
        return instance;
      }
    }
    return undefined;
  }
}

/** The tasks together, and each pod as a whole. */
function operationsOf(launches: readonly LaunchDescription[]): OfferOperation[] {
  const tasks = launches.flatMap((launch) => (launch.kind === 'task' ? [launch.task] : []));
  const groups = launches.flatMap((launch): OfferOperation[] => {
    if (launch.kind === 'task') return [];
    const { executor, tasks: members } = launch;
    return [{ type: 'LAUNCH_GROUP', launch_group: { executor, task_group: { tasks: [...members] } } }];
  });
  return tasks.length === 0 ? groups : [{ type: 'LAUNCH', launch: { task_infos: tasks } }, ...groups];
}

function containersOf(definition: AppDefinition): { readonly containers?: readonly string[] } {
  const pod = podOf(definition);
  return pod === undefined ? {} : { containers: pod.containers.map(({ name }) => name) };
}
