/** `/roles`: what each role holds, and its frameworks. */
import type { RoleNode } from '../core/allocation/role-tree.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { roleOf } from '../core/resources/holdings.ts';
import { scalarsOf } from '../core/resources/resource-vector.ts';
import { arrayPieces, objectPieces } from './json-pieces.ts';
import { addTo, legacyScalars } from './shapes/framework-json.ts';

/** `{roles}`, in the order of their names; scalars only. There are no quotas yet, so their parts are empty. */
export function rolesPieces(view: ClusterView): Generator<string> {
  const roles = [...view.roles.roles()].sort((left, right) => (left.name < right.name ? -1 : 1));
  const offered = offeredByRole(view);
  const reserved = reservedByRole(view);
  return objectPieces({
    roles: arrayPieces(roles, (role) =>
      roleJson(role, offered.get(role.name) ?? nothing(), reserved.get(role.name) ?? nothing()),
    ),
  });
}

function roleJson(role: RoleNode, offered: ReturnType<typeof nothing>, reserved: ReturnType<typeof nothing>) {
  const allocated = { ...role.allocated };
  addTo(allocated, offered, -1);
  return {
    name: role.name,
    weight: role.weight,
    quota: { role: role.name, guarantee: {}, limit: {}, consumed: {} },
    resources: legacyScalars(role.allocated),
    allocated: legacyScalars(allocated),
    offered: legacyScalars(offered),
    reserved: legacyScalars(reserved),
    frameworks: [...role.frameworks.values()].map(({ frameworkId }) => frameworkId),
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

/** What is reserved for a role or one below it, on all agents. */
function reservedByRole(view: ClusterView): Map<string, ReturnType<typeof nothing>> {
  const sums = new Map<string, ReturnType<typeof nothing>>();
  for (const agent of view.agents.values()) {
    for (const holding of agent.total.held.values()) {
      const role = roleOf(holding);
      for (let end = role.length; end > 0; end = role.lastIndexOf('/', end - 1)) {
        const name = role.slice(0, end);
        const sum = sums.get(name) ?? nothing();
        addTo(sum, holding, 1);
        sums.set(name, sum);
      }
    }
  }
  return sums;
}

function nothing() {
  return { cpus: 0, gpus: 0, mem: 0, disk: 0 };
}
