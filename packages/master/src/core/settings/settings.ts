/** What operators have decided for the cluster, and how one decision changes it. */
import type { ClusterSettings } from '@stadion/contract/cluster-settings';

/** Nothing is decided. */
export const NO_SETTINGS: ClusterSettings = { weights: [], quotas: [], schedule: { windows: [] }, down: [] };

/** The settings as they are to be, or why they cannot be so. */
export type SettingsDecision =
  { readonly ok: true; readonly settings: ClusterSettings } | { readonly ok: false; readonly problem: string };

/** Accepts. */
export function decided(settings: ClusterSettings): SettingsDecision {
  return { ok: true, settings };
}

/** Refuses with a sentence that says what is wrong. */
export function refused(problem: string): SettingsDecision {
  return { ok: false, problem };
}
