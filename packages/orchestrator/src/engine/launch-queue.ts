/** Apps with instances that wait for a place: which may launch now, and which sit out a pause first. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { isIdle, remainingMs } from '../core/backoff.ts';
import { isResident } from '../core/app/spec.ts';
import type { Instance } from '../core/instance.ts';
import { RejectSummary } from '../core/placement/reject-summary.ts';
import type { AppInstances } from './app-instances.ts';
import type { Fleet } from './fleet.ts';
import type { RootState } from './root-state.ts';

interface LaunchQueueParts {
  readonly time: Clock & Timers;
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly turn: (work: () => void) => void;
}

/** Instances of one app that would be launched from one definition. */
export interface LaunchGroup {
  readonly app: AppInstances;
  readonly definition: AppDefinition;
  /** How many have yet to find a place. */
  readonly count: number;
  /** Those that have one already: where their volumes are. */
  readonly reserved: readonly Instance[];
}

/** One per engine. */
export class LaunchQueue {
  private readonly parts: LaunchQueueParts;
  private readonly ready = new Set<string>();
  private readonly delayed = new Set<string>();
  private readonly residents = new Set<string>();
  /** The roles of the ready ones, and how many have each. */
  private readonly roles = new Map<string, string>();
  private readonly waitingByRole = new Map<string, number>();
  private readonly summaries = new Map<string, RejectSummary>();
  private timer: { readonly at: number; readonly handle: TimerHandle } | undefined;
  private arrived = false;

  constructor(parts: LaunchQueueParts) {
    this.parts = parts;
  }

  /** Apps that may launch now, the longest waiting first. */
  get launchable(): ReadonlySet<string> {
    return this.ready;
  }

  /** Brings the queue up to date with an app. Called at the end of every turn that touched it. */
  refresh(appId: string): void {
    const app = this.parts.fleet.find(appId);
    if (app === undefined || app.scheduled.size === 0) {
      this.unready(appId);
      this.delayed.delete(appId);
      if (app === undefined || app.active === 0) this.summaries.delete(appId);
      return;
    }
    if (this.ready.has(appId)) {
      this.noteNeeds(app);
      return;
    }
    const wait = this.waitOf(app);
    if (wait > 0) {
      this.delayed.add(appId);
      this.arm(this.parts.time.now() + wait);
    } else {
      this.delayed.delete(appId);
      this.ready.add(appId);
      this.noteNeeds(app);
      this.arrived = true;
    }
  }

  /** Whether any of them keeps data on its agents: then resources are to be reserved, or are. */
  get hasResidents(): boolean {
    return this.residents.size > 0;
  }

  /** The roles of apps that may launch now. */
  rolesWaiting(): Iterable<string> {
    return this.waitingByRole.keys();
  }

  /** Whether any app of a role may launch now. */
  isWaitedIn(role: string): boolean {
    return this.waitingByRole.has(role);
  }

  /** Whether an app has become ready since the last time this was asked: offers may be wanted. */
  takeArrived(): boolean {
    const { arrived } = this;
    this.arrived = false;
    return arrived;
  }

  /**
   * What may be launched of an app, by definition; at most `limit` instances. An app whose every definition sits out a
   * pause is moved aside and gives nothing.
   */
  groups(appId: string, limit: number): LaunchGroup[] {
    const app = this.parts.fleet.find(appId);
    if (app === undefined) return [];
    const waiting = new Map<AppDefinition, { count: number; readonly reserved: Instance[] }>();
    let taken = 0;
    for (const instanceId of app.scheduled) {
      if (taken >= limit) break;
      const instance = app.all.get(instanceId);
      const definition = this.definitionFor(app, instance?.appVersion ?? '');
      if (instance === undefined || definition === undefined) continue;
      let group = waiting.get(definition);
      if (group === undefined) {
        group = { count: 0, reserved: [] };
        waiting.set(definition, group);
      }
      if (instance.reservation === undefined) group.count += 1;
      else group.reserved.push(instance);
      taken += 1;
    }
    const groups: LaunchGroup[] = [];
    for (const [definition, group] of waiting) {
      if (this.waitFor(app, definition) === 0) groups.push({ app, definition, ...group });
    }
    if (groups.length === 0) {
      this.unready(appId);
      this.refresh(appId);
    }
    return groups;
  }

