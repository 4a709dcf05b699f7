/** The pause between launches of an app that keeps failing, with Marathon's arithmetic. */
import type { AppDefinition, InstanceCondition } from '@stadion/contract/orchestrator';

/** A pause of `delayMs` that began at `since` (milliseconds). */
export interface Backoff {
  readonly delayMs: number;
  readonly since: number;
}

type BackoffSettings = Pick<AppDefinition, 'backoffSeconds' | 'backoffFactor' | 'maxLaunchDelaySeconds'>;

/** Ends that make the next launch wait; an exit with 0 too. Being killed does not. */
export function causesBackoff(condition: InstanceCondition): boolean {
  return (
    condition === 'Failed' ||
    condition === 'Error' ||
    condition === 'Dropped' ||
    condition === 'Gone' ||
    condition === 'Finished'
  );
}

/** The pause after one more failure: the first is `backoffSeconds`, each next one `backoffFactor` times longer. */
export function afterFailure(previous: Backoff | undefined, app: BackoffSettings, now: number): Backoff {
  const limitMs = app.maxLaunchDelaySeconds * 1000;
  const current = previous === undefined || isIdle(previous, app, now) ? undefined : previous;
  const delayMs = current === undefined ? app.backoffSeconds * 1000 : current.delayMs * app.backoffFactor;
  return { delayMs: Math.min(delayMs, limitMs), since: now };
}

/** The pause begins anew with the same length: a task has come up, which says little about how long it will live. */
export function restartClock(backoff: Backoff, now: number): Backoff {
  return { delayMs: backoff.delayMs, since: now };
}

/**
 * Milliseconds until the next launch may happen; 0 when it may now. So it may when the pause lies ahead: the clock was set
 * back, nobody knows for how long it has lasted, and it is not to last until that time comes again.
 */
export function remainingMs(backoff: Backoff | undefined, now: number): number {
  if (backoff === undefined || backoff.since > now) return 0;
  return Math.max(0, backoff.since + backoff.delayMs - now);
}

/** A pause that nothing has touched for longer than the longest one is forgotten. */
export function isIdle(backoff: Backoff, app: BackoffSettings, now: number): boolean {
  return now - backoff.since > app.maxLaunchDelaySeconds * 1000;
}
