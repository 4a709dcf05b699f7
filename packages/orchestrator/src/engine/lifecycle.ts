/** What may happen to an instance, from the wish to its end, with everything that follows from it at once. */
import { randomUuid, type Clock, type Random } from '@stadion/base';
import type { TaskStatus } from '@stadion/contract/mesos';
import type { AppDefinition, TaskFailure } from '@stadion/contract/orchestrator';
import { formatTimestamp } from '../core/app/timestamp.ts';
import {
  afterFailure,
  afterRefusal,
  causesBackoff,
  isRefusal,
  restartClock,
  type BackoffSettings,
} from '../core/backoff.ts';
import { instanceIdOf } from '../core/instance-ids.ts';
import { taskIdOf, type Departure, type Instance } from '../core/instance.ts';
import { hasPorts } from '../core/app/spec.ts';
import { needsSameReservation } from '../core/app/validate-volumes.ts';
import { serves } from '../core/health.ts';
import {
  draining,
  isFailure,
  killing,
  rescheduled,
  saysNothingOfApp,
  scheduledInstance,
  stopped,
} from '../core/instance-update.ts';
import { isUnreachable } from '../core/unreachable.ts';
import type { EngineConfig } from './config.ts';
import type { Counters } from './counters.ts';
import type { DrainWatch } from './drain-watch.ts';
import type { Fleet } from './fleet.ts';
import type { Killer } from './killer.ts';
import type { LaunchWatch } from './launch-watch.ts';
import { REFUSED_LAUNCH_PAUSES } from './limits.ts';
import type { RootState } from './root-state.ts';
import type { ReservationKeeper } from './reservation-keeper.ts';
import type { UnreachableWatch } from './unreachable-watch.ts';

interface LifecycleParts {
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly killer: Killer;
  readonly launchWatch: LaunchWatch;
  readonly unreachableWatch: UnreachableWatch;
  readonly drainWatch: DrainWatch;
  readonly reservations: ReservationKeeper;
  readonly config: Pick<EngineConfig, 'drainMs'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly counters: Counters;
  /** Whether some deployment holds the app. */
  readonly isLocked: (appId: string) => boolean;
  /** Told of every failure. */
  readonly failed: (failure: TaskFailure) => void;
}

/** One per engine. */
export class Lifecycle {
  private readonly parts: LifecycleParts;

  constructor(parts: LifecycleParts) {
    this.parts = parts;
  }

  /** Wishes for more instances of an app at a version. */
  schedule(appId: string, version: string, count: number): void {
    const { fleet, random, clock } = this.parts;
    const app = fleet.of(appId);
    for (let index = 0; index < count; index += 1) {
      const id = instanceIdOf(app.safeId, randomUuid(random));
      fleet.update(scheduledInstance(id, app.appId, version, clock.now()));
    }
  }

  /**
   * Takes up `count` of the instances of an app that were stopped and kept with their volumes. @returns how many it were,
   * together with those that are still on their way to be stopped: no others need to be begun for these
   */
  resumeStopped(appId: string, version: string, count: number): number {
    const { fleet, root, clock } = this.parts;
    const definition = root.appAtVersion(appId, version);
    const app = fleet.of(appId);
    let resumed = 0;
    for (const instanceId of [...app.stopped].slice(0, count)) {
      const instance = app.all.get(instanceId);
      if (instance === undefined) continue;
      if (definition !== undefined && !this.mayGoOnAs(instance, definition)) {
        this.forget(instance);
        continue;
      }
      fleet.update(rescheduled(instance, version, clock.now()));
      resumed += 1;
    }
    return Math.min(count, resumed + app.stopping);
  }

  /** Ends an instance that is not wanted now. One with volumes is kept with them; any other is forgotten. */
  retire(instance: Instance, drains = true): void {
    if (instance.reservation === undefined) this.decommission(instance, drains);
    else this.stop(instance, drains);
  }

  /** Ends the task of an instance with volumes, and keeps the instance. */
  private stop(instance: Instance, drains: boolean): void {
    const { fleet } = this.parts;
    if (instance.goal === 'Stopped' || instance.goal === 'Decommissioned') return;
    if (instance.place === undefined) fleet.update({ ...instance, goal: 'Stopped' });
    else this.depart(instance, 'Stopped', drains && !isUnreachable(instance));
  }

