/**
 * Agents that give no sign of life. Nothing is concluded from silence in a hurry: removals are rate-limited and stop while
 * too many agents are silent at once.
 */
import { RECOVERED_UNASKED_MS } from '../../limits.ts';
import type { AgentRecord } from './records.ts';
import { rescindOffers } from './removal.ts';
import { isMachineSilent, probeAgents, secondPathVerdict, type ProbedAgent } from './second-path.ts';
import type { ClusterState } from './state.ts';

/** What one look at all agents finds. */
interface Silence {
  /** How many agents count as silent. */
  count: number;
  /** Those that are asked at their own address. */
  readonly toProbe: ProbedAgent[];
  /** Those whose time is over. */
  readonly lost: ProbedAgent[];
}

/** Once a second: whose silence has lasted too long, and how many of them may be removed now. */
export function removeSilentAgents(state: ClusterState): void {
  const silence: Silence = { count: 0, toProbe: [], lost: [] };
  lookAtDisconnected(state, silence);
  lookAtUnresponsive(state, silence);
  lookAtRecovered(state, silence);
  probeAgents(state, silence.toProbe);
  const waiting = silence.lost.filter(({ id }) => !state.transitions.has(id));
  const known = state.agents.size + state.recovered.size;
  const isHeld = waiting.length > 0 && known >= state.config.agentRemovalHoldFrom && silence.count * 2 > known;
  if (isHeld && state.removalsHeld === 0) {
    state.log(
      'warn',
      { silent: silence.count, known },
      'More than half of the agents are silent: none is removed until some are back',
    );
  }
  state.removalsHeld = isHeld ? waiting.length : 0;
  const removalsMax = fadeRemovals(state, known);
  if (isHeld) return;
  for (const { id, info } of waiting) {
    if (state.recentRemovals + 1 > removalsMax) return;
    state.recentRemovals += 1;
    state.counters.unreachableScheduled += 1;
    const agent = state.agents.get(id);
    if (agent !== undefined) rescindOffers(state, agent);
    state.change({ type: 'mark-unreachable', id, info, at: state.now });
  }
}

/** Registered agents whose link broke. */
function lookAtDisconnected(state: ClusterState, silence: Silence): void {
  const { config } = state;
  silence.count += state.disconnected.size;
  for (const agent of state.disconnected) {
    silence.toProbe.push(agent);
    const silentMs = state.elapsed - (agent.disconnectedAt ?? state.elapsed);
    // An address that is silent too shortens nothing: the agent's process may be starting again while its tasks run on.
    // Where the machine itself is gone nobody starts anything there, whatever the agent said before.
    const patienceMs =
      agent.isSuspended && !isMachineSilent(state, agent.id)
        ? config.agentSuspendedMs
        : config.agentPingIntervalMs * config.agentPingMissesMax;
    if (silentMs >= patienceMs && isLost(state, agent, silentMs)) silence.lost.push(agent);
  }
}

/** Agents whose link is open and that leave pings unanswered. */
function lookAtUnresponsive(state: ClusterState, silence: Silence): void {
  const { config } = state;
  for (const id of state.silent) {
    const agent = state.agents.get(id);
    const link = agent?.link === undefined ? undefined : state.links.get(agent.link);
    if (agent === undefined || link === undefined || link.silentPings <= 1) {
      state.silent.delete(id);
      state.probes.delete(id);
      continue;
    }
    silence.count += 1;
    silence.toProbe.push(agent);
    const missesMax = config.agentPingMissesMax - (secondPathVerdict(state, id) === 'silent' ? 1 : 0);
    const silentMs = link.silentPings * config.agentPingIntervalMs;
    if (link.silentPings > missesMax && isLost(state, agent, silentMs)) silence.lost.push(agent);
  }
}

/** Agents of the registry that have not come back since this master took over. */
function lookAtRecovered(state: ClusterState, silence: Silence): void {
  const waitedMs = state.elapsed - state.recoveredAt;
  for (const agent of state.recovered.values()) {
    if (waitedMs >= RECOVERED_UNASKED_MS) silence.toProbe.push(agent);
    const isDead =
      waitedMs >= state.config.agentAnswersWithoutLinkMs && secondPathVerdict(state, agent.id) === 'silent';
    if (agent.until > state.elapsed && !isDead) continue;
    silence.count += 1;
    silence.lost.push(agent);
  }
}

/** An agent that answers at its own address is not dead; after a while it is given up all the same, since nobody can reach it. */
function isLost(state: ClusterState, agent: AgentRecord, silentMs: number): boolean {
  return secondPathVerdict(state, agent.id) !== 'alive' || silentMs >= state.config.agentAnswersWithoutLinkMs;
}

/**
 * Lets the count of recent removals fade with time.
 * @returns how many agents may be removed at once: a rack of a large cluster is no more than a machine of a small one
 */
function fadeRemovals(state: ClusterState, known: number): number {
  const { agentRemovalBurst, agentRemovalShare, agentRemovalIntervalMs, agentRemovalShareMs } = state.config;
  const share = Math.floor(known * agentRemovalShare);
  const perMs = Math.max(1 / agentRemovalIntervalMs, share / agentRemovalShareMs);
  state.recentRemovals = Math.max(0, state.recentRemovals - (state.elapsed - state.removalsFadedAt) * perMs);
  state.removalsFadedAt = state.elapsed;
  return Math.max(agentRemovalBurst, share);
}
