/**
 * Quotas of roles: what a role and all below it may have at most, and what it is given before others. The rules are
 * Mesos's (`mesos::internal::master::quota`): a tree of roles stays consistent from level to level.
 */
import type { ClusterSettings, QuotaConfig } from '@stadion/contract/cluster-settings';
import { roleProblem } from '../cluster/framework-info.ts';
import { SCALAR_NAMES, type Scalars } from '../resources/amounts.ts';
import { decided, refused, type SettingsDecision } from './settings.ts';

/** Thousandths, by name; a name that is not there is not bound. */
export type PartialAmounts = Readonly<Partial<Scalars>>;

/** What bounds a role. */
export interface RoleQuota {
  readonly guarantees: PartialAmounts;
  readonly limits: PartialAmounts;
}

/** What the whole cluster has and what a role and all below it hold, reserved or used. */
export interface QuotaFacts {
  readonly total: Scalars;
  consumed(role: string): Scalars;
}

/**
 * Sets the quotas of the roles that are named, all or none; one without guarantees and limits is no quota any more.
 * @param force sets them although the cluster is smaller, or the role has more already
 */
export function updateQuotas(
  settings: ClusterSettings,
  changes: readonly QuotaConfig[],
  force: boolean,
  facts: QuotaFacts,
): SettingsDecision {
  const quotas = new Map(settings.quotas.map((quota) => [quota.role, quota]));
  for (const change of changes) {
    const problem = configProblem(change) ?? (force ? undefined : excess(change, facts));
    if (problem !== undefined) return refused(`Invalid QuotaConfig: ${problem}`);
    if (isEmpty(change)) quotas.delete(change.role);
    else quotas.set(change.role, change);
  }
  const problem = treeProblem(quotas) ?? (force ? undefined : overcommitment([...quotas.values()], facts));
  return problem === undefined ? decided({ ...settings, quotas: [...quotas.values()] }) : refused(problem);
}

/** The quota in thousandths. */
export function quotaOf({ guarantees, limits }: QuotaConfig): RoleQuota {
  return { guarantees: inThousandths(guarantees), limits: inThousandths(limits) };
}

function inThousandths(amounts: QuotaConfig['limits']): PartialAmounts {
  const result: Partial<Record<keyof Scalars, number>> = {};
  for (const name of SCALAR_NAMES) {
    const amount = amounts?.[name];
    if (amount !== undefined) result[name] = Math.round(amount.value * 1000);
  }
  return result;
}

function isEmpty({ guarantees, limits }: QuotaConfig): boolean {
  return Object.keys(guarantees ?? {}).length === 0 && Object.keys(limits ?? {}).length === 0;
}

function configProblem(config: QuotaConfig): string | undefined {
  const { role, guarantees = {}, limits = {} } = config;
  if (role === '*') return `The default role '*' can have no quota`;
  const problem = roleProblem(role);
  if (problem !== undefined) return problem;
  for (const [name, { value }] of [...Object.entries(guarantees), ...Object.entries(limits)]) {
    if (!SCALAR_NAMES.some((known) => known === name)) {
      return `'${name}' is not a scalar resource (${SCALAR_NAMES.join(', ')})`;
    }
    if (!Number.isFinite(value) || value < 0) return `The amount of '${name}' must be a number from 0`;
  }
  for (const [name, { value }] of Object.entries(guarantees)) {
    const limit = limits[name];
    if (limit !== undefined && limit.value < value) {
      return `The guarantee of ${String(value)} ${name} for '${role}' is above its limit of ${String(limit.value)}`;
    }
  }
  return undefined;
}

/** A limit below what the role has already. */
function excess(change: QuotaConfig, facts: QuotaFacts): string | undefined {
  const { limits } = quotaOf(change);
  const consumed = facts.consumed(change.role);
  for (const name of SCALAR_NAMES) {
    const limit = limits[name];
    if (limit !== undefined && consumed[name] > limit) {
      return (
        `'${change.role}' holds ${String(consumed[name] / 1000)} ${name} already, more than ` +
        `${String(limit / 1000)}; set 'force' to have it shrink as its tasks end`
      );
    }
  }
  return undefined;
}

/** Guarantees of children fit together into their parent's, and no child may have more than its parent. */
function treeProblem(quotas: ReadonlyMap<string, QuotaConfig>): string | undefined {
  for (const parent of quotas.values()) {
    const { guarantees, limits } = quotaOf(parent);
    const children = [...quotas.values()].filter(({ role }) => isChild(role, parent.role)).map(quotaOf);
    for (const name of SCALAR_NAMES) {
      const promised = children.reduce((sum, child) => sum + (child.guarantees[name] ?? 0), 0);
      if (promised > (guarantees[name] ?? 0)) {
        return `Invalid quota tree: the children of '${parent.role}' are guaranteed more ${name} than it is itself`;
      }
      const limit = limits[name];
      if (limit !== undefined && children.some((child) => (child.limits[name] ?? 0) > limit)) {
        return `Invalid quota tree: a child of '${parent.role}' has a higher limit of ${name} than it has itself`;
      }
    }
  }
  return undefined;
}

/** More is guaranteed than there is. */
function overcommitment(quotas: readonly QuotaConfig[], { total }: QuotaFacts): string | undefined {
  const topmost = quotas.filter(({ role }) => !quotas.some((other) => isBelow(role, other.role)));
  for (const name of SCALAR_NAMES) {
    const promised = topmost.reduce((sum, quota) => sum + (quotaOf(quota).guarantees[name] ?? 0), 0);
    if (promised > total[name]) {
      return (
        `Invalid quota: ${String(promised / 1000)} ${name} are guaranteed and the cluster has ` +
        `${String(total[name] / 1000)}; set 'force' to guarantee them nevertheless`
      );
    }
  }
  return undefined;
}

function isBelow(role: string, ancestor: string): boolean {
  return role.startsWith(`${ancestor}/`);
}

function isChild(role: string, parent: string): boolean {
  return isBelow(role, parent) && !role.slice(parent.length + 1).includes('/');
}
