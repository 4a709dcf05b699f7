/** Brings one app closer to what is wanted of it: the actions of deployments, and healing outside of them. */
import type { Clock } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { planMoves } from '../core/deployment/moves.ts';
import { planScale } from '../core/deployment/progress.ts';
import { planRolling, type RollingPlan } from '../core/deployment/rolling.ts';
import { isResident } from '../core/app/spec.ts';
import { serves } from '../core/health.ts';
import type { Instance } from '../core/instance.ts';
import { inKillOrder, selectVictims } from '../core/kill-selection.ts';
import type { AppInstances } from './app-instances.ts';
import type { Fleet } from './fleet.ts';
import type { Lifecycle } from './lifecycle.ts';
import { INSTANCE_CHANGES_PER_TURN_MAX } from './limits.ts';
import type { PostponedLooks } from './postponed-looks.ts';
import type { Rebalancer } from './rebalancer.ts';
import type { RootState } from './root-state.ts';

const NOBODY: ReadonlySet<string> = new Set();
const NOWHERE: ReadonlySet<string> = new Set();

interface ConvergenceParts {
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly lifecycle: Lifecycle;
  readonly moves: Rebalancer;
  readonly postponed: PostponedLooks;
  readonly clock: Clock;
}

/**
 * Looks at an app as it is and does what is due. Every look plans anew; a look at an app that needs nothing changes
 * nothing. Big changes are spread over many turns.
 */
export class Convergence {
  private readonly parts: ConvergenceParts;
  private budget = INSTANCE_CHANGES_PER_TURN_MAX;
  /** Ids of agents that are to be emptied. */
  private departing: ReadonlySet<string> = NOWHERE;
  /** Victims of scale-downs that take several turns, by app, the next one last: all are put in order once only. */
  private readonly chosen = new Map<string, { readonly definition: AppDefinition; readonly victims: string[] }>();

  constructor(parts: ConvergenceParts) {
    this.parts = parts;
  }

  /** A new turn has a new budget of changes. */
  beginTurn(): void {
    this.budget = INSTANCE_CHANGES_PER_TURN_MAX;
  }

  /** Stops all instances. True when none is left. */
  stop(appId: string): boolean {
    const app = this.parts.fleet.find(appId);
    if (app === undefined || app.all.size === 0) return true;
    this.decommissionAll(app);
    return app.all.size === 0;
  }

  /**
   * Brings the number of instances to what the definition wants.
   * @param victims ids of instances to be ended first
   * @returns whether all is as wanted, and what was started is up
   */
  scale(definition: AppDefinition, victims: ReadonlySet<string> = NOBODY): boolean {
    const app = this.parts.fleet.of(definition.id);
    const current = app.byVersion.get(definition.version);
    const plan = planScale({
      wanted: definition.instances,
      active: app.active,
      leaving: app.leaving,
      current: current?.active ?? 0,
      currentUp: current?.up ?? 0,
    });
    if (plan.start > 0) this.start(definition, plan.start);
    if (plan.kill > 0) this.shrink(app, definition, plan.kill, victims);
    return plan.done;
  }

  /**
   * Replaces instances of older configurations. True when only new ones run, all of them up.
   * @param isPromoted whether the app's canary, if it has one, was found good
   */
  restart(definition: AppDefinition, isPromoted = true): boolean {
    const app = this.parts.fleet.of(definition.id);
    this.passOverWaiting(app, definition);
    const old = { count: 0, up: 0 };
    const fresh = { count: 0, up: 0 };
    for (const [version, counts] of app.byVersion) {
      const isFresh = version >= definition.versionInfo.lastConfigChangeAt;
      const side = isFresh ? fresh : old;
      side.count += isFresh ? counts.active : counts.active + counts.inactive;
      side.up += counts.up;
    }
    const { canary, batchPauseSeconds, ...bounds } = definition.upgradeStrategy;
    const plan = planRolling({
      wanted: definition.instances,
      ...bounds,
      ...(canary !== undefined && !isPromoted && { freshMax: canary.instances }),
      takesVolumesOver: takesVolumesOver(app, definition),
      old,
      fresh,
      leaving: app.leaving,
    });
    if (this.isBetweenBatches(app, definition, batchPauseSeconds)) return false;
    if (plan.killOld > 0 || plan.killFresh > 0) this.replace(app, definition, plan);
    if (plan.start > 0) this.start(definition, plan.start);
    return plan.done;
  }

