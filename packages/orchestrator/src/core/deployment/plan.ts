/** From a change of the root group to the steps that carry it out, in Marathon's order. */
import type { AppDefinition, DeploymentAction } from '@stadion/contract/orchestrator';
import { dependencyDepths, type DependencyGraph } from './dependency-depths.ts';

/** One app before and after. Both undefined is impossible. */
export interface AppChange {
  readonly id: string;
  readonly from: AppDefinition | undefined;
  readonly to: AppDefinition | undefined;
  /**
   * Instances of an older configuration are wanted to run: a cancelled rollout left them, or the app was removed and made
   * anew before it was known well enough for its instances to be ended.
   */
  readonly hasOutdated: boolean;
}

/** One step; its actions run side by side. */
export interface DeploymentStep {
  readonly actions: readonly DeploymentAction[];
}

/**
 * The steps, in order: stop what goes, start what is new at nothing, then scale or restart layer by layer, what others
 * depend on first. Empty steps are left out; no step at all means that nothing is to be done.
 * @param changes in a stable order, which the actions keep
 * @param graph who depends on whom in the new root
 */
export function planSteps(changes: readonly AppChange[], graph: DependencyGraph): DeploymentStep[] {
  const stops: DeploymentAction[] = [];
  const starts: DeploymentAction[] = [];
  const layers: DeploymentAction[][] = [];
  const depthOf = dependencyDepths(graph);
  for (const change of changes) {
    if (change.to === undefined) {
      stops.push({ action: 'StopApplication', app: change.id });
      continue;
    }
    if (change.from === undefined) starts.push({ action: 'StartApplication', app: change.id });
    const action = actionFor(change, change.to);
    if (action === undefined) continue;
    (layers[depthOf(change.id)] ??= []).push({ action, app: change.id });
  }
  return [stops, starts, ...layers]
    .filter((actions: DeploymentAction[] | undefined) => actions !== undefined && actions.length > 0)
    .map((actions) => ({ actions }));
}

function actionFor(change: AppChange, to: AppDefinition): 'ScaleApplication' | 'RestartApplication' | undefined {
  const { from } = change;
  const isNewConfiguration =
    from !== undefined && from.versionInfo.lastConfigChangeAt !== to.versionInfo.lastConfigChangeAt;
  if (isNewConfiguration || change.hasOutdated) return to.instances === 0 ? 'ScaleApplication' : 'RestartApplication';
  return from?.instances === to.instances ? undefined : 'ScaleApplication';
}
