/** What people and programs ask of the engine: change the root, kill, cancel. Answers come once the intent is durable. */
import { randomUuid, type Clock, type Random } from '@stadion/base';
import type { AppDefinition, DeploymentResult } from '@stadion/contract/orchestrator';
import { VALUE_BYTES_MAX, type JsonValue } from '@stadion/store';
import { stampVersion } from '../core/app/app-version.ts';
import { parentId } from '../core/app/app-id.ts';
import { specOf } from '../core/app/spec.ts';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { planSteps, type AppChange } from '../core/deployment/plan.ts';
import { isDraining } from '../core/health.ts';
import type { Instance } from '../core/instance.ts';
import { nextVersion } from '../core/next-version.ts';
import type { OrchestratorEngine, Outcome, Rejection, RootChange, RootView } from '../engine.ts';
import type { EngineConfig } from './config.ts';
import { appsOf, deploymentRecord, type Deployment } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { LaunchQueue } from './launch-queue.ts';
import type { Lifecycle } from './lifecycle.ts';
import { APPS_PER_CHANGE_MAX } from './limits.ts';
import { asJson } from './records.ts';
import type { RootState } from './root-state.ts';

interface CommandsParts {
  readonly journal: Journal;
  readonly feed: ListenerFeed;
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly deployments: Deployments;
  readonly lifecycle: Lifecycle;
  readonly queue: LaunchQueue;
  readonly config: EngineConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly turn: (work: () => void) => void;
}

type CommandMethods = Pick<OrchestratorEngine, 'changeRoot' | 'killInstances' | 'cancelDeployment' | 'resetDelay'>;

type ChangeOptions = Parameters<OrchestratorEngine['changeRoot']>[1];

const UNAVAILABLE: Rejection = {
  kind: 'unavailable',
  message: 'This orchestrator is not active: it is starting, stopping or has lost its store. Try again in a moment.',
};

const STORE_FULL: Rejection = {
  kind: 'unavailable',
  message: 'The disk that holds the state is full, so nothing can be changed. Make room; the rest goes on by itself.',
};

/** The answer to a command whose change is made in memory and waits for the disk. */
const CAUGHT_BY_FULL_STORE: Rejection = {
  kind: 'unavailable',
  message:
    'The disk that holds the state is full, so it is not certain that this change is kept. It takes effect once there ' +
    'is room, unless the platform ends before. Make room, then look whether it is there.',
};

/** One per engine. */
export class Commands implements CommandMethods {
  private readonly parts: CommandsParts;
  /** Refuses the commands whose intent is not durable yet. */
  private readonly pending = new Set<(why: Rejection) => void>();
  private isOpen = false;

  constructor(parts: CommandsParts) {
    this.parts = parts;
  }

  open(): void {
    this.isOpen = true;
  }

  /** Refuses what comes, and what has not become durable. */
  close(): void {
    this.isOpen = false;
    this.answerPending(UNAVAILABLE);
  }

  changeRoot(
    change: (root: RootView, version: string) => Outcome<RootChange>,
    options: ChangeOptions,
  ): Promise<Outcome<DeploymentResult>> {
    return this.durably(() => {
      const outcome = this.applyChange(change, options);
      if (!outcome.ok) this.announceRefusal(outcome.rejection, options.concerns ?? []);
      return outcome;
    });
  }

  killInstances(
    instanceIds: readonly string[],
    options: { readonly wipe: boolean },
  ): Promise<Outcome<readonly Instance[]>> {
    const { fleet, lifecycle } = this.parts;
    return this.durably(() => {
      const told: Instance[] = [];
      for (const instanceId of new Set(instanceIds)) {
        const instance = fleet.instance(instanceId);
        if (instance?.place === undefined) continue;
        if (isDraining(instance)) lifecycle.endNow(instance);
        else if (instance.goal !== 'Running') continue;
        else if (options.wipe) lifecycle.decommission(instance, false);
        else if (!lifecycle.killTask(instance)) lifecycle.forget(instance);
        told.push(instance);
      }
      return { ok: true, value: told };
    });
  }

