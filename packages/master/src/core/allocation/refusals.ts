/** Refusals: DECLINE and the unused part of an ACCEPT keep the same resources from being offered again for a while. */
import { REFUSE_SECONDS_DEFAULT, REFUSE_SECONDS_MAX } from '../../limits.ts';
import type { AgentRecord } from '../cluster/records.ts';
import type { ClusterState } from '../cluster/state.ts';
import { contains, isNothing, type ResourceVector } from '../resources/resource-vector.ts';
import type { FrameworkShare } from './role-tree.ts';

/**
 * Remembers that a framework does not want these resources of the agent.
 * @param refuseSeconds negative or NaN: the default of 5; 0: no refusal; at least one allocation interval, at most a year
 */
export function refuse(
  state: ClusterState,
  agent: AgentRecord,
  share: FrameworkShare,
  resources: ResourceVector,
  refuseSeconds: number | undefined,
): void {
  const wanted = refuseSeconds === undefined || !(refuseSeconds >= 0) ? REFUSE_SECONDS_DEFAULT : refuseSeconds;
  if (wanted === 0 || isNothing(resources)) return;
  const durationMs = Math.max(Math.min(wanted, REFUSE_SECONDS_MAX) * 1000, state.config.allocationIntervalMs);
  const until = state.elapsed + durationMs;
  agent.filters.set(share, { resources, until, revival: share.revival });
  state.allocation.touchAt(agent, until);
}

/** True when what is free for the share was refused and nothing has been added since. */
export function isRefused(
  state: ClusterState,
  agent: AgentRecord,
  share: FrameworkShare,
  free: ResourceVector,
): boolean {
  const filter = agent.filters.get(share);
  if (filter === undefined) return false;
  if (filter.until <= state.elapsed || filter.revival !== share.revival) {
    agent.filters.delete(share);
    return false;
  }
  return contains(filter.resources, free);
}
