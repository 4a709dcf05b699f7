/** What roles hold: used, or reserved for them whether it is used or not. What is only offered is not held. */
import type { ClusterView } from '../cluster/state.ts';
import { SCALAR_NAMES, type Scalars } from '../resources/amounts.ts';
import { idleReservations } from './quota-room.ts';

/** Measures the cluster once. @returns what a role and all below it hold, in thousandths */
export function consumption(view: ClusterView): (role: string) => Scalars {
  const sums = new Map<string, Record<keyof Scalars, number>>();
  const sumOf = (role: string): Record<keyof Scalars, number> => {
    const sum = sums.get(role) ?? { cpus: 0, gpus: 0, mem: 0, disk: 0 };
    sums.set(role, sum);
    return sum;
  };
  for (const node of view.roles.roles()) addTo(sumOf(node.name), node.allocated, 1);
  for (const [role, idle] of idleReservations(view)) addTo(sumOf(role), idle, 1);
  for (const { role, resources } of view.offers.values()) {
    for (let end = role.length; end > 0; end = role.lastIndexOf('/', end - 1)) {
      addTo(sumOf(role.slice(0, end)), resources, -1);
    }
  }
  return sumOf;
}

function addTo(sum: Record<keyof Scalars, number>, amount: Scalars, sign: 1 | -1): void {
  for (const name of SCALAR_NAMES) sum[name] += sign * amount[name];
}
