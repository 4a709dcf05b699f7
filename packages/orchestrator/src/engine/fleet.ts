/** All instances, by app: the one place where an instance changes, with its record, its event and its counters. */
import type { Clock } from '@stadion/base';
import type { TaskFailure } from '@stadion/contract/orchestrator';
import type { ServingReason } from '@stadion/contract/orchestrator-extensions';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { parseTaskId, appIdOfSafe, safeIdOf, safeIdOfInstance } from '../core/instance-ids.ts';
import { whyServing } from '../core/health.ts';
import { taskIdsOf, type Instance } from '../core/instance.ts';
import { AppInstances } from './app-instances.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Journal } from './journal.ts';
import { asJson, failureKey, instanceKey, instanceRecord } from './records.ts';
import type { RootState } from './root-state.ts';

/** All instances, as far as the engine knows. */
export class Fleet {
  private readonly apps = new Map<string, AppInstances>();
  private readonly bySafeId = new Map<string, AppInstances>();
  private readonly failures = new Map<string, TaskFailure>();
  private readonly journal: Journal;
  private readonly feed: ListenerFeed;
  private readonly root: RootState;
  private readonly clock: Clock;
  /** Apps that something happened to, in the order in which it did; whoever draws the consequences empties it. */
  readonly dirty = new Set<string>();

  constructor(parts: {
    readonly journal: Journal;
    readonly feed: ListenerFeed;
    readonly root: RootState;
    readonly clock: Clock;
  }) {
    this.journal = parts.journal;
    this.feed = parts.feed;
    this.root = parts.root;
    this.clock = parts.clock;
  }

  /** The instances of an app, if it ever had any. */
  find(appId: string): AppInstances | undefined {
    return this.apps.get(appId);
  }

  /** The instances of an app, begun with none. */
  of(appId: string): AppInstances {
    const known = this.apps.get(appId);
    if (known !== undefined) return known;
    const safeId = safeIdOf(appId);
    const app = new AppInstances(
      appId,
      safeId,
      (version) => this.root.appAtVersion(appId, version),
      () => this.clock.now(),
    );
    this.apps.set(appId, app);
    this.bySafeId.set(safeId, app);
    return app;
  }

  /** All apps that have or had instances, in the order in which they were first seen. */
  all(): Iterable<AppInstances> {
    return this.apps.values();
  }

  /** Has every app looked at, as if something had happened to it. */
  lookAtAll(): void {
    for (const { id } of this.root.specs()) this.dirty.add(id);
    for (const { appId } of this.all()) this.dirty.add(appId);
    // Versions that outlived their app.
    for (const appId of this.root.knownApps()) this.dirty.add(appId);
  }

  instance(instanceId: string): Instance | undefined {
    const safeId = safeIdOfInstance(instanceId);
    return safeId === undefined ? undefined : this.bySafeId.get(safeId)?.all.get(instanceId);
  }

  /** The instance whose current launch has this task id. */
  byTaskId(taskId: string): Instance | undefined {
    const parts = parseTaskId(taskId);
    if (parts === undefined) return undefined;
    const instance = this.bySafeId.get(parts.safeId)?.all.get(parts.instanceId);
    if (instance?.place === undefined || instance.incarnation !== parts.incarnation) return undefined;
    const { tasks } = instance;
    const isOfIt =
      tasks === undefined ? parts.container === '_app' : tasks.some(({ name }) => name === parts.container);
    return isOfIt ? instance : undefined;
  }

  /** The instance that last had this task, which has ended, and that is kept with its volumes. */
  restingByTaskId(taskId: string): Instance | undefined {
    const instanceId = parseTaskId(taskId)?.instanceId;
    const instance = instanceId === undefined ? undefined : this.instance(instanceId);
    return instance?.place === undefined && instance?.reservation !== undefined ? instance : undefined;
  }

  /** The app id that a task id of ours names, whether or not we know the task. */
  appIdOfTask(taskId: string): string {
    const parts = parseTaskId(taskId);
    return parts === undefined ? '/' : appIdOfSafe(parts.safeId);
  }

