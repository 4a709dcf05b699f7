/** Version timestamps only go forward, also when the clock has jumped back. */
import { formatTimestamp } from './app/timestamp.ts';

/** The version of a root, or group, in which nothing was ever changed. */
export const FIRST_VERSION = '1970-01-01T00:00:00.000Z';

/** The version of a change made at `now` (milliseconds): later than `lastVersion` by at least one millisecond. */
export function nextVersion(lastVersion: string, now: number): string {
  return formatTimestamp(Math.max(now, Date.parse(lastVersion) + 1));
}
