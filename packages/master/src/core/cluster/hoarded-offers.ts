/** Offers that nobody answers would keep their resources from everybody else. */
import { HOARDED_REFUSE_SECONDS } from '../../limits.ts';
import { refuse } from '../allocation/refusals.ts';
import { shareOf } from './charges.ts';
import { rescindOffer } from './removal.ts';
import type { ClusterState } from './state.ts';

/** Once a second: what was offered too long ago is taken back, and for a while others are asked first. */
export function takeBackHoarded(state: ClusterState): void {
  const { offerTimeoutMs } = state.config;
  if (offerTimeoutMs === undefined) return;
  const taken = new Map<string, number>();
  for (const offer of state.offers.values()) {
    if (offer.madeAt + offerTimeoutMs > state.elapsed) break;
    const { framework, agent, role, resources } = offer;
    rescindOffer(state, offer);
    refuse(state, agent, shareOf(state, framework, role), resources, HOARDED_REFUSE_SECONDS);
    taken.set(framework.id, (taken.get(framework.id) ?? 0) + 1);
  }
  for (const [framework, offers] of taken) {
    state.log('warn', { framework, offers, afterMs: offerTimeoutMs }, 'Offers that nobody answered are taken back');
  }
}
