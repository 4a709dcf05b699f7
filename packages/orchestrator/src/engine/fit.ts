/** Whether what a change adds would find places, by what the agents last offered. */
import type { Random } from '@stadion/base';
import type { FitAnswer } from '@stadion/contract/orchestrator-extensions';
import { rollingBounds } from '../core/deployment/rolling.ts';
import type { AppChange } from '../core/deployment/plan.ts';
import { matchOffers } from '../core/placement/matcher.ts';
import type { PlacementRequest, PreparedOffer } from '../core/placement/types.ts';
import type { Fleet } from './fleet.ts';
import { MATCHED_PER_PASS_MAX } from './limits.ts';

/**
 * Tries to place what each app would need beside what runs. A restart needs as many as may be above what is there, at
 * least one; it goes on with what its old instances give back.
 * @param offers what each agent last offered, less what was launched since
 */
export function fitOf(
  changes: readonly AppChange[],
  fleet: Fleet,
  offers: readonly PreparedOffer[],
  random: Random,
): readonly FitAnswer[] {
  const requests: PlacementRequest[] = [];
  for (const change of changes) {
    const count = Math.min(MATCHED_PER_PASS_MAX, neededFor(change, fleet));
    if (count === 0 || change.to === undefined) continue;
    const since = change.to.versionInfo.lastConfigChangeAt;
    requests.push({ app: change.to, count, placed: fleet.find(change.id)?.placesSince(since) ?? [] });
  }
  if (requests.length === 0) return [];
  const { placements, tallies } = matchOffers(requests, offers, random, { maxInstancesPerOffer: MATCHED_PER_PASS_MAX });
  const placed = new Array<number>(requests.length).fill(0);
  for (const { request } of placements) placed[request] = (placed[request] ?? 0) + 1;
  return requests.map(({ app, count }, index) => {
    const explanations = [...(tallies.get(index)?.explanations.values() ?? [])].map(({ message }) => message);
    const reason = offers.length === 0 ? 'no agent has offered anything yet' : explanations.join('; ');
    return { app: app.id, wanted: count, placeable: placed[index] ?? 0, ...(reason !== '' && { reason }) };
  });
}

function neededFor({ from, to, id }: AppChange, fleet: Fleet): number {
  if (to === undefined || to === from) return 0;
  const isRestart = from !== undefined && from.versionInfo.lastConfigChangeAt !== to.versionInfo.lastConfigChangeAt;
  const active = fleet.find(id)?.active ?? 0;
  if (!isRestart) return Math.max(0, to.instances - active);
  if (to.instances === 0) return 0;
  const { maxCapacity } = rollingBounds({ wanted: to.instances, ...to.upgradeStrategy });
  return Math.min(to.instances, Math.max(1, maxCapacity - active));
}
