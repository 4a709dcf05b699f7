/** Deployments as the orchestrator's API shows them. */
import { Type, type Static } from '@sinclair/typebox';
import { stringEnum } from '../string-enum.ts';

/** What a deployment step may do to an app. */
export const DeploymentActionName = stringEnum([
  'StartApplication',
  'StopApplication',
  'ScaleApplication',
  'RestartApplication',
]);
export type DeploymentActionName = Static<typeof DeploymentActionName>;

/** One action on one app. */
export const DeploymentAction = Type.Object({ action: DeploymentActionName, app: Type.String() });
export type DeploymentAction = Static<typeof DeploymentAction>;

/** The last answer of a readiness check of a new task. */
export const ReadinessCheckResult = Type.Object({
  name: Type.String(),
  taskId: Type.String(),
  ready: Type.Boolean(),
  lastResponse: Type.Optional(Type.Object({ status: Type.Integer(), contentType: Type.String(), body: Type.String() })),
});
export type ReadinessCheckResult = Static<typeof ReadinessCheckResult>;

/** What a deployment step may do to a pod. */
export const PodActionName = stringEnum(['StartPod', 'StopPod', 'ScalePod', 'RestartPod']);

/** An action as it is shown: on an app, or on a pod. */
export const ShownAction = Type.Object({
  action: Type.Union([DeploymentActionName, PodActionName]),
  app: Type.Optional(Type.String()),
  pod: Type.Optional(Type.String()),
});
export type ShownAction = Static<typeof ShownAction>;

/** One step; its actions run side by side. */
export const DeploymentStepInfo = Type.Object({ actions: Type.Array(ShownAction) });

/** A running deployment. `currentStep` counts from 1; 0 before the first. */
export const DeploymentInfo = Type.Object({
  id: Type.String(),
  version: Type.String(),
  affectedApps: Type.Array(Type.String()),
  affectedPods: Type.Array(Type.String()),
  steps: Type.Array(DeploymentStepInfo),
  currentActions: Type.Array(
    Type.Object({
      ...ShownAction.properties,
      readinessCheckResults: Type.Array(ReadinessCheckResult),
    }),
  ),
  currentStep: Type.Integer(),
  totalSteps: Type.Integer(),
});
export type DeploymentInfo = Static<typeof DeploymentInfo>;

/** The answer to every change: the deployment that carries it out. */
export const DeploymentResult = Type.Object({ version: Type.String(), deploymentId: Type.String() });
export type DeploymentResult = Static<typeof DeploymentResult>;