  /**
   * What a waiting instance is launched from: the newest definition of the configuration it belongs to. Scaling makes a
   * new version of the same configuration.
   */
  definitionFor(app: AppInstances, version: string): AppDefinition | undefined {
    const target = this.parts.root.spec(app.appId);
    if (target !== undefined && version >= target.versionInfo.lastConfigChangeAt) return target;
    return this.parts.root.appAtVersion(app.appId, version) ?? target;
  }

  /** Milliseconds until some instance of an app that waits may be launched, 0 for at once. */
  waitOf(app: AppInstances): number {
    if (app.backoffs.size === 0) return 0;
    let least = Number.POSITIVE_INFINITY;
    const seen = new Set<AppDefinition>();
    for (const [version, { waiting }] of app.byVersion) {
      if (waiting === 0) continue;
      const definition = this.definitionFor(app, version);
      if (definition === undefined || seen.has(definition)) continue;
      seen.add(definition);
      least = Math.min(least, this.waitFor(app, definition));
    }
    return Number.isFinite(least) ? least : 0;
  }

  /** Ends the pauses of an app. */
  resetDelay(appId: string): void {
    this.parts.fleet.find(appId)?.backoffs.clear();
    this.refresh(appId);
  }

  /** The account of offers that were examined for an app. */
  summaryOf(appId: string): RejectSummary {
    let summary = this.summaries.get(appId);
    if (summary === undefined) {
      summary = new RejectSummary();
      this.summaries.set(appId, summary);
    }
    return summary;
  }

  /** The account of an app for reading; an empty one when there is none. */
  summaryFor(appId: string): RejectSummary {
    return this.summaries.get(appId) ?? new RejectSummary();
  }

  /** Whether any offers were examined for an app while it waited. */
  hasSummary(appId: string): boolean {
    return this.summaries.has(appId);
  }

  stop(): void {
    this.timer?.handle.cancel();
  }

  /** What sort of offers an app needs, by what is wanted of it now. */
  private noteNeeds(app: AppInstances): void {
    const { appId, scheduled, all } = app;
    const [first = ''] = scheduled;
    const definition = this.parts.root.spec(appId) ?? this.definitionFor(app, all.get(first)?.appVersion ?? '');
    if (definition === undefined) return;
    this.countRole(appId, definition.role);
    if (isResident(definition)) this.residents.add(appId);
    else this.residents.delete(appId);
  }

  private unready(appId: string): void {
    this.ready.delete(appId);
    this.residents.delete(appId);
    this.countRole(appId, undefined);
  }

  private countRole(appId: string, role: string | undefined): void {
    const old = this.roles.get(appId);
    if (old === role) return;
    const { waitingByRole } = this;
    if (old !== undefined) {
      const left = (waitingByRole.get(old) ?? 0) - 1;
      if (left > 0) waitingByRole.set(old, left);
      else waitingByRole.delete(old);
    }
    if (role === undefined) {
      this.roles.delete(appId);
      return;
    }
    this.roles.set(appId, role);
    waitingByRole.set(role, (waitingByRole.get(role) ?? 0) + 1);
  }

  private waitFor(app: AppInstances, definition: AppDefinition): number {
    const key = definition.versionInfo.lastConfigChangeAt;
    const backoff = app.backoffs.get(key);
    if (backoff === undefined) return 0;
    const now = this.parts.time.now();
    const wait = remainingMs(backoff, now);
    if (wait === 0 && isIdle(backoff, definition, now)) app.backoffs.delete(key);
    return wait;
  }

  private arm(at: number): void {
    if (this.timer !== undefined && this.timer.at <= at) return;
    this.timer?.handle.cancel();
    const { time, turn } = this.parts;
    const handle = time.after(Math.max(1, at - time.now()), () => {
      this.timer = undefined;
      turn(() => {
        for (const appId of [...this.delayed]) this.refresh(appId);
      });
    });
    this.timer = { at, handle };
  }
}
