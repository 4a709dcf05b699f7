/** Everything that a person may want done, and how it is laid out before it is. */
import type { PlanInput } from '@stadion/contract/orchestrator-extensions';
import type { ActionPlan } from './action-plan.ts';
import { appActionPlan, type AppAction } from './app-actions.ts';
import { deploymentActionPlan, type DeploymentAction } from './deployment-actions.ts';
import { instanceActionPlan, type InstanceAction } from './instance-actions.ts';
import { DRAIN_MINUTES_MAX, nodeActionPlan, type NodeAction } from './node-actions.ts';
import { MOVES_PER_MINUTE_MAX, rebalanceActionPlan, type RebalanceAction } from './rebalance-actions.ts';

export type Action = AppAction | DeploymentAction | InstanceAction | NodeAction | RebalanceAction;

/** Lays an action out. */
export function planOf(action: Action): ActionPlan {
  if (isOfDeployment(action)) return deploymentActionPlan(action);
  if (isOfNodes(action)) return nodeActionPlan(action);
  if (isOfRebalance(action)) return rebalanceActionPlan(action);
  return isOfInstance(action) ? instanceActionPlan(action) : appActionPlan(action);
}

/** Whether an action concerns a deployment. */
export function isOfDeployment(action: Action): action is DeploymentAction {
  return 'deploymentId' in action;
}

/** Whether an action concerns nodes. */
export function isOfNodes(action: Action): action is NodeAction {
  return 'nodes' in action;
}

/** Whether an action is about the load of all nodes. */
export function isOfRebalance(action: Action): action is RebalanceAction {
  return action.kind === 'rebalance' || action.kind === 'stop-rebalance';
}

/** Whether an action concerns a single instance or a pod. */
export function isOfInstance(action: Action): action is InstanceAction {
  return action.kind === 'freeze' || 'podId' in action;
}

/** The smallest change of the API that an action makes and that can be planned; undefined when it cannot. */
export function planInputOf(action: Action): PlanInput | undefined {
  switch (action.kind) {
    case 'scale':
      return { app: { id: action.appId, instances: action.wanted } };
    case 'suspend':
      return { app: { id: action.appId, instances: 0 } };
    case 'roll-back':
      return { app: { id: action.appId, version: action.version } };
    default:
      return undefined;
  }
}

/** The number that a person may choose before an action is carried out: what it is called, and within which bounds. */
export interface ActionNumber {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max?: number;
  readonly isWhole: boolean;
}

/** The number of an action, where it has one. */
export function numberOf(action: Action): ActionNumber | undefined {
  switch (action.kind) {
    case 'scale':
    case 'scale-pod':
      return { label: 'Instances', value: action.wanted, min: 0, isWhole: true };
    case 'scale-group':
      return { label: 'Factor', value: action.factor, min: 0, isWhole: false };
    case 'drain':
    case 'decommission':
      return { label: 'Minutes', value: action.minutes, min: 1, max: DRAIN_MINUTES_MAX, isWhole: true };
    case 'rebalance':
      return {
        label: 'Moves a minute',
        value: action.movesPerMinute,
        min: 1,
        max: MOVES_PER_MINUTE_MAX,
        isWhole: true,
      };
    default:
      return undefined;
  }
}

/** An action with another number, where it has one. */
export function withNumber(action: Action, value: number): Action {
  switch (action.kind) {
    case 'scale':
      return { ...action, wanted: Math.floor(value) };
    case 'scale-pod':
      return { ...action, wanted: Math.floor(value) };
    case 'scale-group':
      return { ...action, factor: value };
    case 'drain':
    case 'decommission':
      return { ...action, minutes: Math.floor(value) };
    case 'rebalance':
      return { ...action, movesPerMinute: Math.floor(value) };
    default:
      return action;
  }
}
