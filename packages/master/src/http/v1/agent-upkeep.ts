/** `DRAIN_AGENT`, `DEACTIVATE_AGENT` and `REACTIVATE_AGENT`: how operators want an agent treated. */
import type { AgentUpkeep } from '@stadion/contract/agent-link';

/** What to do with which agent, or what is wrong with the call. */
export type UpkeepOrder =
  { readonly agentId: string; readonly upkeep: AgentUpkeep | undefined } | { readonly problem: string };

type Fields = Readonly<Record<string, unknown>>;

/** The calls that {@link readUpkeepOrder} reads. */
export const UPKEEP_CALLS: ReadonlySet<string> = new Set(['DRAIN_AGENT', 'DEACTIVATE_AGENT', 'REACTIVATE_AGENT']);

/**
 * Reads a call. Beyond Mesos, `drain_agent.deadline` gives frameworks that long to move their tasks before what is left
 * is killed; without it that happens at once, as in Mesos.
 * @param body the member of the call that is named for its type
 * @param now milliseconds since the Unix epoch
 */
export function readUpkeepOrder(type: string, body: unknown, now: number): UpkeepOrder {
  const name = type.toLowerCase();
  const fields = fieldsOf(body);
  const agentId = fieldsOf(fields['agent_id'])['value'];
  if (typeof agentId !== 'string' || agentId === '') return { problem: `Expecting '${name}.agent_id' to be present` };
  if (type === 'REACTIVATE_AGENT') return { agentId, upkeep: undefined };
  if (type === 'DEACTIVATE_AGENT') return { agentId, upkeep: {} };
  const grace = secondsOf(fields['max_grace_period']);
  const deadline = secondsOf(fields['deadline']);
  if (grace === 'bad') return { problem: `'${name}.max_grace_period.seconds' must be a number from 0` };
  if (deadline === 'bad') return { problem: `'${name}.deadline.seconds' must be a number from 0` };
  return {
    agentId,
    upkeep: {
      drain: {
        startedAt: now,
        deadline: now + (deadline ?? 0) * 1000,
        ...(grace === undefined ? {} : { gracePeriodMs: grace * 1000 }),
        markGone: fields['mark_gone'] === true || fields['mark_gone'] === 'true',
      },
    },
  };
}

function secondsOf(value: unknown): number | undefined | 'bad' {
  if (value === undefined || value === null) return undefined;
  const seconds = Number(fieldsOf(value)['seconds'] ?? 0);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : 'bad';
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
