/** Events as some listeners get them: with the roots of their plans, or with less than there is. */
import type { Buffer } from 'node:buffer';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { Sight } from '@stadion/contract/permissions';
import type { PlanRoots } from '../core/deployment/plan-roots.ts';
import { seenEvent, seenRoots } from '../core/seen-event.ts';
import { encodeEvent, type LoggedEvent } from './event-log.ts';
import { fullPlan } from './full-plan.ts';
import { FULL_PLAN_APPS_MAX } from './limits.ts';

/** The event with a full plan, or why there can be none. */
export function encodeFull(
  event: Extract<OrchestratorEvent, { plan: unknown }>,
  roots: PlanRoots,
  id: string,
): Buffer | string {
  const apps = Math.max(roots.original.length, roots.target.length);
  if (apps <= FULL_PLAN_APPS_MAX) return encodeEvent({ ...event, plan: fullPlan(event.plan, roots) }, id);
  return `closed: ${String(apps)} apps are too many for full plans, at most ${String(FULL_PLAN_APPS_MAX)} are sent; ask for plan-format=light`;
}

/** The event with a plan that says that there is a root before and after, and nothing of it. */
export function encodeWithEmptyRoots(event: Extract<OrchestratorEvent, { plan: unknown }>, id: string): Buffer {
  return encodeEvent({ ...event, plan: { original: {}, target: {}, ...event.plan } }, id);
}

/**
 * The event for one listener who does not see everything.
 * @param wish.roots of the plan, where the listener wants them and there are any
 * @returns undefined: it is not told; a sentence: why the stream has to end
 */
export function encodeSeen(
  { id, event, text }: LoggedEvent,
  sight: Sight,
  wish: { readonly roots: PlanRoots | undefined; readonly emptyRoots: boolean },
): Buffer | string | undefined {
  const seen = seenEvent(event, sight);
  if (seen === undefined || seen === event) return seen && text;
  if (!('plan' in seen)) return encodeEvent(seen, id);
  if (wish.roots !== undefined) return encodeFull(seen, seenRoots(wish.roots, sight), id);
  return wish.emptyRoots ? encodeWithEmptyRoots(seen, id) : encodeEvent(seen, id);
}
