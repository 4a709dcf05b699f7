/** The whole root before and after a deployment: what full plans show, as Marathon sent them up to 1.7. */
import type { AppDefinition } from '@stadion/contract/orchestrator';

/** All apps, in order of their ids. */
export interface PlanRoots {
  readonly original: readonly AppDefinition[];
  readonly target: readonly AppDefinition[];
}

/**
 * The roots of one deployment. They differ by exactly what it changes: other apps are in both as they are now.
 * @param apps of the root as it is now
 * @param changes of the deployment; undefined: the app is not there
 */
export function planRoots(
  apps: Iterable<AppDefinition>,
  changes: readonly {
    readonly app: string;
    readonly from: AppDefinition | undefined;
    readonly to: AppDefinition | undefined;
  }[],
): PlanRoots {
  const changed = new Set(changes.map(({ app }) => app));
  const others = [...apps].filter(({ id }) => !changed.has(id));
  const rootOf = (own: readonly (AppDefinition | undefined)[]): AppDefinition[] =>
    [...others, ...own.filter((app) => app !== undefined)].sort((left, right) => (left.id < right.id ? -1 : 1));
  return { original: rootOf(changes.map(({ from }) => from)), target: rootOf(changes.map(({ to }) => to)) };
}
