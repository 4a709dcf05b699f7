/** A deployment as Stadion shows and keeps it. */
import type { DeploymentOutcome, DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { formatTimestamp } from '../core/app/timestamp.ts';
import type { Deployment } from './deployment.ts';
import type { RootState } from './root-state.ts';
import { AFFECTED_APPS_SHOWN_MAX } from './limits.ts';

/**
 * The record of a deployment.
 * @param end how it ended and why; undefined while it is under way
 * @param now milliseconds since the Unix epoch
 */
export function recordOf(
  deployment: Deployment,
  root: RootState,
  now: number,
  end?: { readonly outcome: 'success' | 'failed'; readonly reason?: string },
): DeploymentRecord {
  const { startedAt, by, diffs, failureCount, failures, isRollBack } = deployment.account;
  return {
    id: deployment.id,
    version: deployment.version,
    outcome: end?.outcome ?? standingOf(deployment, root),
    ...(end?.reason !== undefined && { reason: end.reason }),
    ...(by !== undefined && { by }),
    startedAt: formatTimestamp(startedAt),
    ...(end !== undefined && { endedAt: formatTimestamp(now) }),
    durationSeconds: (now - startedAt) / 1000,
    affectedApps: [...deployment.apps].slice(0, AFFECTED_APPS_SHOWN_MAX),
    changes: diffs,
    failureCount,
    failures,
    isRollBack,
  };
}

function standingOf(deployment: Deployment, root: RootState): DeploymentOutcome {
  if (deployment.account.isPaused) return 'paused';
  return waitsForPromotion(deployment, root) ? 'canary' : 'running';
}

/** Whether a canary of the step under way waits until somebody promotes it. */
export function waitsForPromotion(deployment: Deployment, root: RootState): boolean {
  if (deployment.account.isPromoted) return false;
  const actions = deployment.steps[deployment.step]?.actions ?? [];
  return actions.some(({ action, app }) => {
    return action === 'RestartApplication' && root.app(app)?.upgradeStrategy.canary !== undefined;
  });
}
