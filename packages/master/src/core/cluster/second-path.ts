/**
 * The second path to agents whose link says nothing: their own address is asked. One that answers there is not dead,
 * whatever is the matter with its link; one that answers neither way is believed to be dead sooner.
 */
import { PROBE_INTERVAL_MS, PROBE_MISSES_MIN, PROBE_WORD_MS_MAX, PROBES_UNDER_WAY_MAX } from '../../limits.ts';
import type { ProbeAnswer } from './exchange.ts';
import type { AgentRecord, ProbeRecord } from './records.ts';
import type { ClusterState } from './state.ts';

/** What the second path says of an agent; `unknown`: not asked, or not often enough. */
export type SecondPathVerdict = 'alive' | 'silent' | 'unknown';

/** An agent that can be asked at its own address. */
export type ProbedAgent = Pick<AgentRecord, 'id' | 'info'>;

/**
 * Asks agents at their own address, except those that were asked just now or have yet to answer. At most
 * `PROBES_UNDER_WAY_MAX` are asked at a time, those first that have waited longest.
 */
export function probeAgents(state: ClusterState, agents: readonly ProbedAgent[]): void {
  if (!state.hasSecondPath) return;
  const askedAt = ({ id }: ProbedAgent): number => state.probes.get(id)?.askedAt ?? Number.MIN_SAFE_INTEGER;
  const due = agents.filter((agent) => {
    return state.probes.get(agent.id)?.isUnderWay !== true && askedAt(agent) + PROBE_INTERVAL_MS <= state.elapsed;
  });
  const room = Math.max(0, PROBES_UNDER_WAY_MAX - state.probesUnderWay);
  if (due.length > room) due.sort((left, right) => askedAt(left) - askedAt(right));
  for (const agent of due.slice(0, room)) ask(state, agent);
}

function ask(state: ClusterState, agent: ProbedAgent): void {
  const known = state.probes.get(agent.id);
  const never = { askedAt: 0, isUnderWay: false, misses: 0, machineMisses: 0, answeredAt: undefined };
  const probe: ProbeRecord = known ?? never;
  probe.askedAt = state.elapsed;
  probe.isUnderWay = true;
  state.probes.set(agent.id, probe);
  state.probesUnderWay += 1;
  state.outputs.push({ type: 'probe', agentId: agent.id, info: agent.info });
}

/** The address answered, or it did not. */
export function probed(state: ClusterState, agentId: string, answer: ProbeAnswer): void {
  state.probesUnderWay -= 1;
  const probe = state.probes.get(agentId);
  if (probe === undefined) return;
  probe.isUnderWay = false;
  probe.misses = answer === 'alive' ? 0 : probe.misses + 1;
  probe.machineMisses = answer === 'silent' ? probe.machineMisses + 1 : 0;
  if (answer === 'alive') probe.answeredAt = state.elapsed;
}

/** Whether not even the machine gives a sign of life: it is off, or cut off. */
export function isMachineSilent(state: ClusterState, agentId: string): boolean {
  return (state.probes.get(agentId)?.machineMisses ?? 0) >= PROBE_MISSES_MIN;
}

/** What is known by the second path. */
export function secondPathVerdict(state: ClusterState, agentId: string): SecondPathVerdict {
  const probe = state.probes.get(agentId);
  if (probe === undefined) return 'unknown';
  if (probe.misses >= PROBE_MISSES_MIN) return 'silent';
  const { answeredAt } = probe;
  return answeredAt !== undefined && answeredAt + PROBE_WORD_MS_MAX > state.elapsed ? 'alive' : 'unknown';
}
