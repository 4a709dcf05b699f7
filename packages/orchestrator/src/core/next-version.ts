/** Version timestamps only go forward, also when the clock has jumped back. */
import { formatTimestamp } from './app/timestamp.ts';

/** The version of a change made at `now` (milliseconds): later than `lastVersion` by at least one millisecond. */
export function nextVersion(lastVersion: string, now: number): string {
  return formatTimestamp(Math.max(now, Date.parse(lastVersion) + 1));
}
