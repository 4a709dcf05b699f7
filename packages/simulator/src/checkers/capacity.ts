/** Invariant 5: a rollout never takes healthy instances below the minimum, nor all above the maximum, by its own doing. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { taskIdOf, type EngineView, type Instance } from '@stadion/orchestrator';
import type { PromiseBook } from '../promises.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Decimal fractions are not exact in binary. */
const ROUNDING_SLACK = 1e-9;

/**
 * Judges every decision at the event in which it was made: what was told to end, and what was begun, against everything
 * that is known after the event. Kills that the orchestrator sends without having decided so are judged when they leave.
 */
export function capacityChecker(world: World, promises: PromiseBook, violate: Violate): Checker {
  /** Every instance as it was after the last event. */
  let before = new Map<string, Instance>();
  /** Tasks of which an agent has said that all of their checks pass. */
  const saidHealthy = new Set<string>();
  /** The first look at a new control plane shows decisions of the one before, which were judged. */
  let isFirstLook = true;

  return {
    onEvent(event) {
      if (event.type !== 'UPDATE') return;
      const { task_id, healthy } = event.update.status;
      if (healthy === true) saidHealthy.add(task_id.value);
    },
    onCall(call) {
      const view = world.controlPlane?.engine.view;
      if (call.type !== 'KILL' || view === undefined) return;
      const victim = view.instanceByTaskId(call.kill.task_id.value);
      const app = victim && view.root.spec(victim.appId);
      if (victim === undefined || app === undefined || isLeaving(victim) || !isHealthy(victim, view)) return;
      const rest = view.instances(app.id).filter((instance) => instance !== victim);
      judgeKill(app, [victim], rest, view);
    },
    beforeCrash() {
      before = new Map();
      isFirstLook = true;
    },
    afterTurn() {
      const view = world.controlPlane?.engine.view;
      if (view === undefined) return;
      const now = new Map<string, Instance>();
      for (const app of view.root.specs()) {
        // What is kept to be looked at, or kept with its volumes for later, counts for nothing.
        const instances = view.instances(app.id).filter(({ goal, place }) => {
          return goal !== 'Frozen' && (goal !== 'Stopped' || place !== undefined);
        });
        let hasChanged = false;
        for (const instance of instances) {
          now.set(instance.id, instance);
          if (before.get(instance.id) !== instance) hasChanged = true;
        }
        if (hasChanged && !isFirstLook) judgeApp(app, instances, view);
      }
      before = now;
      isFirstLook = false;
    },
  };

  function judgeApp(app: AppDefinition, instances: readonly Instance[], view: EngineView): void {
    const ended = instances.filter((instance) => {
      const old = before.get(instance.id);
      return (
        isLeaving(instance) &&
        old !== undefined &&
        !isLeaving(old) &&
        !promises.killsAsked.has(taskIdOf(instance)) &&
        wasHealthy(old, instance, view)
      );
    });
    if (ended.length > 0) judgeKill(app, ended, instances, view);
    const begun = instances.filter((instance) => instance.incarnation === 0 && !before.has(instance.id));
    if (begun.length > 0) judgeStart(app, begun.length, instances, view);
  }

  function judgeKill(app: AppDefinition, ended: readonly Instance[], all: readonly Instance[], view: EngineView): void {
    const names = ended.map(({ id }) => id).join(', ');
    if (isRestarting(app, view)) {
      const healthy = all.filter((instance) => isHealthy(instance, view)).length;
      const bounds = boundsOf(app);
      // An instance with volumes has no successor but itself: where both bounds meet, one has to go first.
      const isTight = bounds.minimum === bounds.maximum && all.some(({ reservation }) => reservation !== undefined);
      const minimum = isTight ? bounds.minimum - 1 : bounds.minimum;
      if (healthy >= minimum) return;
      violate(
        `${names} told to end: ${String(healthy)} healthy of ${app.id} are left, the minimum is ${String(minimum)}`,
      );
    } else {
      const wanted = all.filter(isWanted).length;
      const healthy = all.filter((instance) => isHealthy(instance, view)).length;
      if (ended.every(isMoving) && view.deploymentsOf(app.id).length === 0 && healthy < app.instances) {
        violate(`${names} told to move: ${String(healthy)} healthy of ${app.id} are left, which wants more`);
      }
      if (wanted >= app.instances) return;
      violate(`${names} told to end: ${String(wanted)} of ${app.id} are left, ${String(app.instances)} are wanted`);
    }
  }

  function judgeStart(app: AppDefinition, begun: number, all: readonly Instance[], view: EngineView): void {
    const isFresh = (instance: Instance): boolean => instance.appVersion >= app.versionInfo.lastConfigChangeAt;
    if (isRestarting(app, view)) {
      // Given up for lost, and replaced: what it was replaced by is no surplus.
      const total = all.filter((instance) => !isFresh(instance) || instance.condition !== 'UnreachableInactive').length;
      const { minimum, maximum } = boundsOf(app);
      // Marathon's one exception: where both bounds meet nothing could ever move.
      const allowed = minimum === maximum ? maximum + 1 : maximum;
      if (total <= allowed) return;
      violate(`${String(begun)} begun: ${String(total)} of ${app.id} there are, the maximum is ${String(allowed)}`);
    } else {
      const wanted = all.filter(isWanted).length;
      if (wanted <= app.instances + surplusToMove(app, all)) return;
      violate(`${String(begun)} begun: ${String(wanted)} of ${app.id} there are, ${String(app.instances)} are wanted`);
    }
  }

  /** How many more than wanted there may be while instances are moved off drained machines. */
  function surplusToMove(app: AppDefinition, all: readonly Instance[]): number {
    if (!all.some(isMoving)) return 0;
    return Math.max(1, Math.floor(app.upgradeStrategy.maximumOverCapacity * app.instances));
  }

  /** Whether it is on a machine that is to be emptied, and does not have to stay where its volumes are. */
  function isMoving({ place, reservation, condition }: Instance): boolean {
    const isLost = condition === 'Unreachable' || condition === 'UnreachableInactive';
    return place !== undefined && world.emptied.has(place.agentId) && reservation === undefined && !isLost;
  }

  /** Runs, is not told to end, and every check of its own version has said yes. */
  function isHealthy(instance: Instance, view: EngineView): boolean {
    return instance.condition === 'Running' && instance.goal === 'Running' && passesChecks(instance, view);
  }

  /** Whether it was healthy when it was told to end: before the event, and by what came in during it. */
  function wasHealthy(old: Instance, now: Instance, view: EngineView): boolean {
    return isHealthy(old, view) && now.taskState === 'TASK_RUNNING' && passesChecks(now, view);
  }

  function passesChecks(instance: Instance, view: EngineView): boolean {
    const version = view.root.appAtVersion(instance.appId, instance.appVersion);
    const isReady = ({ name }: { readonly name: string }): boolean => {
      return instance.readiness.some((each) => each.name === name && each.ready);
    };
    const isAlive = instance.healthy === true && saidHealthy.has(taskIdOf(instance));
    return ((version?.healthChecks ?? []).length === 0 || isAlive) && (version?.readinessChecks ?? []).every(isReady);
  }
}

