/** A deployment under way, in memory. */
import { shownActions } from '../core/deployment/shown-actions.ts';
import { podOf } from '../core/pod/run-spec.ts';
import { assert } from '@stadion/base';
import type { DeploymentAction, DeploymentPlanInfo } from '@stadion/contract/orchestrator';
import type { DeploymentStep } from '../core/deployment/plan.ts';
import { newAccount, type DeploymentAccount } from './deployment-account.ts';
import { groupDeltaRecords, groupDeltasFrom, type DeploymentRecord } from './records.ts';
import type { GroupDelta } from './root-history.ts';

/** What a deployment does to one app, by versions; undefined: the app is not there. */
export interface DeploymentChange {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

/** A step that has begun, and how far it is known to be. */
export interface StepUnderWay {
  readonly actions: ReadonlyMap<string, DeploymentAction['action']>;
  /** Apps of earlier steps only: what was brought up is kept up. */
  readonly kept: ReadonlySet<string>;
  /** Apps whose action is not done, as of the last look at each. */
  readonly undone: Set<string>;
}

/** Its plan never changes; only the step under way does. */
export interface Deployment {
  readonly id: string;
  readonly version: string;
  readonly steps: readonly DeploymentStep[];
  /** By app id, in the order of the plan. */
  readonly changes: ReadonlyMap<string, DeploymentChange>;
  /** Apps it holds: those of its steps. */
  readonly apps: readonly string[];
  /** Replaced as a whole. */
  account: DeploymentAccount;
  /** What the change did to groups. */
  readonly groups: readonly GroupDelta[];
  readonly victims: ReadonlyMap<string, ReadonlySet<string>>;
  /** Index of the step under way. */
  step: number;
  /** Undefined: the step has not begun since this process started. */
  underWay: StepUnderWay | undefined;
}

/** The step whose turn it is, as it begins; undefined when all are done. */
export function beginStep(deployment: Deployment): StepUnderWay | undefined {
  const step = deployment.steps[deployment.step];
  if (step === undefined) return undefined;
  const actions = new Map(step.actions.map(({ app, action }) => [app, action]));
  const toCome = new Set(appsOf(deployment.steps.slice(deployment.step)));
  const kept = new Set(deployment.apps.filter((app) => !toCome.has(app)));
  return { actions, kept, undone: new Set(actions.keys()) };
}

/** Tells which of what a deployment touches are pods, also those that it removes. */
export function podsAmong(
  { changes }: Deployment,
  root: { appAtVersion(id: string, version: string): object | undefined },
): (id: string) => boolean {
  return (id) => {
    const change = changes.get(id);
    const spec = root.appAtVersion(id, change?.to ?? change?.from ?? '');
    return spec !== undefined && podOf(spec) !== undefined;
  };
}

/** The plan as events carry it. */
export function planInfo(deployment: Deployment, isPod: (id: string) => boolean): DeploymentPlanInfo {
  const steps = deployment.steps.map((step) => ({ actions: shownActions(step.actions, isPod) }));
  return { id: deployment.id, version: deployment.version, steps };
}

/** The codes of actions in records. Append only. */
const ACTION_CODES = ['StopApplication', 'StartApplication', 'ScaleApplication', 'RestartApplication'] as const;

/** A deployment as it is stored. */
export function deploymentRecord(deployment: Deployment): DeploymentRecord {
  const indexes = new Map([...deployment.changes.keys()].map((app, index) => [app, index]));
  const victims = [...deployment.victims].map(([app, ids]): [string, string[]] => [app, [...ids]]);
  return {
    version: deployment.version,
    step: deployment.step,
    steps: deployment.steps.map((step) =>
      step.actions.map(({ action, app }): [number, number] => {
        const index = indexes.get(app);
        assert(index !== undefined, 'every action of a deployment is on an app that it changes');
        return [ACTION_CODES.indexOf(action), index];
      }),
    ),
    changes: [...deployment.changes].map(([app, { from, to }]) => ({
      app,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
    })),
    ...(victims.length > 0 && { victims: Object.fromEntries(victims) }),
    account: deployment.account,
    ...(deployment.groups.length > 0 && { groups: groupDeltaRecords(deployment.groups) }),
  };
}

/** A deployment from its record; undefined when the record makes no sense. */
export function deploymentFrom(id: string, record: DeploymentRecord): Deployment | undefined {
  const steps: DeploymentStep[] = [];
  for (const stored of record.steps) {
    const actions: DeploymentAction[] = [];
    for (const [code, index] of stored) {
      const action = ACTION_CODES[code];
      const app = record.changes[index]?.app;
      if (action === undefined || app === undefined) return undefined;
      actions.push({ action, app });
    }
    steps.push({ actions });
  }
  return {
    id,
    version: record.version,
    steps,
    changes: new Map(record.changes.map(({ app, from, to }) => [app, { from, to }])),
    apps: appsOf(steps),
    account:
      record.account ??
      newAccount({ startedAt: Date.parse(record.version), by: undefined, diffs: [], isRollBack: false }),
    groups: groupDeltasFrom(record.groups ?? []),
    victims: new Map(Object.entries(record.victims ?? {}).map(([app, ids]) => [app, new Set(ids)])),
    step: record.step,
    underWay: undefined,
  };
}

/** The apps that steps touch, each once, in order. */
export function appsOf(steps: readonly DeploymentStep[]): string[] {
  return [...new Set(steps.flatMap((step) => step.actions.map((action) => action.app)))];
}
