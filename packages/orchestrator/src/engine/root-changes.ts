/** Changes of the root: first what they would come to, then, if nothing stands in the way, all of it. */
import { randomUuid, type Clock, type Random } from '@stadion/base';
import type { AppDefinition, DeploymentResult } from '@stadion/contract/orchestrator';
import type { FitAnswer } from '@stadion/contract/orchestrator-extensions';
import { VALUE_BYTES_MAX, type JsonValue } from '@stadion/store';
import { stampVersion } from '../core/app/app-version.ts';
import { specOf } from '../core/app/spec.ts';
import { appDiffs } from '../core/deployment/definition-diff.ts';
import { planToken } from '../core/deployment/plan-token.ts';
import { planSteps, type AppChange, type DeploymentStep } from '../core/deployment/plan.ts';
import { nextVersion } from '../core/next-version.ts';
import { isWithin, sameSettings, type GroupEdit } from '../core/root/group.ts';
import type { Outcome, Rejection, RootChange, RootView } from '../engine.ts';
import type { PreparedOffer } from '../core/placement/types.ts';
import type { EngineConfig } from './config.ts';
import type { DeployPolicies } from './deploy-policies.ts';
import { newAccount } from './deployment-account.ts';
import { appsOf, deploymentRecord, type Deployment } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import { fitOf } from './fit.ts';
import type { Fleet } from './fleet.ts';
import { APPS_PER_CHANGE_MAX, GROUPS_PER_CHANGE_MAX } from './limits.ts';
import { asJson, historyRecord } from './records.ts';
import type { RootDelta } from './root-history.ts';
import type { RootState } from './root-state.ts';
import { prospectiveGraph } from './prospective-graph.ts';

interface RootChangesParts {
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly deployments: Deployments;
  readonly config: EngineConfig;
  readonly policies: DeployPolicies;
  /** What each agent last offered. */
  readonly lastOffers: () => readonly PreparedOffer[];
  readonly clock: Clock;
  readonly random: Random;
}

/** How a change is carried out. */
export interface RootChangeOptions {
  /** Cancels deployments that hold the apps concerned. */
  readonly force: boolean;
  readonly victims?: ReadonlyMap<string, readonly string[]>;
  /** False: nothing is deployed; only for changes that change no app. */
  readonly deploys?: boolean;
  /** Who asks, for the record. */
  readonly by?: string;
  /** The token of the plan that the change was looked at with: should it be stale, the change is refused. */
  readonly planToken?: string;
  /** Locks and closed windows do not hold it back. */
  readonly overridesPolicy?: boolean;
  /** It takes a deployment back. */
  readonly isRollBack?: boolean;
}

/** What a change comes to, on the root as it is. */
export interface PlannedChange {
  readonly version: string;
  readonly change: RootChange;
  readonly delta: RootDelta;
  /** Of all apps that the change names, changed or not. */
  readonly apps: readonly AppChange[];
  readonly steps: readonly DeploymentStep[];
  /** Apps that are changed or acted on. */
  readonly touched: ReadonlySet<string>;
  /** Deployments that hold any of them. */
  readonly conflicts: ReadonlySet<Deployment>;
  readonly token: string;
  /** Locks and closed windows that stand in the way. */
  readonly refusals: readonly string[];
}

/** A change that was made. */
export interface AppliedChange {
  readonly result: DeploymentResult;
  /** Apps that are changed or acted on. */
  readonly touched: ReadonlySet<string>;
}

type RootCommand = (root: RootView, version: string) => Outcome<RootChange>;

/** One per engine; called inside turns. */
export class RootChanges {
  private readonly parts: RootChangesParts;

  constructor(parts: RootChangesParts) {
    this.parts = parts;
  }

  /** What a command would come to. Nothing is changed. */
  plan(command: RootCommand): Outcome<PlannedChange> {
    const { root, deployments, clock } = this.parts;
    const version = nextVersion(root.version, clock.now());
    const outcome = command(root, version);
    if (!outcome.ok) return outcome;
    const change = outcome.value;
    const apps = this.appChanges(change);
    if (apps.length > APPS_PER_CHANGE_MAX) return tooMany('apps', APPS_PER_CHANGE_MAX, apps.length);
    const delta = root.compare(change, version);
    if (delta.groups.length > GROUPS_PER_CHANGE_MAX) {
      return tooMany('groups', GROUPS_PER_CHANGE_MAX, delta.groups.length);
    }
    const steps = planSteps(apps, prospectiveGraph(root, change));
    const touched = new Set([...appsOf(steps), ...apps.filter(isReal).map(({ id }) => id)]);
    const conflicts = new Set<Deployment>();
    for (const appId of touched) {
      const holder = deployments.holding(appId);
      if (holder !== undefined) conflicts.add(holder);
    }
    const token = planToken([
      ...delta.apps.map(({ id, from }) => ({ id, version: from })),
      ...delta.groups.map(({ id, from }) => ({ id: `${id}/`, version: from?.version })),
    ]);
    const refusals = this.parts.policies.refusals(touched);
    return { ok: true, value: { version, change, delta, apps, steps, touched, conflicts, token, refusals } };
  }

  /** Whether what a planned change adds would find places. */
  fit({ apps }: PlannedChange): readonly FitAnswer[] {
    return fitOf(apps, this.parts.fleet, this.parts.lastOffers(), this.parts.random);
  }