  /** Whether new instances have come up so lately that their app wants to wait. */
  private isBetweenBatches(app: AppInstances, definition: AppDefinition, pauseSeconds: number | undefined): boolean {
    const { lastUp } = app;
    if (pauseSeconds === undefined || lastUp === undefined) return false;
    if (lastUp.version < definition.versionInfo.lastConfigChangeAt) return false;
    const now = this.parts.clock.now();
    // A clock that was set back makes no pause longer.
    if (lastUp.at > now) app.lastUp = { ...lastUp, at: now };
    const left = Math.min(lastUp.at, now) + pauseSeconds * 1000 - now;
    if (left <= 0) return false;
    this.parts.postponed.addAfter(app.appId, left);
    return true;
  }

  /** Outside of deployments: replaces what is missing, ends what is too much. */
  heal(appId: string): void {
    const { fleet, root } = this.parts;
    const definition = root.spec(appId);
    if (definition !== undefined) {
      if (!this.moveAway(definition)) this.scale(definition, this.surplusIll(definition));
    } else {
      const app = fleet.find(appId);
      if (app !== undefined) this.decommissionAll(app);
    }
  }

  /** From now on instances leave these agents, as far as their apps can spare them. */
  empty(agentIds: ReadonlySet<string>): void {
    // Those that are to be emptied no longer may have surplus elsewhere.
    const concerned = new Set([...this.departing, ...agentIds]);
    this.departing = agentIds;
    if (concerned.size === 0) return;
    const { fleet } = this.parts;
    for (const app of fleet.all()) {
      for (const { place } of app.all.values()) {
        if (place === undefined || !concerned.has(place.agentId)) continue;
        fleet.dirty.add(app.appId);
        break;
      }
    }
  }

  /** Whether an agent is to be emptied. */
  isDeparting(agentId: string): boolean {
    return this.departing.has(agentId);
  }

  /**
   * Replaces the instances of an app that are to leave their agents: those on an agent that is emptied, and the one that a
   * rebalance moves.
   * @returns false when there are none
   */
  private moveAway(definition: AppDefinition): boolean {
    const { moves } = this.parts;
    // Instances with volumes stay where these are.
    if (isResident(definition)) return false;
    if (this.departing.size === 0 && moves.of(definition.id) === undefined) return false;
    const app = this.parts.fleet.of(definition.id);
    const movers: Instance[] = [];
    for (const instance of app.all.values()) if (this.isToLeave(instance)) movers.push(instance);
    if (movers.length === 0) return false;
    const movingUp = this.upCount(movers);
    const plan = planMoves({
      wanted: definition.instances,
      active: app.active,
      up: this.upCount(app.all.values()),
      movingUp,
      movingIll: movers.length - movingUp,
      over: Math.max(1, Math.floor(definition.upgradeStrategy.maximumOverCapacity * definition.instances)),
    });
    const going = this.illFirst(movers, definition, plan.endIll + plan.endUp);
    for (const victim of going.slice(0, this.spend(app.appId, going.length))) {
      this.parts.lifecycle.retire(victim);
      moves.left(victim);
    }
    if (plan.start > 0) this.start(definition, plan.start);
    return true;
  }

  /** Where nobody asked for fewer, what is too much is taken from those that nobody can use. */
  private surplusIll({ id, instances }: AppDefinition): ReadonlySet<string> {
    const app = this.parts.fleet.of(id);
    if (app.active <= instances) return NOBODY;
    const ill = new Set<string>();
    for (const instance of app.all.values()) if (this.upCount([instance]) === 0) ill.add(instance.id);
    return ill;
  }

  private isToLeave(instance: Instance): boolean {
    const { goal, condition, place } = instance;
    if (goal !== 'Running' || condition === 'Unreachable' || condition === 'UnreachableInactive') return false;
    return place !== undefined && (this.departing.has(place.agentId) || this.parts.moves.isMoving(instance));
  }

  /** Instances of an older configuration that wait for a place will not get one; those that have one get the new one. */
  private passOverWaiting(app: AppInstances, next: AppDefinition): void {
    const { lastConfigChangeAt } = next.versionInfo;
    const { lifecycle } = this.parts;
    for (const [version, { waiting }] of [...app.byVersion]) {
      if (waiting === 0 || version >= lastConfigChangeAt) continue;
      for (const instanceId of [...app.scheduled]) {
        const instance = app.all.get(instanceId);
        if (instance?.appVersion !== version) continue;
        if (instance.reservation === undefined) lifecycle.forget(instance);
        else lifecycle.restamp(instance, next);
      }
    }
  }