  /** Gives up waiting for an agent that is out of contact. What has volumes, which may come back with it, is kept. */
  expunge(instance: Instance): void {
    if (instance.reservation === undefined) this.forget(instance);
  }

  /** Gives a waiting instance another version to run; one that cannot run as that is forgotten. */
  restamp(instance: Instance, next: AppDefinition): void {
    if (this.mayGoOnAs(instance, next)) this.parts.fleet.update({ ...instance, appVersion: next.version });
    else this.forget(instance);
  }

  /** Whether what is reserved for an instance, if anything is, is what another version needs. */
  private mayGoOnAs({ reservation, appId, appVersion }: Instance, next: AppDefinition): boolean {
    const own = reservation === undefined ? undefined : this.parts.root.appAtVersion(appId, appVersion);
    return own === undefined || needsSameReservation(own, next);
  }

  /**
   * Ends an instance for good. One that serves is announced as draining first, and killed when its time is over; one that
   * runs nowhere, or nowhere within reach, is forgotten at once.
   * @param drains false: it is killed at once
   */
  decommission(instance: Instance, drains = true): void {
    if (instance.place === undefined || isUnreachable(instance)) {
      this.forget(instance);
      return;
    }
    if (instance.goal !== 'Decommissioned') this.depart(instance, 'Decommissioned', drains);
  }

  private depart(instance: Instance, goal: Departure, drains: boolean): void {
    const { fleet, drainWatch, clock } = this.parts;
    const drainMs = drains ? this.drainMsOf(instance) : 0;
    if (drainMs === 0) {
      this.endNow({ ...instance, goal });
      return;
    }
    const until = clock.now() + drainMs;
    fleet.update(draining(instance, goal, until));
    drainWatch.add(instance.id, drainMs);
  }

  /** Takes an instance that runs out of rotation and keeps it; it is replaced as if it had gone. */
  freeze(instance: Instance): void {
    this.parts.launchWatch.forget(instance.id);
    this.parts.fleet.update({ ...instance, goal: 'Frozen' });
  }

  /** Kills an instance that is to go, whether or not it still drains. */
  endNow(instance: Instance): void {
    const { fleet, killer, drainWatch, clock } = this.parts;
    drainWatch.forget(instance.id);
    const goal = instance.goal === 'Stopped' ? 'Stopped' : 'Decommissioned';
    fleet.update(killing(instance, goal, clock.now()));
    killer.add(instance.id);
  }

  /** How long an instance may drain, should it have anything to finish; milliseconds. */
  drainTimeOf({ appId, appVersion }: Instance): number {
    const { root, config } = this.parts;
    const drainSeconds = (root.spec(appId) ?? root.appAtVersion(appId, appVersion))?.upgradeStrategy.drainSeconds;
    return drainSeconds === undefined ? config.drainMs : drainSeconds * 1000;
  }

  /** How long an instance may go on before it is killed: only one that somebody may be using gets any time. */
  private drainMsOf(instance: Instance): number {
    const { root } = this.parts;
    const own = root.appAtVersion(instance.appId, instance.appVersion);
    if (own === undefined || !hasPorts(own) || !serves(instance, own)) return 0;
    return this.drainTimeOf(instance);
  }

  /** Ends the task of an instance, which is then launched again. False when there is no task to end. */
  killTask(instance: Instance): boolean {
    const { fleet, killer, clock } = this.parts;
    if (instance.place === undefined) return false;
    // One with volumes has to wait for its agent.
    if (isUnreachable(instance) && instance.reservation === undefined) return false;
    if (instance.condition !== 'Killing') fleet.update(killing(instance, instance.goal, clock.now()));
    killer.add(instance.id);
    return true;
  }

  /**
   * Forgets an instance, whatever it is. Should its task turn up again, it is unknown and ends. Its volumes are wiped as
   * soon as nothing uses them.
   */
  forget(instance: Instance): void {
    this.unwatch(instance.id);
    this.remove(instance);
  }

  private remove(instance: Instance): void {
    this.parts.fleet.remove(instance);
    this.parts.reservations.giveUp(instance);
  }

