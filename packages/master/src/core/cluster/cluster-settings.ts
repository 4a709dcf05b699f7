/** Takes over what operators have decided: weights, quotas, and machines that go out of service. */
import type { ClusterSettings } from '@stadion/contract/cluster-settings';
import type { Unavailability } from '@stadion/contract/mesos-workload';
import { isAtOrBelow } from '../resources/holdings.ts';
import { isDown, unavailabilityOf } from '../settings/maintenance.ts';
import { quotaOf } from '../settings/quota.ts';
import { effectiveWeights } from '../settings/weights.ts';
import { rescindInverseOffers } from './inverse-offers.ts';
import type { OfferRecord } from './records.ts';
import { rescindOffer, rescindOffers, shutDown } from './removal.ts';
import type { ClusterState } from './state.ts';

/** The settings are durable: they hold from now on. */
export function applySettings(state: ClusterState, settings: ClusterSettings): void {
  const before = state.settings;
  state.settings = settings;
  bindRoles(state);
  if (before.quotas !== settings.quotas) rescindOverQuota(state);
  for (const agent of [...state.agents.values()]) {
    if (isDown(settings, agent.info)) continue;
    const planned = unavailabilityOf(settings, agent.info);
    if (sameTime(planned, unavailabilityOf(before, agent.info))) continue;
    // Whoever has an offer of it must know when it goes, and plan anew.
    rescindOffers(state, agent);
    rescindInverseOffers(state, agent);
  }
  takeMachinesDown(state);
  state.allocation.touchAll();
}

/** Once a second, and when the settings change: agents of machines that are down leave, as soon as nothing else is decided. */
export function takeMachinesDown(state: ClusterState): void {
  if (state.settings.down.length === 0) return;
  for (const agent of [...state.agents.values()]) {
    if (!isDown(state.settings, agent.info) || state.transitions.has(agent.id)) continue;
    shutDown(state, agent, 'The machine is down for maintenance');
  }
}

/** Brings weights and quotas to the tree of roles. */
export function bindRoles(state: ClusterState): void {
  const { settings } = state;
  const quotas = new Map(settings.quotas.map((quota) => [quota.role, quotaOf(quota)]));
  state.roles.configure(effectiveWeights(state.config.weights, settings), quotas);
}

/** Offers that were made under another quota are made anew. */
function rescindOverQuota(state: ClusterState): void {
  const bound = new Set(state.settings.quotas.map(({ role }) => role));
  const isBound = ({ role }: OfferRecord): boolean => [...bound].some((name) => isAtOrBelow(role, name));
  for (const offer of [...state.offers.values()]) if (isBound(offer)) rescindOffer(state, offer);
}

function sameTime(left: Unavailability | undefined, right: Unavailability | undefined): boolean {
  return (
    left?.start.nanoseconds === right?.start.nanoseconds && left?.duration?.nanoseconds === right?.duration?.nanoseconds
  );
}
