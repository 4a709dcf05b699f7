/** What is left of a deployment for somebody who sees only some of its apps. Steps keep their places, also empty ones. */
import type { Sight } from '@stadion/contract/permissions';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import type { ShownAction } from '@stadion/contract/orchestrator-pods';

interface Step {
  readonly actions: readonly ShownAction[];
}

/** A deployment under way; undefined: nothing of it is seen. Marathon shows all of one of which anything is seen. */
export function seenDeployment<
  Deployment extends {
    readonly affectedApps: readonly string[];
    readonly affectedPods?: readonly string[];
    readonly steps: readonly Step[];
  },
>(deployment: Deployment, sight: Sight): Deployment | undefined {
  const affectedApps = deployment.affectedApps.filter((id) => sight.sees(id));
  const affectedPods = deployment.affectedPods?.filter((id) => sight.sees(id));
  if (affectedApps.length === 0 && (affectedPods ?? []).length === 0) return undefined;
  const steps = seenSteps(deployment.steps, sight);
  return { ...deployment, affectedApps, ...(affectedPods === undefined ? {} : { affectedPods }), steps };
}

/** Steps with what is done to apps and pods that are seen. */
export function seenSteps<Of extends Step>(steps: readonly Of[], sight: Sight): Of[] {
  return steps.map((step) => ({ ...step, actions: seenActions(step.actions, sight) }));
}

/** What is done to apps and pods that are seen. */
export function seenActions<Action extends ShownAction>(actions: readonly Action[], sight: Sight): Action[] {
  return actions.filter(({ app, pod }) => {
    const id = app ?? pod;
    return id !== undefined && sight.sees(id);
  });
}

/** A record; undefined: nothing of it is seen. Why it ended is a sentence about any of its apps: told to who sees them all. */
export function seenRecord(record: DeploymentRecord, sight: Sight): DeploymentRecord | undefined {
  const affectedApps = record.affectedApps.filter((id) => sight.sees(id));
  if (affectedApps.length === 0) return undefined;
  const failures = record.failures.filter(({ appId }) => sight.sees(appId));
  const changes = record.changes.filter(({ app }) => sight.sees(app));
  // Of a large deployment not all apps are named, while others of them may have changed or failed.
  const isAll =
    affectedApps.length === record.affectedApps.length &&
    failures.length === record.failures.length &&
    changes.length === record.changes.length;
  if (isAll) return record;
  const { reason: _reason, ...rest } = record;
  return { ...rest, affectedApps, changes, failures, failureCount: failures.length };
}
