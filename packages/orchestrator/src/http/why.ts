/** `…/why`: what an app, a task or a deployment waits for. */
import { resolveId } from '../core/app/app-id.ts';
import { taskIdOf } from '../core/instance.ts';
import { noSuchApp } from '../core/root/change.ts';
import { whyApp, whyDeployment, whyInstance, type DeploymentFacts } from '../core/why.ts';
import type { WhyAnswer } from '@stadion/contract/orchestrator-extensions';
import type { RunningDeployment } from '../engine.ts';
import { failure, json, rejection } from './answer.ts';
import type { Handlers, HandlerContext } from './handler-context.ts';
import { WHY_APPS_MAX } from './limits.ts';
import { parameter } from './route-table.ts';
import { isPlaced } from './task-view.ts';

/** Handlers that explain. */
export function whyHandlers({ engine }: HandlerContext): Pick<Handlers, 'whyApp' | 'whyTask' | 'whyDeployment'> {
  const { view } = engine;

  function factsOf(deployment: RunningDeployment): DeploymentFacts {
    const current = deployment.steps[Math.max(0, deployment.currentStep - 1)]?.actions ?? [];
    const outcome = view.deploymentRecord(deployment.id)?.outcome ?? 'running';
    return { id: deployment.id, outcome, currentApps: current.flatMap(({ app, pod }) => app ?? pod ?? []) };
  }

  function explainApp(appId: string): WhyAnswer | undefined {
    const app = view.root.app(appId);
    if (app === undefined) return undefined;
    return whyApp({
      app,
      instances: view.instances(appId),
      definitionOf: (instance) => view.root.appAtVersion(instance.appId, instance.appVersion),
      queued: view.queue({ lastUnusedOffers: false }).find((item) => item.app.id === appId),
      lastFailure: view.lastTaskFailure(appId),
      holders: view
        .deployments()
        .filter(({ affectedApps }) => affectedApps.includes(appId))
        .map(factsOf),
    });
  }

  return {
    whyApp({ parameters }) {
      const id = resolveId(parameter(parameters, 'id'));
      const answer = explainApp(id);
      return answer === undefined ? rejection(noSuchApp(id).rejection) : json(200, answer);
    },
    whyTask({ parameters }) {
      const id = resolveId(parameter(parameters, 'id'));
      const taskId = parameter(parameters, 'taskId');
      const instance = view.instances(id).find((one) => isPlaced(one) && taskIdOf(one) === taskId);
      if (instance === undefined) return failure(404, { message: `Task '${taskId}' does not exist` });
      return json(200, whyInstance(instance, view.root.appAtVersion(id, instance.appVersion)));
    },
    whyDeployment({ parameters }) {
      const id = parameter(parameters, 'deploymentId');
      const deployment = view.deployments().find((one) => one.id === id);
      if (deployment === undefined) return failure(404, { message: `DeploymentPlan ${id} does not exist` });
      const facts = factsOf(deployment);
      const apps = facts.currentApps.slice(0, WHY_APPS_MAX).flatMap((appId) => explainApp(appId) ?? []);
      return json(200, whyDeployment(facts, apps));
    },
  };
}
