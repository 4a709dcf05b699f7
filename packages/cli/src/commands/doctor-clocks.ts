/** Part of `stadion doctor`: whether the clocks of the cluster agree with that of this machine. */
import { formatDuration } from '../core/durations.ts';
import { plural } from '../core/why.ts';
import type { Session } from '../platform/session.ts';
import type { StateSlave } from '@stadion/contract/mesos-state';

/** Answers tell the time in whole seconds, and take a moment. */
const SKEW_MS_MAX = 5_000;
/** Agents that are asked. */
const AGENTS_MAX = 50;
const NAMED_MAX = 5;

/** One machine's clock, milliseconds ahead of this machine's; negative: behind. */
interface Skew {
  readonly hostname: string;
  readonly aheadMs: number;
}

/** Asks the agents for the time, by the `Date` of an answer. Those that do not answer here are left out. */
export async function checkClocks(
  session: Session,
  slaves: readonly StateSlave[],
): Promise<{ readonly result: 'ok' | 'warn'; readonly message: string }> {
  const asked = await Promise.all(slaves.slice(0, AGENTS_MAX).map((slave) => skewOf(session, slave)));
  const told = asked.filter((skew) => skew !== undefined);
  if (told.length === 0) return { result: 'ok', message: 'no agent could be asked for the time from here' };
  const wrong = told.filter(({ aheadMs }) => Math.abs(aheadMs) > SKEW_MS_MAX);
  if (wrong.length === 0) {
    return { result: 'ok', message: `that of ${plural(told.length, 'agent')} agrees with this machine's` };
  }
  const named = wrong.slice(0, NAMED_MAX).map(({ hostname, aheadMs }) => {
    return `${hostname} is ${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`;
  });
  const more = wrong.length > NAMED_MAX ? ` and ${wrong.length - NAMED_MAX} more` : '';
  return { result: 'warn', message: `${named.join(', ')}${more}. Set the clocks right, e.g. with NTP.` };
}

async function skewOf(session: Session, slave: StateSlave): Promise<Skew | undefined> {
  const { baseUrl } = await session.agent(slave);
  const before = session.time.now();
  try {
    const response = await session.fetch(`${baseUrl}/health`, { method: 'GET' });
    await response.body?.cancel();
    const there = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(there)) return undefined;
    return { hostname: slave.hostname, aheadMs: there - (before + session.time.now()) / 2 };
  } catch {
    return undefined;
  }
}