  /** Adds or replaces an instance. One that was never launched has no record: it is made anew after a crash. */
  update(instance: Instance): void {
    const app = this.of(instance.appId);
    const old = app.all.get(instance.id);
    app.put(instance);
    if (instance.incarnation > 0) this.journal.put(instanceKey(instance.id), instanceRecord(instance));
    this.dirty.add(instance.appId);
    if (!this.feed.isHeard) return;
    if (old?.condition !== instance.condition) this.announce(instance);
    this.announceServing(old, instance);
    if (old !== undefined && old.healthy !== instance.healthy) {
      this.journal.emit({
        eventType: 'instance_health_changed_event',
        timestamp: formatTimestamp(this.clock.now()),
        instanceId: instance.id,
        runSpecId: instance.appId,
        healthy: instance.healthy ?? null,
        runSpecVersion: instance.appVersion,
      });
    }
  }

  /** Tells listeners when what to name and route to has changed. @param next undefined: it is gone */
  private announceServing(old: Instance | undefined, next: Instance | undefined): void {
    const before = this.serving(old);
    const after = this.serving(next);
    const task = next?.place === undefined ? old : next;
    // An instance that comes to run and does not serve is announced, too: to listeners it looks like one without checks.
    const isNew = !after.serving && runs(next) && !runs(old);
    const isSame = before.serving === after.serving && before.draining === after.draining;
    if (task === undefined || (isSame && !isNew)) return;
    for (const taskId of taskIdsOf(task)) {
      this.journal.emit({
        eventType: 'instance_serving_changed_event',
        timestamp: formatTimestamp(this.clock.now()),
        instanceId: task.id,
        taskId,
        runSpecId: task.appId,
        serving: after.serving,
        draining: after.draining,
        reason: next?.place === undefined ? 'ended' : after.reason,
      });
    }
  }

  private serving(instance: Instance | undefined): { serving: boolean; draining: boolean; reason: ServingReason } {
    if (instance === undefined) return { serving: false, draining: false, reason: 'ended' };
    const reason = whyServing(instance, this.root.appAtVersion(instance.appId, instance.appVersion));
    return { serving: reason === 'serving', draining: reason === 'draining', reason };
  }

  /** Forgets an instance. */
  remove(instance: Instance): void {
    const app = this.apps.get(instance.appId);
    if (this.feed.isHeard) this.announceServing(app?.all.get(instance.id), undefined);
    app?.delete(instance.id);
    if (instance.incarnation > 0) this.journal.remove(instanceKey(instance.id));
    this.dirty.add(instance.appId);
  }

  /** Takes over an instance from the store. */
  load(instance: Instance): void {
    this.of(instance.appId).load(instance);
  }

  /** Tells listeners in what condition an instance is, also when it is about to be forgotten in it. */
  announce(instance: Instance): void {
    if (!this.feed.isHeard) return;
    this.journal.emit({
      eventType: 'instance_changed_event',
      timestamp: formatTimestamp(this.clock.now()),
      instanceId: instance.id,
      condition: instance.condition,
      runSpecId: instance.appId,
      ...(instance.place !== undefined && { agentId: instance.place.agentId, host: instance.place.hostname }),
      runSpecVersion: instance.appVersion,
    });
  }

  /** Forgets an app that is gone, with its last failure. */
  drop(appId: string): void {
    const app = this.apps.get(appId);
    if (app !== undefined) {
      this.apps.delete(appId);
      this.bySafeId.delete(app.safeId);
    }
    if (this.failures.delete(appId)) this.journal.remove(failureKey(appId));
  }

  lastFailure(appId: string): TaskFailure | undefined {
    return this.failures.get(appId);
  }

  /** Keeps the last failure of an app. */
  recordFailure(failure: TaskFailure): void {
    this.failures.set(failure.appId, failure);
    this.journal.put(failureKey(failure.appId), asJson(failure));
  }

  /** Takes over a last failure from the store. */
  loadFailure(failure: TaskFailure): void {
    this.failures.set(failure.appId, failure);
  }
}

/** Whether an agent has said that anything of it runs. */
function runs(instance: Instance | undefined): boolean {
  if (instance === undefined) return false;
  return (
    instance.taskState === 'TASK_RUNNING' || instance.tasks?.some(({ state }) => state === 'TASK_RUNNING') === true
  );
}
