/** How patient an agent is with its master. */
import { REGISTERS_PER_LINK_MAX } from '../limits.ts';

const BACKOFF_MS_FIRST = 1000;
const BACKOFF_MS_MAX = 60_000;

/**
 * How long to wait before the next attempt: at once for the first (0), then a random part of 1 s, 2 s, 4 s … 1 min.
 * @param fraction a random number in [0, 1)
 */
export function registrationBackoffMs(attempt: number, fraction: number): number {
  if (attempt <= 0) return 0;
  return fraction * Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** Math.min(attempt - 1, 10));
}

/** How long to wait for the answer to the `attempt`-th REGISTER (from 1): 1 s, 2 s, 4 s … 1 min. */
export function registrationAnswerMs(attempt: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_FIRST * 2 ** Math.min(Math.max(0, attempt - 1), 10));
}

/** Whether an unanswered REGISTER is repeated on the same link (else: dial anew). */
export function repeatsOnSameLink(registersSent: number): boolean {
  return registersSent < REGISTERS_PER_LINK_MAX;
}
