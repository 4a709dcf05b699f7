/** `/roles`: what each role holds, and its frameworks. */
import type { QuotaConfig } from '@stadion/contract/cluster-settings';
import type { ClusterView } from '../core/cluster/state.ts';
import type { Scalars } from '../core/resources/amounts.ts';
import { consumption } from '../core/allocation/consumption.ts';
import { scalarsOf } from '../core/resources/resource-vector.ts';
import { arrayPieces, objectPieces } from './json-pieces.ts';
import { knownRoles, reservedByRole, type KnownRole } from './known-roles.ts';
import { addTo, legacyScalars } from './shapes/framework-json.ts';

/** `{roles}`, in the order of their names; scalars only. */
export function rolesPieces(view: ClusterView): Generator<string> {
  const offered = offeredByRole(view);
  const reserved = reservedByRole(view);
  const roles = knownRoles(view);
  const consumed = consumption(view);
  return objectPieces({
    roles: arrayPieces(roles, (role) =>
      roleJson(
        role,
        quotaJson(view, role, consumed(role.name)),
        offered.get(role.name) ?? nothing(),
        reserved.get(role.name) ?? nothing(),
      ),
    ),
  });
}

function roleJson(
  role: KnownRole,
  quota: object,
  offered: ReturnType<typeof nothing>,
  reserved: ReturnType<typeof nothing>,
) {
  const allocated = { ...role.allocated };
  addTo(allocated, offered, -1);
  return {
    name: role.name,
    weight: role.weight,
    quota,
    resources: legacyScalars(role.allocated),
    allocated: legacyScalars(allocated),
    offered: legacyScalars(offered),
    reserved: legacyScalars(reserved),
    frameworks: [...role.frameworks.values()].map(({ frameworkId }) => frameworkId),
  };
}

/** What bounds the role, and how much of that is used up. */
function quotaJson({ settings }: ClusterView, { name }: KnownRole, consumed: Scalars) {
  const config = settings.quotas.find(({ role }) => role === name);
  const values = (amounts: QuotaConfig['limits']) =>
    Object.fromEntries(Object.entries(amounts ?? {}).map(([resource, { value }]) => [resource, value]));
  return {
    role: name,
    guarantee: values(config?.guarantees),
    limit: values(config?.limits),
    consumed: config === undefined ? {} : legacyScalars(consumed),
  };
}

/** What is offered to a role or to one below it. */
function offeredByRole(view: ClusterView): Map<string, ReturnType<typeof nothing>> {
  const sums = new Map<string, ReturnType<typeof nothing>>();
  for (const { role, resources } of view.offers.values()) {
    for (let end = role.length; end > 0; end = role.lastIndexOf('/', end - 1)) {
      const name = role.slice(0, end);
      const sum = sums.get(name) ?? nothing();
      addTo(sum, scalarsOf(resources), 1);
      sums.set(name, sum);
    }
  }
  return sums;
}

function nothing() {
  return { cpus: 0, gpus: 0, mem: 0, disk: 0 };
}
