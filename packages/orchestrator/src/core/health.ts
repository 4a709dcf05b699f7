/** What health and readiness results mean for an instance. */
import type { HealthResult } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { ServingReason } from '@stadion/contract/orchestrator-extensions';
import type { Instance } from './instance.ts';
import { hasHealthChecks, podOf } from './pod/run-spec.ts';

/**
 * Whether an instance serves: the one field that names, routes and clients go by. It runs, nobody asked
 * it to end, its health checks have answered and are passed, and its readiness checks have passed. What has not answered
 * yet may not listen yet: a request sent there would be lost.
 * @param app the definition that the instance was launched from; undefined when it is no longer known
 */
export function serves(instance: Instance, app: AppDefinition | undefined): boolean {
  return whyServing(instance, app) === 'serving';
}

/** Whether an instance is to go and has been given time to finish what it does. */
export function isDraining(instance: Instance): boolean {
  return instance.drainUntil !== undefined && instance.condition === 'Running';
}

/** Why an instance serves or does not, in one word. */
export function whyServing(instance: Instance, app: AppDefinition | undefined): ServingReason {
  switch (instance.condition) {
    case 'Running':
      break;
    case 'Scheduled':
    case 'Provisioned':
    case 'Staging':
    case 'Starting':
      return 'starting';
    case 'Killing':
      return 'killing';
    case 'Unreachable':
    case 'UnreachableInactive':
      return 'unreachable';
    default:
      return 'ended';
  }
  if (instance.goal === 'Frozen') return 'frozen';
  if (instance.goal !== 'Running') return isDraining(instance) ? 'draining' : 'killing';
  if (instance.healthy === false) return 'unhealthy';
  if (instance.healthy === undefined && app !== undefined && isChecked(app)) return 'health-unknown';
  return isReady(instance, app) ? 'serving' : 'not-ready';
}

function isChecked(app: AppDefinition): boolean {
  const pod = podOf(app);
  return pod === undefined ? (app.healthChecks?.length ?? 0) > 0 : hasHealthChecks(pod);
}

function isReady(instance: Instance, app: AppDefinition | undefined): boolean {
  const checks = app?.readinessChecks;
  if (checks === undefined || checks.length === 0) return true;
  return instance.readiness.length >= checks.length && instance.readiness.every((result) => result.ready);
}

/**
 * True: all checks have a result and are alive. False: one has failed. Undefined: not known yet.
 * @param results of the checks that have answered; the others are absent
 * @param checkCount how many checks there are
 */
export function healthOf(results: readonly HealthResult[], checkCount: number): boolean | undefined {
  let known = results.length > 0 && results.length >= checkCount;
  for (const result of results) {
    if (result.alive) continue;
    if (result.last_failure !== undefined || result.consecutive_failures > 0) return false;
    known = false;
  }
  return known ? true : undefined;
}

/** What changed between two reports of an instance's checks, by the index of the check. */
export interface HealthChanges {
  /** Checks that have failed once more. */
  readonly failed: readonly number[];
  /** Checks that changed between alive and not. */
  readonly flipped: readonly { readonly index: number; readonly alive: boolean }[];
}

/** Compares two complete reports. */
export function healthChanges(before: readonly HealthResult[], after: readonly HealthResult[]): HealthChanges {
  const failed: number[] = [];
  const flipped: { index: number; alive: boolean }[] = [];
  for (const result of after) {
    const old = before.find((candidate) => candidate.index === result.index);
    if (result.consecutive_failures > (old?.consecutive_failures ?? 0)) failed.push(result.index);
    const isKnown = result.alive || result.consecutive_failures > 0 || result.last_failure !== undefined;
    if (isKnown && old?.alive !== result.alive && (old !== undefined || result.alive)) {
      flipped.push({ index: result.index, alive: result.alive });
    }
  }
  return { failed, flipped };
}

/**
 * The check for which the orchestrator has to kill, if any: failures reached the maximum outside the grace period, the
 * check is of Marathon's own protocols (for the Mesos ones the agent kills), and its maximum is not 0, which means never.
 */
export function exhaustedCheck(results: readonly HealthResult[], app: AppDefinition): HealthResult | undefined {
  return results.find((result) => {
    const check = app.healthChecks?.[result.index];
    if (!result.exhausted || check === undefined || check.maxConsecutiveFailures === 0) return false;
    return check.protocol === 'HTTP' || check.protocol === 'HTTPS' || check.protocol === 'TCP';
  });
}
