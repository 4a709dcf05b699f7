/** The instances of one app, with the counts that decisions need kept up to date at every change. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { Backoff } from '../core/backoff.ts';
import { serves } from '../core/health.ts';
import type { AgentPlace, Instance } from '../core/instance.ts';
import { isUnreachable } from '../core/unreachable.ts';
import { BACKOFFS_PER_APP_MAX } from './limits.ts';

/** Wanted instances of one version. */
export interface VersionCounts {
  /** Not counting inactive ones. */
  active: number;
  /** Of the active ones: running, healthy and ready. */
  up: number;
  /** Of the active ones: without a place. */
  waiting: number;
  /** Out of contact for so long that they are replaced. */
  inactive: number;
}

/** One per app that has, or may have, instances. */
export class AppInstances {
  readonly appId: string;
  readonly safeId: string;
  /** Oldest first. */
  readonly all = new Map<string, Instance>();
  /** Ids of those that wait for a place. */
  readonly scheduled = new Set<string>();
  readonly byVersion = new Map<string, VersionCounts>();
  /** Pauses before launches, by the time of the last configuration change. */
  readonly backoffs = new Map<string, Backoff>();
  /** Wanted and not given up: what is compared with the number of instances asked for. */
  active = 0;
  /** Told to end for good. */
  leaving = 0;
  /** Ids of those that have ended and are kept with their volumes, for when more are wanted again. */
  readonly stopped = new Set<string>();
  /** Those that will be kept so once they have ended. */
  stopping = 0;
  /** The last of its instances that came up: its version, and when, milliseconds. */
  lastUp: { readonly version: string; readonly at: number } | undefined;
  /** Since when something has been waiting, milliseconds. */
  waitingSince = 0;
  private readonly now: () => number;
  private readonly definitionOf: (version: string) => AppDefinition | undefined;
  private places: { readonly since: string; readonly list: AgentPlace[] } | undefined;

  /**
   * @param definitionOf the app's definition at a version
   * @param now milliseconds since the Unix epoch
   */
  constructor(
    appId: string,
    safeId: string,
    definitionOf: (version: string) => AppDefinition | undefined,
    now: () => number,
  ) {
    this.now = now;
    this.appId = appId;
    this.safeId = safeId;
    this.definitionOf = definitionOf;
  }

  /** Begins or changes a pause. @param key when the configuration that it is for was changed last */
  pause(key: string, backoff: Backoff): void {
    const { backoffs } = this;
    // Keys are times: the least of them is the oldest.
    if (!backoffs.has(key) && backoffs.size >= BACKOFFS_PER_APP_MAX) {
      backoffs.delete([...backoffs.keys()].reduce((oldest, other) => (other < oldest ? other : oldest)));
    }
    backoffs.set(key, backoff);
  }

  /** Takes over an instance from the store. What is up has been so since its record says. */
  load(instance: Instance): void {
    const { lastUp } = this;
    this.put(instance);
    if (this.lastUp === lastUp) return;
    const at = Math.max(instance.since, ...instance.health.map(({ first_success: seconds = 0 }) => seconds * 1000));
    this.lastUp = at > (lastUp?.at ?? 0) ? { version: instance.appVersion, at } : lastUp;
  }

  /** Adds or replaces an instance. */
  put(instance: Instance): void {
    const old = this.all.get(instance.id);
    const wasUp = old !== undefined && this.serves(old);
    if (old !== undefined) this.count(old, -1);
    this.all.set(instance.id, instance);
    this.count(instance, 1);
    if (!wasUp && this.serves(instance)) this.lastUp = { version: instance.appVersion, at: this.now() };
    if (isWaiting(instance)) {
      if (this.scheduled.size === 0) this.waitingSince = instance.since;
      this.scheduled.add(instance.id);
    } else {
      this.scheduled.delete(instance.id);
    }
    this.updatePlaces(old, instance);
  }

  delete(instanceId: string): void {
    const old = this.all.get(instanceId);
    if (old === undefined) return;
    this.count(old, -1);
    this.all.delete(instanceId);
    this.scheduled.delete(instanceId);
    this.updatePlaces(old, undefined);
  }

  /** Whether any wanted instance is of a configuration older than this time (timestamp text). */
  hasOutdated(lastConfigChangeAt: string): boolean {
    for (const [version, counts] of this.byVersion) {
      if (counts.active > 0 && version < lastConfigChangeAt) return true;
    }
    return false;
  }

  /**
   * Where instances are that placement constraints count: placed, not lost, of the configuration of this time or newer.
   * The list is kept from one call to the next while instances are only added.
   */
  placesSince(lastConfigChangeAt: string): readonly AgentPlace[] {
    if (this.places?.since !== lastConfigChangeAt) {
      const list: AgentPlace[] = [];
      for (const instance of this.all.values()) {
        if (instance.appVersion >= lastConfigChangeAt && holdsPlace(instance)) list.push(instance.place);
      }
      this.places = { since: lastConfigChangeAt, list };
    }
    return this.places.list;
  }

  private updatePlaces(old: Instance | undefined, next: Instance | undefined): void {
    if (this.places === undefined) return;
    const held = old !== undefined && holdsPlace(old) ? old : undefined;
    const holder = next !== undefined && holdsPlace(next) ? next : undefined;
    if (held?.place === holder?.place && held?.appVersion === holder?.appVersion) return;
    if (held !== undefined) this.places = undefined;
    else if (holder !== undefined && holder.appVersion >= this.places.since) this.places.list.push(holder.place);
  }

  private serves(instance: Instance): boolean {
    return serves(instance, this.definitionOf(instance.appVersion));
  }

  private countStopped(instance: Instance, step: 1 | -1): void {
    if (instance.place === undefined) {
      if (step > 0) this.stopped.add(instance.id);
      else this.stopped.delete(instance.id);
      return;
    }
    this.stopping += step;
    // Nobody knows when an agent that is away comes back: nothing waits for that.
    if (!isUnreachable(instance)) this.leaving += step;
  }

  private count(instance: Instance, step: 1 | -1): void {
    // Nobody counts on what is kept to be looked at, and nobody waits for its end.
    if (instance.goal === 'Frozen') return;
    if (instance.goal === 'Stopped') this.countStopped(instance, step);
    else if (instance.goal !== 'Running') this.leaving += step;
    if (instance.goal !== 'Running') return;
    let counts = this.byVersion.get(instance.appVersion);
    if (counts === undefined) {
      counts = { active: 0, up: 0, waiting: 0, inactive: 0 };
      this.byVersion.set(instance.appVersion, counts);
    }
    if (instance.condition === 'UnreachableInactive') counts.inactive += step;
    else {
      this.active += step;
      counts.active += step;
      if (instance.place === undefined) counts.waiting += step;
      if (this.serves(instance)) counts.up += step;
    }
    if (counts.active === 0 && counts.inactive === 0) this.byVersion.delete(instance.appVersion);
  }
}

function isWaiting(instance: Instance): boolean {
  return instance.condition === 'Scheduled' && instance.goal === 'Running';
}

function holdsPlace(instance: Instance): instance is Instance & { readonly place: AgentPlace } {
  return instance.place !== undefined && instance.condition !== 'Unreachable';
}
