/** Actions as they are shown: what is done to a pod has names of its own, and says `pod`. */
import type { DeploymentAction } from '@stadion/contract/orchestrator';
import type { ShownAction } from '@stadion/contract/orchestrator-pods';

const POD_ACTIONS = {
  StartApplication: 'StartPod',
  StopApplication: 'StopPod',
  ScaleApplication: 'ScalePod',
  RestartApplication: 'RestartPod',
} as const;

/** @param isPod whether an id is that of a pod, also of one that is being deleted */
export function shownActions(actions: readonly DeploymentAction[], isPod: (id: string) => boolean): ShownAction[] {
  return actions.map(({ action, app }) => (isPod(app) ? { action: POD_ACTIONS[action], pod: app } : { action, app }));
}