  /** Carries out a command, with the deployment that it needs. All or nothing. */
  apply(command: RootCommand, options: RootChangeOptions): Outcome<AppliedChange> {
    const { root, deployments, config } = this.parts;
    const planned = this.plan(command);
    if (!planned.ok) return planned;
    const { version, change, delta, touched, conflicts } = planned.value;
    if (options.planToken !== undefined && options.planToken !== planned.value.token) {
      const message = 'The plan is stale: what it would change has changed since. Plan again, look at it, apply that.';
      return refuse({ kind: 'stale-plan', message });
    }
    const mayPass = options.overridesPolicy === true || options.isRollBack === true;
    const [held, ...others] = mayPass ? [] : planned.value.refusals;
    if (held !== undefined) return refuse({ kind: 'held-back', message: [held, ...others].join('. ') });
    const oversized = change.upserts.find((app) => isTooLarge(asJson(app)));
    if (oversized !== undefined) {
      const message = `App '${oversized.id}' is larger than ${String(VALUE_BYTES_MAX)} bytes.`;
      return refuse({ kind: 'invalid', message });
    }
    if (conflicts.size > 0 && !options.force) {
      return refuse({ kind: 'locked', deploymentIds: [...conflicts].map(({ id }) => id) });
    }
    if (deployments.size - conflicts.size >= config.maxRunningDeployments) {
      return refuse({ kind: 'too-many-deployments', limit: config.maxRunningDeployments });
    }
    const deployment = this.deploymentFor(planned.value, options);
    if (isTooLarge(asJson(deploymentRecord(deployment))) || isTooLarge(historyRecord(delta))) {
      return refuse({ kind: 'invalid', message: 'This changes too much at once. Split the change.' });
    }
    for (const conflict of conflicts) deployments.cancel(conflict, `replaced by deployment ${deployment.id}`);
    root.apply(change, delta);
    if (options.deploys !== false) deployments.add(deployment);
    this.tidy(planned.value, touched);
    return { ok: true, value: { result: { version, deploymentId: deployment.id }, touched } };
  }

  /** The inverse of a deployment, for what it touched, on the root as it is now. */
  revert(deployment: Deployment, root: RootView, version: string): Outcome<RootChange> {
    const upserts: AppDefinition[] = [];
    const removals: string[] = [];
    for (const [app, { from }] of deployment.changes) {
      const before = from === undefined ? undefined : root.appAtVersion(app, from);
      if (before !== undefined) upserts.push(stampVersion(specOf(before), root.spec(app), version));
      else if (from === undefined && root.spec(app) !== undefined) removals.push(app);
    }
    const groups = deployment.groups.flatMap(({ id, from, to }): GroupEdit[] => {
      if (from !== undefined) return [{ id, to: from }];
      // A group that it made goes, unless somebody has changed it since or something else is in it.
      const isUnchanged = sameSettings(root.group(id), to);
      const others = [...root.specs(id)].some((app) => !removals.includes(app.id));
      const kept = upserts.some((app) => isWithin(app.id, id));
      return isUnchanged && !others && !kept ? [{ id, to: undefined }] : [];
    });
    return { ok: true, value: { upserts, removals, groups } };
  }

  private deploymentFor(
    { version, steps, apps, delta, touched }: PlannedChange,
    options: RootChangeOptions,
  ): Deployment {
    return {
      id: randomUuid(this.parts.random),
      version,
      steps,
      apps: appsOf(steps),
      changes: new Map(
        apps
          .filter(({ id }) => touched.has(id))
          .map(({ id, from, to }) => [id, { from: from?.version, to: to?.version }]),
      ),
      account: newAccount({
        startedAt: this.parts.clock.now(),
        by: options.by,
        diffs: appDiffs(apps),
        isRollBack: options.isRollBack === true,
      }),
      groups: delta.groups,
      victims: new Map([...(options.victims ?? [])].map(([appId, ids]) => [appId, new Set(ids)])),
      step: 0,
      underWay: undefined,
    };
  }

  private tidy({ apps }: PlannedChange, touched: ReadonlySet<string>): void {
    const { root, fleet, deployments, config } = this.parts;
    for (const { id } of apps) {
      fleet.dirty.add(id);
      root.prune(id, config.maxVersionsPerApp, (candidate) => {
        return deployments.uses(id, candidate) || fleet.find(id)?.byVersion.has(candidate) === true;
      });
    }
    for (const id of touched) fleet.dirty.add(id);
  }

  private appChanges(change: RootChange): AppChange[] {
    const { root, fleet } = this.parts;
    const changes: AppChange[] = change.upserts.map((to) => ({
      id: to.id,
      from: root.spec(to.id),
      to,
      hasOutdated: fleet.find(to.id)?.hasOutdated(to.versionInfo.lastConfigChangeAt) ?? false,
    }));
    for (const id of change.removals) {
      const from = root.spec(id);
      if (from !== undefined) changes.push({ id, from, to: undefined, hasOutdated: false });
    }
    return changes;
  }
}

function refuse(rejection: Rejection): { readonly ok: false; readonly rejection: Rejection } {
  return { ok: false, rejection };
}

function tooMany(what: string, limit: number, count: number): { readonly ok: false; readonly rejection: Rejection } {
  const message = `At most ${String(limit)} ${what} can be changed at once, these are ${String(count)}. Split the change.`;
  return refuse({ kind: 'invalid', message });
}

/** Whether the store would refuse a value for its size. */
function isTooLarge(value: JsonValue): boolean {
  return Buffer.byteLength(JSON.stringify(value)) > VALUE_BYTES_MAX;
}

function isReal({ from, to }: AppChange): boolean {
  return from !== to;
}
