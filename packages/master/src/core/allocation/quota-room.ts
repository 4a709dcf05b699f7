/**
 * What the quotas of a role and of those above it leave to be offered. What is offered counts as if it were used, so that
 * no answer can bring a role above its limit; what is reserved for a role counts whether it is used or not.
 */
import type { ClusterState } from '../cluster/state.ts';
import { NO_HOLDINGS, roleOf, type Holdings } from '../resources/holdings.ts';
import { SCALAR_NAMES, type Scalars } from '../resources/amounts.ts';
import type { ResourceVector } from '../resources/resource-vector.ts';
import type { RoleNode } from './role-tree.ts';

/** Reserved and not offered or used, by the role it is reserved for and by every role above that. */
export type IdleReservations = ReadonlyMap<string, Scalars>;

/** Nothing is reserved, or it does not matter. */
export const NONE_IDLE: IdleReservations = new Map();

/** Adds up what lies idle on all agents. */
export function idleReservations(state: Pick<ClusterState, 'agents'>): IdleReservations {
  const sums = new Map<string, Record<keyof Scalars, number>>();
  for (const agent of state.agents.values()) {
    for (const holding of agent.free.held.values()) {
      const role = holding.reservations.length === 0 ? '' : roleOf(holding);
      for (let end = role.length; end > 0; end = role.lastIndexOf('/', end - 1)) {
        const name = role.slice(0, end);
        const sum = sums.get(name) ?? { cpus: 0, gpus: 0, mem: 0, disk: 0 };
        for (const scalar of SCALAR_NAMES) sum[scalar] += holding[scalar];
        sums.set(name, sum);
      }
    }
  }
  return sums;
}

/** The part of a vector that the role may have: reserved resources count already, unreserved ones only as far as there is room. */
export function withinQuota(role: RoleNode, vector: ResourceVector, idle: IdleReservations): ResourceVector {
  let within = vector;
  for (let node: RoleNode | undefined = role; node !== undefined; node = node.parent) {
    const { quota, allocated } = node;
    if (quota === undefined) continue;
    const reserved = idle.get(node.name);
    for (const name of SCALAR_NAMES) {
      const limit = quota.limits[name];
      if (limit === undefined) continue;
      const room = Math.max(0, limit - allocated[name] - (reserved?.[name] ?? 0));
      if (room < within[name]) within = { ...within, [name]: room };
      if (name === 'disk') within = { ...within, held: disksWithin(within.held, room - within.disk) };
    }
  }
  return within;
}

/** Of disks of their own that anybody may have those for which there is room. What is reserved counts already. */
function disksWithin(held: Holdings, room: number): Holdings {
  let left = room;
  const disks = [...held].filter(([, { reservations, disk }]) => {
    if (reservations.length > 0) return true;
    if (disk > left) return false;
    left -= disk;
    return true;
  });
  if (disks.length === held.size) return held;
  return disks.length === 0 ? NO_HOLDINGS : new Map(disks);
}