  /** Ends the old, and surplus new, instances of a restart that are due. */
  private replace(app: AppInstances, definition: AppDefinition, { killOld, killFresh }: RollingPlan): void {
    const old: Instance[] = [];
    const fresh: Instance[] = [];
    for (const instance of app.all.values()) {
      if (instance.goal !== 'Running') continue;
      if (instance.appVersion < definition.versionInfo.lastConfigChangeAt) old.push(instance);
      else if (instance.condition !== 'UnreachableInactive') fresh.push(instance);
    }
    const victims = [...this.illFirst(old, definition, killOld), ...this.illFirst(fresh, definition, killFresh)];
    // Where nobody is left to take over, time to drain would only lengthen the gap.
    const drains = this.upCount(app.all.values()) > this.upCount(victims);
    for (const victim of victims.slice(0, this.spend(app.appId, victims.length))) {
      this.parts.lifecycle.retire(victim, drains);
    }
  }

  private upCount(instances: Iterable<Instance>): number {
    let count = 0;
    for (const instance of instances) {
      if (serves(instance, this.parts.root.appAtVersion(instance.appId, instance.appVersion))) count += 1;
    }
    return count;
  }

  /** The first `count` to be killed: those that are not up, then by the app's order. */
  private illFirst(instances: readonly Instance[], definition: AppDefinition, count: number): Instance[] {
    if (count === 0) return [];
    const ill: Instance[] = [];
    const well: Instance[] = [];
    for (const instance of inKillOrder(instances, definition.killSelection)) {
      const app = this.parts.root.appAtVersion(instance.appId, instance.appVersion);
      (serves(instance, app) ? well : ill).push(instance);
    }
    return [...ill, ...well].slice(0, count);
  }

  /** Those that were stopped and have kept their volumes come first. */
  private start(definition: AppDefinition, count: number): void {
    const { lifecycle } = this.parts;
    const granted = this.spend(definition.id, count);
    const resumed = lifecycle.resumeStopped(definition.id, definition.version, granted);
    lifecycle.schedule(definition.id, definition.version, granted - resumed);
  }

  private shrink(app: AppInstances, definition: AppDefinition, count: number, named: ReadonlySet<string>): void {
    const granted = this.spend(app.appId, count);
    let list = this.chosen.get(app.appId);
    for (let ended = 0; ended < granted;) {
      if (list?.definition !== definition || list.victims.length === 0) {
        const candidates = [...app.all.values()].filter(isCandidate);
        const victims = selectVictims(candidates, count - ended, definition, named).map(({ id }) => id);
        list = { definition, victims: victims.reverse() };
        if (victims.length === 0) break;
      }
      const victim = app.all.get(list.victims.pop() ?? '');
      if (!isCandidate(victim)) continue;
      this.parts.lifecycle.retire(victim);
      ended += 1;
    }
    if (list !== undefined && granted < count) this.chosen.set(app.appId, list);
    else this.chosen.delete(app.appId);
  }

  private decommissionAll(app: AppInstances): void {
    const ending: Instance[] = [];
    for (const instance of app.all.values()) if (instance.goal !== 'Decommissioned') ending.push(instance);
    for (const instance of ending.slice(0, this.spend(app.appId, ending.length))) {
      this.parts.lifecycle.decommission(instance);
    }
  }

  /** How many of `count` changes may happen now; asks for another turn when not all. */
  private spend(appId: string, count: number): number {
    const granted = Math.min(count, this.budget);
    this.budget -= granted;
    if (granted < count) this.parts.postponed.add(appId);
    return granted;
  }
}

/**
 * Whether new instances come where old ones were, on their volumes. Old ones without volumes, of an app or a pod that had
 * the id before, leave as soon as successors are up elsewhere.
 */
function takesVolumesOver(app: AppInstances, definition: AppDefinition): boolean {
  if (!isResident(definition)) return false;
  for (const { appVersion, goal, reservation } of app.all.values()) {
    const isOld = appVersion < definition.versionInfo.lastConfigChangeAt;
    if (isOld && goal === 'Running' && reservation !== undefined) return true;
  }
  return false;
}

/** Whether an instance can be chosen to go when there are too many. */
function isCandidate(instance: Instance | undefined): instance is Instance {
  return instance?.goal === 'Running' && instance.condition !== 'UnreachableInactive';
}
