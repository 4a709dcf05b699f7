/** A change of quotas, judged by what the cluster has and what roles hold when it comes to be made. */
import type { ClusterSettings, QuotaConfig } from '@stadion/contract/cluster-settings';
import type { ClusterView } from '../cluster/state.ts';
import { updateQuotas } from '../settings/quota.ts';
import type { SettingsDecision } from '../settings/settings.ts';
import { consumption } from './consumption.ts';

/** Decides on a change of the settings, as the cluster is then. */
export type SettingsChange = (settings: ClusterSettings, view: ClusterView) => SettingsDecision;

/**
 * Sets the quotas of the roles that are named, all or none; one without guarantees and limits is no quota any more.
 * @param force sets them although the cluster is smaller, or a role has more already
 */
export function quotaChange(configs: readonly QuotaConfig[], force: boolean): SettingsChange {
  return (settings, view) =>
    updateQuotas(settings, configs, force, { total: view.roles.total, consumed: consumption(view) });
}
