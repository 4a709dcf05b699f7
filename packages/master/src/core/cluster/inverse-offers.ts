/**
 * Inverse offers: who has tasks on a machine that will be out of service is asked to leave it. The answer binds nobody; it is
 * kept for operators, and a refusal is asked again after its time (`mesos::internal::master::allocator`).
 */
import type { SchedulerCall, SchedulerEvent } from '@stadion/contract/mesos';
import { REFUSE_SECONDS_DEFAULT, REFUSE_SECONDS_MAX } from '../../limits.ts';
import { unavailabilityOf } from '../settings/maintenance.ts';
import { agentUrl } from './agent-url.ts';
import type { AgentRecord, FrameworkRecord, InverseOfferRecord } from './records.ts';
import type { ClusterState } from './state.ts';

type InverseOffer = Extract<SchedulerEvent, { type: 'INVERSE_OFFERS' }>['inverse_offers']['inverse_offers'][number];
type Answer = Extract<SchedulerCall, { type: 'ACCEPT_INVERSE_OFFERS' }>['accept_inverse_offers'];

/** Once a second: asks those who have tasks where they cannot stay, unless they were asked. */
export function sendInverseOffers(state: ClusterState): void {
  if (state.settings.schedule.windows.length === 0) return;
  for (const agent of state.agents.values()) {
    const unavailability = unavailabilityOf(state.settings, agent.info);
    if (unavailability === undefined) continue;
    const asked = state.inverseOffers.get(agent.id) ?? new Map<string, InverseOfferRecord>();
    state.inverseOffers.set(agent.id, asked);
    const present = new Set([...agent.tasks].map(({ frameworkId }) => frameworkId));
    for (const frameworkId of present) {
      const framework = state.frameworks.get(frameworkId);
      if (framework?.subscription === undefined) continue;
      const known = asked.get(frameworkId);
      if (known !== undefined && (known.id !== undefined || known.quietUntil > state.elapsed)) continue;
      const id = `${state.master.id}-O${String(state.nextOffer)}`;
      state.nextOffer += 1;
      if (known === undefined) asked.set(frameworkId, { id, answer: 'UNKNOWN', at: state.now, quietUntil: 0 });
      else known.id = id;
      const offer: InverseOffer = {
        id: { value: id },
        url: agentUrl(agent.info),
        framework_id: { value: frameworkId },
        agent_id: { value: agent.id },
        unavailability,
      };
      state.toFramework(framework, { type: 'INVERSE_OFFERS', inverse_offers: { inverse_offers: [offer] } });
    }
  }
}

/** ACCEPT_INVERSE_OFFERS and DECLINE_INVERSE_OFFERS; ids that are not open are left out. */
export function answerInverseOffers(
  state: ClusterState,
  framework: FrameworkRecord,
  answer: 'ACCEPT' | 'DECLINE',
  { inverse_offer_ids: ids, filters }: Answer,
): void {
  const seconds = filters?.refuse_seconds ?? REFUSE_SECONDS_DEFAULT;
  const quietMs = Math.min(seconds >= 0 ? seconds : REFUSE_SECONDS_DEFAULT, REFUSE_SECONDS_MAX) * 1000;
  const open = new Set(ids.map(({ value }) => value));
  for (const asked of state.inverseOffers.values()) {
    const record = asked.get(framework.id);
    if (record?.id === undefined || !open.has(record.id)) continue;
    record.id = undefined;
    record.answer = answer;
    record.at = state.now;
    record.quietUntil = state.elapsed + quietMs;
  }
}

/** The plan for an agent has changed or it is gone: what was asked about it is void. */
export function rescindInverseOffers(state: ClusterState, agent: AgentRecord): void {
  for (const [frameworkId, { id }] of state.inverseOffers.get(agent.id) ?? []) {
    const framework = state.frameworks.get(frameworkId);
    if (id === undefined || framework === undefined) continue;
    state.toFramework(framework, {
      type: 'RESCIND_INVERSE_OFFER',
      rescind_inverse_offer: { inverse_offer_id: { value: id } },
    });
  }
  state.inverseOffers.delete(agent.id);
}

/** A framework has lost its connection: what it was asked is asked again when it is back. */
export function forgetInverseOffers(state: ClusterState, framework: FrameworkRecord): void {
  for (const asked of state.inverseOffers.values()) {
    const record = asked.get(framework.id);
    if (record !== undefined) record.id = undefined;
  }
}

/** REVIVE: refusals do not count any more. */
export function reviveInverseOffers(state: ClusterState, framework: FrameworkRecord): void {
  for (const asked of state.inverseOffers.values()) {
    const record = asked.get(framework.id);
    if (record !== undefined) record.quietUntil = 0;
  }
}
