/** Health of one task by one check: what a probe's outcome changes, and whether that is worth a report. */
import { Type, type Static } from '@sinclair/typebox';
import type { HealthCheckInfo, HealthResult } from '@stadion/contract/mesos';

/** What one probe found. `ignored`: neither good nor bad (a 1xx answer with `ignore_http_1xx`). */
export type ProbeOutcome =
  { readonly kind: 'passed' } | { readonly kind: 'failed'; readonly cause: string } | { readonly kind: 'ignored' };

/** What is known by one check. Times are milliseconds since the epoch; `alive` is absent before the first result. */
export const HealthState = Type.Object({
  alive: Type.Optional(Type.Boolean()),
  consecutiveFailures: Type.Integer(),
  firstSuccess: Type.Optional(Type.Number()),
  lastSuccess: Type.Optional(Type.Number()),
  lastFailure: Type.Optional(Type.Number()),
  cause: Type.Optional(Type.String()),
  exhausted: Type.Boolean(),
});
export type HealthState = Readonly<Static<typeof HealthState>>;

/** Nothing is known yet. */
export const UNKNOWN_HEALTH: HealthState = { consecutiveFailures: 0, exhausted: false };

/** The verdict on a probe: the new state, whether to report it, and whether the agent itself is to kill the task. */
export interface HealthVerdict {
  readonly state: HealthState;
  readonly report: boolean;
  readonly kill: boolean;
}

/**
 * Applies one probe.
 *
 * Failures inside the grace period count only after a first success. On failure number `consecutive_failures` the check
 * is exhausted (0: never), and with `kill_on_failure` the task is killed.
 * @param runningSince when the task began to run, milliseconds since the epoch
 */
export function applyHealthProbe(
  check: HealthCheckInfo,
  state: HealthState,
  outcome: ProbeOutcome,
  runningSince: number,
  now: number,
): HealthVerdict {
  switch (outcome.kind) {
    case 'ignored':
      return { state, report: false, kill: false };
    case 'passed': {
      const next: HealthState = {
        ...state,
        alive: true,
        consecutiveFailures: 0,
        firstSuccess: state.firstSuccess ?? now,
        lastSuccess: now,
        exhausted: false,
      };
      return { state: next, report: state.alive !== true, kill: false };
    }
    case 'failed': {
      const inGrace = now - runningSince < check.grace_period_seconds * 1000;
      if (inGrace && state.firstSuccess === undefined) return { state, report: false, kill: false };
      const failures = state.consecutiveFailures + 1;
      const exhausted = check.consecutive_failures > 0 && failures >= check.consecutive_failures;
      const next: HealthState = {
        ...state,
        alive: false,
        consecutiveFailures: failures,
        lastFailure: now,
        cause: outcome.cause,
        exhausted,
      };
      return { state: next, report: true, kill: exhausted && check.kill_on_failure };
    }
  }
}

/** How long after RUNNING the first probe starts, in milliseconds. */
export function firstProbeDelayMs(check: HealthCheckInfo): number {
  return Math.max(0, check.delay_seconds * 1000);
}

/** True or false once every check has a result: all alive. */
export function overallHealth(states: readonly HealthState[]): boolean | undefined {
  if (states.length === 0) return undefined;
  let healthy = true;
  for (const state of states) {
    if (state.alive === undefined) return undefined;
    healthy &&= state.alive;
  }
  return healthy;
}

/** The results for the wire, in the order of the checks; a check without a result yet is left out (`index` tells). */
export function toHealthResults(states: readonly HealthState[]): HealthResult[] {
  const results: HealthResult[] = [];
  states.forEach((state, index) => {
    if (state.alive === undefined) return;
    results.push({
      index,
      alive: state.alive,
      consecutive_failures: state.consecutiveFailures,
      ...(state.firstSuccess === undefined ? {} : { first_success: state.firstSuccess / 1000 }),
      ...(state.lastSuccess === undefined ? {} : { last_success: state.lastSuccess / 1000 }),
      ...(state.lastFailure === undefined ? {} : { last_failure: state.lastFailure / 1000 }),
      ...(state.cause === undefined ? {} : { last_failure_cause: state.cause }),
      exhausted: state.exhausted,
    });
  });
  return results;
}
