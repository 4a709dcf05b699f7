/** Invariant 9: after faults stop, the cluster reaches the wanted state in bounded time. */
import { serves } from '@stadion/orchestrator';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Reports what is still not as wanted when the time to settle is over. Whether belief is truth, invariant 4 checks. */
export function convergenceChecker(world: World, violate: Violate): Checker {
  return {
    pending: () => unsettled(world),
    atEnd() {
      const problem = unsettled(world);
      if (problem !== undefined) violate(problem);
    },
  };
}

/** What is not as it is wanted, as far as the orchestrator knows. */
function unsettled(world: World): string | undefined {
  const engine = world.controlPlane?.engine;
  if (engine === undefined) return 'the control plane is down';
  const [deployment] = engine.view.deployments();
  if (deployment !== undefined) return `deployment ${deployment.id} of ${deployment.affectedApps.join(', ')} runs`;
  for (const app of engine.view.root.specs()) {
    // Those that are kept with their volumes for later are as they are wanted.
    const instances = engine.view
      .instances(app.id)
      .filter(({ goal, place }) => goal !== 'Stopped' || place !== undefined);
    if (instances.some(({ goal }) => goal === 'Frozen')) return `an instance of ${app.id} is frozen`;
    const isUp = instances.every((instance) =>
      serves(instance, engine.view.root.appAtVersion(app.id, instance.appVersion)),
    );
    if (instances.length !== app.instances || !isUp) {
      const conditions = instances.map(({ condition, goal, healthy }) => `${condition}/${goal}/${String(healthy)}`);
      return `${app.id} wants ${String(app.instances)} instances and has: ${conditions.join(', ')}`;
    }
    // A deployment that was cancelled by force leaves what is old as it is; any other replaces it.
    const { lastConfigChangeAt } = app.versionInfo;
    const old = instances.find(({ appVersion }) => appVersion < lastConfigChangeAt);
    if (old === undefined) continue;
    for (const { version, outcome } of engine.view.deploymentRecords()) {
      const hasReplaced = version === lastConfigChangeAt && outcome === 'success';
      if (hasReplaced) return `${old.id} of ${app.id} runs what is no longer wanted`;
    }
  }
  return undefined;
}