  cancelDeployment(id: string, options: { readonly force: boolean }): Promise<Outcome<DeploymentResult | undefined>> {
    const { deployments } = this.parts;
    return this.durably((): Outcome<DeploymentResult | undefined> => {
      const deployment = deployments.get(id);
      if (deployment === undefined) {
        return refuse({ kind: 'not-found', message: `DeploymentPlan ${id} does not exist` });
      }
      if (options.force) {
        deployments.cancel(deployment, 'canceled');
        return { ok: true, value: undefined };
      }
      // Nothing holds its apps any more, so the way back cannot be locked by itself.
      deployments.cancel(deployment, 'canceled, and reverted by a new deployment');
      return this.applyChange((root, version) => this.revert(deployment, root, version), { force: true });
    });
  }

  resetDelay(appId: string): Promise<Outcome<undefined>> {
    const { fleet, queue } = this.parts;
    return this.durably((): Outcome<undefined> => {
      if ((fleet.find(appId)?.scheduled.size ?? 0) === 0) {
        return refuse({ kind: 'not-found', message: `Application ${appId} not found in tasks queue.` });
      }
      queue.resetDelay(appId);
      return { ok: true, value: undefined };
    });
  }

  /** The inverse of a deployment, for the apps it touches, on the root as it is now. */
  private revert(deployment: Deployment, root: RootView, version: string): Outcome<RootChange> {
    const upserts: AppDefinition[] = [];
    const removals: string[] = [];
    for (const [app, { from }] of deployment.changes) {
      const before = from === undefined ? undefined : root.appAtVersion(app, from);
      if (before !== undefined) upserts.push(stampVersion(specOf(before), root.app(app), version));
      else if (from === undefined && root.app(app) !== undefined) removals.push(app);
    }
    return { ok: true, value: { upserts, removals } };
  }

  private applyChange(
    change: (root: RootView, version: string) => Outcome<RootChange>,
    options: ChangeOptions,
  ): Outcome<DeploymentResult> {
    const { root, fleet, deployments, config, clock, random } = this.parts;
    const version = nextVersion(root.version, clock.now());
    const outcome = change(root, version);
    if (!outcome.ok) return outcome;
    const changes = this.appChanges(outcome.value);
    if (changes.length > APPS_PER_CHANGE_MAX) {
      const message = `At most ${String(APPS_PER_CHANGE_MAX)} apps can be changed at once, these are ${String(changes.length)}. Split the change.`;
      return refuse({ kind: 'invalid', message });
    }
    const oversized = changes.find(({ to }) => to !== undefined && isTooLarge(asJson(to)));
    if (oversized !== undefined) {
      return refuse({
        kind: 'invalid',
        message: `App '${oversized.id}' is larger than ${String(VALUE_BYTES_MAX)} bytes.`,
      });
    }
    const targets = new Map(changes.map((appChange) => [appChange.id, appChange.to]));
    const steps = planSteps(changes, (appId) => dependenciesOf(appId, root, targets));
    const apps = appsOf(steps);
    const touched = new Set([...apps, ...changes.filter(isReal).map(({ id }) => id)]);
    const conflicts = new Set<Deployment>();
    for (const appId of touched) {
      const holder = deployments.holding(appId);
      if (holder !== undefined) conflicts.add(holder);
    }
    if (conflicts.size > 0 && !options.force) {
      return refuse({ kind: 'locked', deploymentIds: [...conflicts].map(({ id }) => id) });
    }
    if (deployments.size - conflicts.size >= config.maxRunningDeployments) {
      return refuse({ kind: 'too-many-deployments', limit: config.maxRunningDeployments });
    }
    const deployment: Deployment = {
      id: randomUuid(random),
      version,
      steps,
      apps,
      changes: new Map(
        changes
          .filter(({ id }) => touched.has(id))
          .map(({ id, from, to }) => [id, { from: from?.version, to: to?.version }]),
      ),
      victims: new Map([...(options.victims ?? [])].map(([appId, ids]) => [appId, new Set(ids)])),
      step: 0,
      underWay: undefined,
    };
    if (isTooLarge(asJson(deploymentRecord(deployment)))) {
      return refuse({ kind: 'invalid', message: 'This changes too many apps at once. Split the change.' });
    }
    for (const conflict of conflicts) {
      deployments.cancel(conflict, `replaced by deployment ${deployment.id}`);
    }
    for (const { id, from, to } of changes) {
      if (to === undefined) root.remove(id, version);
      else if (to !== from) root.set(to);
      fleet.dirty.add(id);
    }
    root.setVersion(version);
    deployments.add(deployment);
    for (const { id } of changes) {
      root.prune(id, config.maxVersionsPerApp, (candidate) => {
        return deployments.uses(id, candidate) || fleet.find(id)?.byVersion.has(candidate) === true;
      });
    }
    this.announceChange([...touched], version);
    return { ok: true, value: { version, deploymentId: deployment.id } };
  }

