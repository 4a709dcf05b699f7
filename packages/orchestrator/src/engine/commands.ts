/** What people and programs ask of the engine: change the root, kill, cancel. Answers come once the intent is durable. */
import type { Clock } from '@stadion/base';
import type { DeploymentResult } from '@stadion/contract/orchestrator';
import type { DeployPolicy, DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { parentId } from '../core/app/app-id.ts';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { isDraining } from '../core/health.ts';
import type { Instance } from '../core/instance.ts';
import { nextVersion } from '../core/next-version.ts';
import type {
  DeploymentControl,
  OrchestratorEngine,
  Outcome,
  PlannedRoot,
  Rejection,
  RootChange,
  RootView,
} from '../engine.ts';
import type { DeployPolicies } from './deploy-policies.ts';
import type { Deployment } from './deployment.ts';
import type { Verdict } from './deployment-judge.ts';
import { recordOf } from './deployment-view.ts';
import type { Deployments } from './deployments.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { LaunchQueue } from './launch-queue.ts';
import type { Lifecycle } from './lifecycle.ts';
import { FROZEN_PER_APP_MAX } from './limits.ts';
import type { RootChanges } from './root-changes.ts';
import type { RootState } from './root-state.ts';

interface CommandsParts {
  readonly journal: Journal;
  readonly feed: ListenerFeed;
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly deployments: Deployments;
  readonly changes: RootChanges;
  readonly policies: DeployPolicies;
  readonly lifecycle: Lifecycle;
  readonly queue: LaunchQueue;
  readonly clock: Clock;
  readonly turn: (work: () => void) => void;
}

/** What the engine's door has besides reading, events and moves. */
type CommandMethods = Omit<OrchestratorEngine, 'view' | 'events' | 'moves'>;

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
      const outcome = this.parts.changes.apply(change, options);
      if (!outcome.ok) {
        this.announceRefusal(outcome.rejection, options.groupId ?? commonGroupOf(options.concerns ?? []));
        return outcome;
      }
      const { result, touched } = outcome.value;
      this.announceChange(options.groupId ?? commonGroupOf([...touched]), result.version);
      return { ok: true, value: result };
    });
  }

  planChange(change: Parameters<OrchestratorEngine['planChange']>[0]): Outcome<PlannedRoot> {
    if (!this.isOpen) return refuse(UNAVAILABLE);
    const planned = this.parts.changes.plan(change);
    if (!planned.ok) return planned;
    const { steps, apps, conflicts, token, refusals } = planned.value;
    const fit = this.parts.changes.fit(planned.value);
    const changed = apps.filter(({ from, to }) => from !== to).map(({ id, from, to }) => ({ id, from, to }));
    const holders = [...conflicts].map(({ id }) => id);
    return { ok: true, value: { steps, apps: changed, conflicts: holders, token, refusals, fit } };
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
        if (instance === undefined || instance.incarnation === 0) continue;
        if (options.wipe && instance.reservation !== undefined) lifecycle.decommission(instance, false);
        else if (instance.place === undefined) continue;
        else if (instance.goal === 'Frozen') lifecycle.retire(instance, false);
        else if (isDraining(instance)) lifecycle.endNow(instance);
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
      return this.takeBack(deployment, 'canceled, and reverted by a new deployment');
    });
  }

  controlDeployment(id: string, action: DeploymentControl, by: string | undefined): Promise<Outcome<DeploymentRecord>> {
    const { deployments, root, clock } = this.parts;
    return this.durably((): Outcome<DeploymentRecord> => {
      const deployment = deployments.get(id);
      if (deployment === undefined) {
        return refuse({ kind: 'not-found', message: `DeploymentPlan ${id} does not exist` });
      }
      switch (action) {
        case 'pause':
          deployments.control(deployment, { isPaused: true });
          break;
        case 'resume':
          deployments.control(deployment, { isPaused: false });
          break;
        case 'promote':
          deployments.control(deployment, { isPromoted: true, isPaused: false });
          break;
        case 'fail': {
          const back = this.takeBack(deployment, `failed by ${by ?? 'somebody'}, and reverted by a new deployment`);
          if (!back.ok) return back;
          const ended = deployments.archived(id);
          if (ended !== undefined) return { ok: true, value: ended };
        }
      }
      return { ok: true, value: recordOf(deployment, root, clock.now()) };
    });
  }

  /** Takes back what the judge has found to be failed. Inside a turn. */
  carryOutVerdicts(verdicts: readonly Verdict[]): void {
    for (const { deployment, reason } of verdicts) {
      if (this.parts.deployments.get(deployment.id) === deployment) this.takeBack(deployment, reason);
    }
  }

  /** Ends a deployment and begins one that makes everything what it was. */
  private takeBack(deployment: Deployment, reason: string): Outcome<DeploymentResult> {
    const { deployments, changes } = this.parts;
    // Nothing holds its apps any more, so the way back cannot be locked by itself.
    deployments.cancel(deployment, reason);
    const outcome = changes.apply((root, version) => changes.revert(deployment, root, version), {
      force: true,
      isRollBack: true,
      by: `roll back of ${deployment.id}`,
    });
    if (!outcome.ok) return outcome;
    const { result, touched } = outcome.value;
    this.announceChange(commonGroupOf([...touched]), result.version);
    return { ok: true, value: result };
  }

  freezeInstance(instanceId: string): Promise<Outcome<Instance>> {
    const { fleet, lifecycle } = this.parts;
    return this.durably((): Outcome<Instance> => {
      const instance = fleet.instance(instanceId);
      if (instance?.condition !== 'Running' || instance.goal !== 'Running') {
        return refuse({ kind: 'bad-request', message: 'Only a task that runs and is not to go can be frozen.' });
      }
      let frozen = 0;
      for (const other of fleet.of(instance.appId).all.values()) if (other.goal === 'Frozen') frozen += 1;
      if (frozen >= FROZEN_PER_APP_MAX) {
        const message = `At most ${String(FROZEN_PER_APP_MAX)} tasks of one app can be frozen. Kill one that was looked at.`;
        return refuse({ kind: 'bad-request', message });
      }
      lifecycle.freeze(instance);
      return { ok: true, value: fleet.instance(instanceId) ?? instance };
    });
  }

  setPolicy(groupId: string, policy: DeployPolicy | undefined): Promise<Outcome<undefined>> {
    return this.durably((): Outcome<undefined> => {
      if (this.parts.policies.set(groupId, policy)) return { ok: true, value: undefined };
      return refuse({ kind: 'invalid', message: 'There are too many groups with a policy. Remove one.' });
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

  private announceChange(groupId: string, version: string): void {
    const { feed, journal, clock } = this.parts;
    if (!feed.isHeard) return;
    journal.emit({ eventType: 'group_change_success', timestamp: formatTimestamp(clock.now()), groupId, version });
  }

  private announceRefusal(rejection: Rejection, groupId: string): void {
    const { feed, journal, clock, root } = this.parts;
    if (!feed.isHeard) return;
    journal.emit({
      eventType: 'group_change_failed',
      timestamp: formatTimestamp(clock.now()),
      groupId,
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

/** The innermost group that holds all of these apps. */
function commonGroupOf(appIds: readonly string[]): string {
  const [first, ...rest] = appIds;
  let group = first === undefined ? '/' : parentId(first);
  for (const appId of rest) {
    while (group !== '/' && !appId.startsWith(`${group}/`)) group = parentId(group);
  }
  return group;
}
