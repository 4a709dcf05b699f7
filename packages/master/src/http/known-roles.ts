/** The roles that the master tells of. */
import type { RoleNode } from '../core/allocation/role-tree.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { roleOf } from '../core/resources/holdings.ts';
import { addTo } from './shapes/framework-json.ts';

type Amounts = Record<keyof typeof NOTHING, number>;

const NOTHING = { cpus: 0, gpus: 0, mem: 0, disk: 0 };

/** What is shown of a role that nobody may be in. */
export type KnownRole = Pick<RoleNode, 'name' | 'weight' | 'allocated' | 'frameworks'>;

/** As in Mesos: roles with frameworks, and those that something is reserved for, or that have a weight or a quota. */
export function knownRoles(view: ClusterView): readonly KnownRole[] {
  const { roles, settings } = view;
  const known = new Map<string, KnownRole>();
  for (const role of roles.roles()) known.set(role.name, role);
  const weights = new Map(settings.weights.map(({ role, weight }) => [role, weight]));
  for (const name of [...weights.keys(), ...settings.quotas.map(({ role }) => role), ...reservedByRole(view).keys()]) {
    if (known.has(name)) continue;
    known.set(name, { name, weight: weights.get(name) ?? 1, allocated: NOTHING, frameworks: new Map() });
  }
  return [...known.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** What is reserved for a role or one below it, on all agents, in thousandths. */
export function reservedByRole(view: ClusterView): Map<string, Amounts> {
  const sums = new Map<string, Amounts>();
  for (const agent of view.agents.values()) {
    for (const holding of agent.total.held.values()) {
      const role = holding.reservations.length === 0 ? '' : roleOf(holding);
      for (let end = role.length; end > 0; end = role.lastIndexOf('/', end - 1)) {
        const name = role.slice(0, end);
        const sum = sums.get(name) ?? { ...NOTHING };
        addTo(sum, holding, 1);
        sums.set(name, sum);
      }
    }
  }
  return sums;
}