  private appChanges(change: RootChange): AppChange[] {
    const { root, fleet } = this.parts;
    const changes: AppChange[] = change.upserts.map((to) => ({
      id: to.id,
      from: root.app(to.id),
      to,
      hasOutdated: fleet.find(to.id)?.hasOutdated(to.versionInfo.lastConfigChangeAt) ?? false,
    }));
    for (const id of change.removals) {
      const from = root.app(id);
      if (from !== undefined) changes.push({ id, from, to: undefined, hasOutdated: false });
    }
    return changes;
  }

  private announceChange(apps: readonly string[], version: string): void {
    const { feed, journal, clock } = this.parts;
    if (!feed.isHeard) return;
    journal.emit({
      eventType: 'group_change_success',
      timestamp: formatTimestamp(clock.now()),
      groupId: commonGroupOf(apps),
      version,
    });
  }

  private announceRefusal(rejection: Rejection, apps: readonly string[]): void {
    const { feed, journal, clock, root } = this.parts;
    if (!feed.isHeard) return;
    journal.emit({
      eventType: 'group_change_failed',
      timestamp: formatTimestamp(clock.now()),
      groupId: commonGroupOf(apps),
      version: nextVersion(root.version, clock.now()),
      reason: reasonOf(rejection),
    });
  }

  /** The store has no room: whoever waits is told, since it may take long. */
  storeIsFull(): void {
    this.answerPending(CAUGHT_BY_FULL_STORE);
  }

  private answerPending(why: Rejection): void {
    for (const giveUp of this.pending) giveUp(why);
    this.pending.clear();
  }

  /** Does a command as a turn of its own, and answers when what it decided is durable. */
  private durably<Value>(command: () => Outcome<Value>): Promise<Outcome<Value>> {
    const { journal, turn } = this.parts;
    return new Promise((resolve) => {
      if (!this.isOpen || journal.isStuck) {
        resolve(refuse(journal.isStuck ? STORE_FULL : UNAVAILABLE));
        return;
      }
      const giveUp = (why: Rejection): void => {
        resolve(refuse(why));
      };
      this.pending.add(giveUp);
      turn(() => {
        const outcome = command();
        journal.whenDurable(() => {
          this.pending.delete(giveUp);
          resolve(outcome);
        });
      });
    });
  }
}

function refuse(rejection: Rejection): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection };
}

/** A rejection in one sentence. */
function reasonOf(rejection: Rejection): string {
  switch (rejection.kind) {
    case 'locked':
      return `App is locked by one or more deployments: ${rejection.deploymentIds.join(', ')}`;
    case 'too-many-deployments':
      return `Max number (${String(rejection.limit)}) of running deployments is reached`;
    default:
      return rejection.message;
  }
}

/** Whether the store would refuse a value for its size. */
function isTooLarge(value: JsonValue): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > VALUE_BYTES_MAX;
}

function isReal({ from, to }: AppChange): boolean {
  return from !== to;
}

/** The innermost group that holds all of these apps. */
function commonGroupOf(appIds: readonly string[]): string {
  const [first, ...rest] = appIds;
  let group = first === undefined ? '/' : parentId(first);
  for (const appId of rest) {
    while (group !== '/' && !appId.startsWith(`${group}/`)) group = parentId(group);
  }
  return group;
}

/** The apps that an app depends on directly; a group stands for all apps in it. */
function dependenciesOf(
  appId: string,
  root: RootView,
  targets: ReadonlyMap<string, AppDefinition | undefined>,
): readonly string[] {
  const app = targets.has(appId) ? targets.get(appId) : root.app(appId);
  const ids = new Set<string>();
  for (const dependency of app?.dependencies ?? []) {
    if (targets.get(dependency) !== undefined || root.app(dependency) !== undefined) ids.add(dependency);
    for (const member of root.apps(dependency)) ids.add(member.id);
    for (const [id, target] of targets) if (target !== undefined && id.startsWith(`${dependency}/`)) ids.add(id);
  }
  return [...ids];
}
