/** What Stadion says and keeps about deployments beyond Marathon. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';
import { AppDefinition, AppInput } from './app.ts';
import { DeploymentStepInfo } from './deployment.ts';
import { GroupInput } from './group.ts';
import { TaskFailure } from './task.ts';

/** One member of a definition that differs. Values are JSON texts; absent: the member is not there. */
export const FieldDiff = Type.Object({
  path: Type.String(),
  before: Type.Optional(Type.String()),
  after: Type.Optional(Type.String()),
});
export type FieldDiff = Static<typeof FieldDiff>;

/** What a change does to one app. */
export const AppDiff = Type.Object({
  app: Type.String(),
  change: stringEnum(['create', 'update', 'remove']),
  fields: Type.Array(FieldDiff),
});
export type AppDiff = Static<typeof AppDiff>;

/** How a deployment stands, or how it ended. */
export const DeploymentOutcome = stringEnum(['running', 'paused', 'canary', 'success', 'failed']);
export type DeploymentOutcome = Static<typeof DeploymentOutcome>;

/** A deployment, under way or over. `canary`: it waits until somebody promotes it. Times are as everywhere. */
export const DeploymentRecord = Type.Object({
  id: Type.String(),
  version: Type.String(),
  outcome: DeploymentOutcome,
  reason: Type.Optional(Type.String()),
  by: Type.Optional(Type.String()),
  startedAt: Type.String(),
  endedAt: Type.Optional(Type.String()),
  durationSeconds: Type.Number(),
  affectedApps: Type.Array(Type.String()),
  changes: Type.Array(AppDiff),
  failureCount: Type.Integer(),
  failures: Type.Array(TaskFailure),
  isRollBack: Type.Boolean(),
});
export type DeploymentRecord = Static<typeof DeploymentRecord>;

/** Something to be planned: exactly one of the members. */
export const PlanInput = Type.Object({
  app: Type.Optional(AppInput),
  apps: Type.Optional(Type.Array(AppInput)),
  group: Type.Optional(GroupInput),
});
export type PlanInput = Static<typeof PlanInput>;

/** Whether one app would find places for the instances that the change adds, by what was last offered. */
export const FitAnswer = Type.Object({
  app: Type.String(),
  wanted: Type.Integer(),
  placeable: Type.Integer(),
  reason: Type.Optional(Type.String()),
});
export type FitAnswer = Static<typeof FitAnswer>;

/** What a change would come to. With `token`, given as `planToken` to the change itself, a stale plan is refused. */
export const PlanAnswer = Type.Object({
  token: Type.String(),
  version: Type.String(),
  steps: Type.Array(DeploymentStepInfo),
  changes: Type.Array(AppDiff),
  /** Deployments that hold what would be changed. */
  conflicts: Type.Array(Type.String()),
  /** Locks and closed windows that stand in the way. */
  refusals: Type.Array(Type.String()),
  fits: Type.Boolean(),
  fit: Type.Array(FitAnswer),
  /** Where one app was planned: as it would be kept, with deprecated members in their present form and all defaults. */
  app: Type.Optional(AppDefinition),
});
export type PlanAnswer = Static<typeof PlanAnswer>;

/** When a group may be deployed to: days from 0 (Sunday), times of day in UTC, `to` not included; `24:00` is allowed. */
export const DeployWindow = Type.Object({
  days: Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { minItems: 1, maxItems: 7 }),
  from: Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]$' }),
  to: Type.String({ pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$' }),
});
export type DeployWindow = Static<typeof DeployWindow>;

/** What holds changes of everything in a group back. Killing, healing and rolling back are not held back. */
export const DeployPolicy = Type.Object({
  lock: Type.Optional(Type.Object({ reason: Type.String({ minLength: 1, maxLength: 500 }) })),
  windows: Type.Optional(Type.Array(DeployWindow, { minItems: 1, maxItems: 20 })),
});
export type DeployPolicy = Static<typeof DeployPolicy>;
