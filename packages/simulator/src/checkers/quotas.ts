/** Invariant 1, of roles: nothing is offered that would bring a role, or one above it, over its quota. */
import type { ClusterView } from '@stadion/master';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';
import { SCALARS, amount } from './resources.ts';

type Scalar = (typeof SCALARS)[number];
type Vector = Parameters<typeof amount>[0];

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
            // What is reserved for a role it has already.
            if (limit === undefined || offer.resources[name] === 0) continue;
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
