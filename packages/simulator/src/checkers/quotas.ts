/** Invariant 1, of roles: nothing is offered that would bring a role, or one above it, over its quota. */
import type { ClusterView } from '@stadion/master';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';
import { SCALARS, amount } from './resources.ts';

type Scalar = (typeof SCALARS)[number];
type Vector = Parameters<typeof amount>[0];
type Offered = NonNullable<ReturnType<ClusterView['offers']['get']>>;

/**
 * Judges every offer by what its role has then: what is charged, offered, and reserved. A quota may be lower than what a
 * role has already, and agents come back with what nobody counted on meanwhile: then the role gets nothing more.
 */
export function quotasChecker(world: World, violate: Violate): Checker {
  const judged = new WeakSet<object>();
  return {
    afterEvent() {
      const view = world.controlPlane?.master.view;
      if (view === undefined || view.settings.quotas.length === 0) return;
      for (const offer of view.offers.values()) {
        if (judged.has(offer)) continue;
        judged.add(offer);
        for (const { role, limits = {} } of view.settings.quotas) {
          if (!isWithin(offer.role, role)) continue;
          for (const name of SCALARS) {
            const limit = limits[name];
            if (limit === undefined || !givesMore(offer, role, name)) continue;
            const has = heldBy(view, role, name);
            if (has <= limit.value * 1000) continue;
            violate(`${offer.id} gives ${offer.role} more ${name}: ${role} has ${String(has)}, its quota is less`);
          }
        }
      }
    },
  };
}

function isWithin(role: string, above: string): boolean {
  return role === above || role.startsWith(`${above}/`);
}

/** Whether an offer gives a role more than it has: what is reserved for it, or for one below it, it has already. */
function givesMore({ resources }: Offered, role: string, name: Scalar): boolean {
  if (resources[name] > 0) return true;
  for (const { reservations, isRevocable, [name]: size } of resources.held.values()) {
    if (size > 0 && !isRevocable && !isWithin(reservations.at(-1)?.role ?? '', role)) return true;
  }
  return false;
}

/** What a role and all below it have, in thousandths. */
function heldBy(view: ClusterView, above: string, name: Scalar): number {
  let held = 0;
  const add = ({ role, resources }: { readonly role: string; readonly resources: Vector }): void => {
    if (isWithin(role, above)) held += amount(resources, name);
  };
  for (const agent of view.agents.values()) {
    for (const task of agent.tasks) if (task.charged) add(task);
    for (const executor of agent.executors.values()) add(executor);
    for (const { reservations, [name]: idle } of agent.free.held.values()) {
      if (isWithin(reservations.at(-1)?.role ?? '', above)) held += idle;
    }
  }
  for (const offer of view.offers.values()) add(offer);
  return held;
}
