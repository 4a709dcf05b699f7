/** Invariant 9: after faults stop, the cluster reaches the wanted state in bounded time. */
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Whether everything is as it is wanted; otherwise a sentence that says what is not. */
export function unsettled(world: World): string | undefined {
  const engine = world.controlPlane?.engine;
  if (engine === undefined) return 'the control plane is down';
  const [deployment] = engine.view.deployments();
  if (deployment !== undefined) return `deployment ${deployment.id} of ${deployment.affectedApps.join(', ')} runs`;
  const running = new Map<string, number>();
  for (const machine of world.machines) {
    for (const { appId } of machine.running()) running.set(appId, (running.get(appId) ?? 0) + 1);
  }
  for (const app of engine.view.root.apps()) {
    const count = running.get(app.id) ?? 0;
    running.delete(app.id);
    if (count !== app.instances) return `${String(count)} of ${String(app.instances)} instances of ${app.id} run`;
    const instances = engine.view.instances(app.id);
    if (instances.length !== app.instances || instances.some((instance) => instance.condition !== 'Running')) {
      const conditions = instances.map((instance) => `${instance.condition}/${instance.goal}`).join(', ');
      return `${app.id} wants ${String(app.instances)} instances and has: ${conditions}`;
    }
  }
  for (const [appId, count] of running) return `${String(count)} tasks of ${appId} run, which does not exist`;
  return undefined;
}

/** Reports what is still not as wanted when the time to settle is over. */
export function convergenceChecker(world: World, violate: Violate): Checker {
  return {
    name: '9 after faults stop, the wanted state is reached',
    atEnd() {
      const problem = unsettled(world);
      if (problem !== undefined) violate(problem);
    },
  };
}
