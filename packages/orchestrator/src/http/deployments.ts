/** `/v2/deployments`: what is under way, and calling it off. */
import type { DeploymentInfo } from '@stadion/contract/orchestrator';
import type { RunningDeployment } from '../engine.ts';
import { json, rejection } from './answer.ts';
import { deploymentAnswer } from './commands.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { flag } from './query.ts';
import { parameter } from './route-table.ts';

/** Handlers for deployments. */
export function deploymentHandlers({ engine }: HandlerContext): Pick<Handlers, 'listDeployments' | 'cancelDeployment'> {
  return {
    listDeployments: () => json(200, engine.view.deployments().map(deploymentView)),
    async cancelDeployment({ parameters, query }) {
      const id = parameter(parameters, 'deploymentId');
      const outcome = await engine.cancelDeployment(id, { force: flag(query, 'force') });
      if (!outcome.ok) return rejection(outcome.rejection);
      if (outcome.value === undefined) return { status: 202, body: { kind: 'none' } };
      return deploymentAnswer(outcome.value);
    },
  };
}

function deploymentView(deployment: RunningDeployment): DeploymentInfo {
  const current = deployment.steps[deployment.currentStep - 1]?.actions ?? [];
  return {
    id: deployment.id,
    version: deployment.version,
    affectedApps: [...deployment.affectedApps],
    affectedPods: [...(deployment.affectedPods ?? [])],
    steps: deployment.steps.map(({ actions }) => ({ actions: [...actions] })),
    currentActions: current.map((action) => ({
      ...action,
      readinessCheckResults: [...(deployment.readinessCheckResults.get(action.app ?? '') ?? [])],
    })),
    currentStep: deployment.currentStep,
    totalSteps: deployment.steps.length,
  };
}
