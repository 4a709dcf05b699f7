/** The pause between launches of an app that keeps failing, with Marathon's arithmetic. */
import type { AppDefinition, InstanceCondition } from '@stadion/contract/orchestrator';

/** A pause of `delayMs` that began at `since` (milliseconds). */
export interface Backoff {
  readonly delayMs: number;
  readonly since: number;
}

/** How pauses grow; an app has such settings. */
export type BackoffSettings = Pick<AppDefinition, 'backoffSeconds' | 'backoffFactor' | 'maxLaunchDelaySeconds'> & {
  /** How long nothing has to touch a pause for it to be forgotten; by itself as long as the longest one. */
  readonly forgottenAfterSeconds?: number;
};

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

/**
 * The pause after a master has refused a launch: nothing changes by asking it again and again, so there is one of at least so
 * many seconds, and it grows, also for apps that want none.
 */
export function afterRefusal(
  previous: Backoff | undefined,
  app: BackoffSettings,
  now: number,
  { secondsMin, factorMin }: { readonly secondsMin: number; readonly factorMin: number },
): Backoff {
  const settings = {
    backoffSeconds: Math.max(app.backoffSeconds, secondsMin),
    backoffFactor: Math.max(app.backoffFactor, factorMin),
    maxLaunchDelaySeconds: Math.max(app.maxLaunchDelaySeconds, secondsMin),
  };
  const backoff = afterFailure(previous, settings, now);
  return { ...backoff, delayMs: Math.max(backoff.delayMs, secondsMin * 1000) };
}

/** Whether an end says that nothing was begun: the master, or the agent, refused the launch. */
export function isRefusal(condition: InstanceCondition): boolean {
  return condition === 'Error' || condition === 'Dropped';
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

/** A pause that nothing has touched for longer than the longest one, or than is said, is forgotten. */
export function isIdle(backoff: Backoff, app: BackoffSettings, now: number): boolean {
  return now - backoff.since > (app.forgottenAfterSeconds ?? app.maxLaunchDelaySeconds) * 1000;
}
