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

/** Milliseconds until the next launch may happen; 0 when it may now. Never the pause and more, if a clock was set back. */
export function remainingMs(backoff: Backoff | undefined, now: number): number {
  return backoff === undefined ? 0 : Math.min(backoff.delayMs, Math.max(0, backoff.since + backoff.delayMs - now));
}

/** A pause that nothing has touched for longer than the longest one is forgotten. */
export function isIdle(backoff: Backoff, app: BackoffSettings, now: number): boolean {
  return now - backoff.since > app.maxLaunchDelaySeconds * 1000;
}