/** `ceil(n × minimumHealthCapacity)` and `floor(n × (1 + maximumOverCapacity))`, or the counts given instead. */
function boundsOf({ instances, upgradeStrategy }: AppDefinition): { minimum: number; maximum: number } {
  const { minimumHealthCapacity, maximumOverCapacity, minimumHealthy, maximumOver } = upgradeStrategy;
  return {
    minimum:
      minimumHealthy === undefined
        ? Math.ceil(instances * minimumHealthCapacity - ROUNDING_SLACK)
        : Math.min(instances, minimumHealthy),
    maximum:
      maximumOver === undefined
        ? Math.floor(instances * (1 + maximumOverCapacity) + ROUNDING_SLACK)
        : instances + maximumOver,
  };
}

function isRestarting(app: AppDefinition, view: EngineView): boolean {
  return view
    .deployments()
    .some(({ steps, currentStep }) =>
      steps[currentStep - 1]?.actions.some(
        (action) => (action.app ?? action.pod) === app.id && action.action.startsWith('Restart'),
      ),
    );
}

function isLeaving({ goal, condition }: Instance): boolean {
  return goal !== 'Running' || condition === 'Killing';
}

function isWanted({ goal, condition }: Instance): boolean {
  return goal === 'Running' && condition !== 'UnreachableInactive';
}
