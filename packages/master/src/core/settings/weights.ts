/** Weights of roles: how much a role counts beside its siblings. */
import type { ClusterSettings, WeightInfo } from '@stadion/contract/cluster-settings';
import { roleProblem } from '../cluster/framework-info.ts';
import { decided, refused, type SettingsDecision } from './settings.ts';

/** Sets the weights of the roles that are named; the others stay (`UPDATE_WEIGHTS`). */
export function updateWeights(settings: ClusterSettings, changes: readonly WeightInfo[]): SettingsDecision {
  const weights = new Map(settings.weights.map(({ role, weight }) => [role, weight]));
  for (const { role, weight } of changes) {
    const problem = roleProblem(role);
    if (problem !== undefined) return refused(problem);
    if (!(weight > 0) || !Number.isFinite(weight)) {
      return refused(`Invalid weight '${String(weight)}' of role '${role}': weights must be positive`);
    }
    weights.set(role, weight);
  }
  return decided({ ...settings, weights: [...weights].map(([role, weight]) => ({ role, weight })) });
}

/** The weights that hold: what the master was started with, and over that what operators have decided. */
export function effectiveWeights(
  configured: Readonly<Record<string, number>>,
  settings: ClusterSettings,
): ReadonlyMap<string, number> {
  return new Map([
    ...Object.entries(configured),
    ...settings.weights.map(({ role, weight }): [string, number] => [role, weight]),
  ]);
}