  /** The task of an instance is over. `ended` shows the last condition. */
  taskEnded(ended: Instance, status: Pick<TaskStatus, 'state' | 'message' | 'reason'>): void {
    const { fleet, root, counters, isLocked } = this.parts;
    counters.add(`tasks.${ended.condition.toLowerCase()}.counter`);
    this.unwatch(ended.id);
    const isInnocent = saysNothingOfApp(status);
    if (isFailure(status.state) && !isInnocent) {
      this.recordFailure(ended, status.state, status.message ?? '');
    }
    fleet.announce(ended);
    const target = root.spec(ended.appId);
    const definition = root.appAtVersion(ended.appId, ended.appVersion);
    const isPausing = ended.goal === 'Running' && causesBackoff(ended.condition) && !isInnocent;
    if (definition !== undefined && isPausing) this.backOff(ended, definition);
    // As in Marathon: what has to leave an agent is to run elsewhere soon.
    if (definition !== undefined && status.reason === 'REASON_AGENT_DRAINING') {
      fleet.of(ended.appId).backoffs.delete(definition.versionInfo.lastConfigChangeAt);
    }
    const isOutdated = target !== undefined && ended.appVersion < target.versionInfo.lastConfigChangeAt;
    // An outdated instance comes back as it was only while a deployment has yet to get to it.
    const isWanted = target !== undefined && ended.goal === 'Running' && (!isOutdated || isLocked(ended.appId));
    if (isWanted) this.goOn(ended, ended.appVersion);
    else if (target === undefined || !this.isKept(ended) || !this.mayGoOnAs(ended, target)) this.remove(ended);
    // An instance with volumes has no successor but itself.
    else if (ended.goal === 'Running') this.goOn(ended, target.version);
    else this.keepStopped(ended);
  }

  /** An instance whose task is over waits to run again, on what is reserved for it unless its launch came to nothing. */
  private goOn(ended: Instance, version: string): void {
    const { fleet, clock, reservations } = this.parts;
    const next = rescheduled(ended, version, clock.now());
    fleet.update(next);
    // Its agent may have made it all the same; nothing comes any more from one that is gone for good.
    if (next.reservation === undefined && ended.taskState !== 'TASK_GONE_BY_OPERATOR') reservations.giveUp(ended);
  }

  private isKept({ reservation, goal }: Instance): boolean {
    return reservation !== undefined && goal !== 'Decommissioned';
  }

  private keepStopped(ended: Instance): void {
    const { fleet, clock } = this.parts;
    const next = stopped(ended, clock.now());
    if (next.reservation === undefined) this.remove(ended);
    else fleet.update(next);
  }

  /** A task has come up, which restarts the clock of the app's pause without changing its length. */
  cameUp(instance: Instance): void {
    const { fleet, root, clock } = this.parts;
    const app = fleet.find(instance.appId);
    if (app === undefined || app.backoffs.size === 0) return;
    const key = root.appAtVersion(instance.appId, instance.appVersion)?.versionInfo.lastConfigChangeAt ?? '';
    const backoff = app.backoffs.get(key);
    if (backoff !== undefined) app.backoffs.set(key, restartClock(backoff, clock.now()));
  }

  /** Keeps a failure as the last one of its app. */
  recordFailure(instance: Instance, state: string, message: string): void {
    const { fleet, clock, failed } = this.parts;
    const failure = {
      appId: instance.appId,
      host: instance.place?.hostname ?? '',
      message,
      state,
      taskId: taskIdOf(instance),
      timestamp: formatTimestamp(clock.now()),
      version: instance.appVersion,
      ...(instance.place !== undefined && { slaveId: instance.place.agentId }),
    };
    fleet.recordFailure(failure);
    failed(failure);
  }

  private backOff(
    { appId, condition }: Instance,
    definition: BackoffSettings & { readonly versionInfo: { readonly lastConfigChangeAt: string } },
  ): void {
    const { fleet, clock } = this.parts;
    const app = fleet.of(appId);
    const key = definition.versionInfo.lastConfigChangeAt;
    const before = app.backoffs.get(key);
    const now = clock.now();
    const after = isRefusal(condition)
      ? afterRefusal(before, definition, now, REFUSED_LAUNCH_PAUSES)
      : afterFailure(before, definition, now);
    app.pause(key, after);
  }

  private unwatch(instanceId: string): void {
    this.parts.killer.forget(instanceId);
    this.parts.launchWatch.forget(instanceId);
    this.parts.unreachableWatch.forget(instanceId);
    this.parts.drainWatch.forget(instanceId);
  }
}
