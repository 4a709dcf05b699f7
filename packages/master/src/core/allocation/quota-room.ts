/**
 * What the quotas of a role and of those above it leave to be offered. What is offered counts as if it were used, so that
 * no answer can bring a role above its limit; what is reserved for a role counts whether it is used or not.
 */
import type { ClusterState } from '../cluster/state.ts';
import { NO_HOLDINGS, isAtOrBelow, roleOf, type Holdings } from '../resources/holdings.ts';
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

/**
 * The part of a vector that the role may have: what is reserved for it counts already; the rest, also what is reserved for a
 * role above, only as far as there is room.
 */
export function withinQuota(role: RoleNode, vector: ResourceVector, idle: IdleReservations): ResourceVector {
  let within = vector;
  for (let node: RoleNode | undefined = role; node !== undefined; node = node.parent) {
    const { name, quota, allocated } = node;
    if (quota === undefined) continue;
    const reserved = idle.get(name);
    const room = new Map<ScalarName, number>();
    for (const scalar of SCALAR_NAMES) {
      const limit = quota.limits[scalar];
      if (limit === undefined) continue;
      room.set(scalar, Math.max(0, limit - allocated[scalar] - (reserved?.[scalar] ?? 0)));
    }
    const held = holdingsWithin(within.held, name, room);
    within = held === within.held ? within : { ...within, held };
    for (const [scalar, left] of room) if (left < within[scalar]) within = { ...within, [scalar]: left };
    const disk = room.get('disk');
    if (disk !== undefined) within = { ...within, held: disksWithin(within.held, disk - within.disk) };
  }
  return within;
}

type ScalarName = (typeof SCALAR_NAMES)[number];

/** What is reserved for a role above counts as if anybody might have it: only what fits is left, and takes of the room. */
function holdingsWithin(held: Holdings, name: string, room: Map<ScalarName, number>): Holdings {
  if (room.size === 0) return held;
  const kept = [...held].filter(([, holding]) => {
    const { reservations } = holding;
    if (reservations.length === 0 || isAtOrBelow(roleOf(holding), name)) return true;
    if ([...room].some(([scalar, left]) => holding[scalar] > left)) return false;
    for (const [scalar, left] of room) room.set(scalar, left - holding[scalar]);
    return true;
  });
  if (kept.length === held.size) return held;
  return kept.length === 0 ? NO_HOLDINGS : new Map(kept);
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
