/** Invariant 5: a deployment never takes healthy instances below the minimum, nor all above the maximum, by its own doing. */
import type { SchedulerCall } from '@stadion/contract/mesos';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { serves, type Instance } from '@stadion/orchestrator';
import type { Workload } from '../workload.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** An instance lost by itself so shortly before a kill was not yet known when the kill was decided. */
const DECISION_MS_MAX = 250;

/** Which instances of an app served, and when one of them stopped to without having been told to. */
interface Serving {
  ids: ReadonlySet<string>;
  lastLossAt: number;
}

/** Judges every kill of a serving instance at the moment when the orchestrator first asks for it. */
export function capacityChecker(
  world: World,
  workload: Workload,
  violate: Violate,
): Checker & { onCall(call: SchedulerCall): void } {
  const killed = new Set<string>();
  const servingByApp = new Map<string, Serving>();
  return {
    name: '5 a rolling deployment keeps its bounds',
    onCall(call) {
      const view = world.controlPlane?.engine.view;
      if (call.type !== 'KILL' || view === undefined) return;
      const victim = view.instanceByTaskId(call.kill.task_id.value);
      // A kill that is asked for again was judged before.
      if (victim === undefined || killed.has(call.kill.task_id.value)) return;
      killed.add(call.kill.task_id.value);
      const app = view.root.app(victim.appId);
      // Without the app all are to go; and users may kill what they like.
      if (app === undefined || workload.killedByCommand.has(victim.id)) return;
      if (!serves({ ...victim, goal: 'Running' }, app)) return;
      const rest = view.instances(app.id).filter((instance) => instance.goal === 'Running' && serves(instance, app));
      const minimum = Math.ceil(app.instances * app.upgradeStrategy.minimumHealthCapacity);
      const lastLossAt = servingByApp.get(app.id)?.lastLossAt ?? -Infinity;
      if (rest.length >= minimum || world.time.monotonic() - lastLossAt < DECISION_MS_MAX) return;
      violate(
        `${victim.id} is killed and leaves ${String(rest.length)} of ${String(app.instances)} instances of ${app.id}, ` +
          `the minimum is ${String(minimum)}`,
      );
    },
    afterEvent() {
      const view = world.controlPlane?.engine.view;
      if (view === undefined) {
        servingByApp.clear();
        return;
      }
      for (const app of view.root.apps()) {
        const instances = view.instances(app.id);
        watchLosses(app, instances);
        judgeMaximum(app, instances);
      }
    },
  };

  function watchLosses(app: AppDefinition, instances: readonly Instance[]): void {
    const before = servingByApp.get(app.id);
    const ids = new Set<string>();
    const leaving = new Set<string>();
    for (const instance of instances) {
      if (instance.goal !== 'Running') leaving.add(instance.id);
      else if (serves(instance, app)) ids.add(instance.id);
    }
    let lastLossAt = before?.lastLossAt ?? -Infinity;
    for (const id of before?.ids ?? []) {
      if (!ids.has(id) && !leaving.has(id)) lastLossAt = world.time.monotonic();
    }
    servingByApp.set(app.id, { ids, lastLossAt });
  }

  function judgeMaximum(app: AppDefinition, instances: readonly Instance[]): void {
    const current = instances.filter((instance) => isLaunched(instance) && instance.appVersion === app.version);
    // Marathon allows one more where minimum and maximum are equal, else nothing could ever move.
    const maximum = Math.floor(app.instances * (1 + app.upgradeStrategy.maximumOverCapacity)) + 1;
    if (current.length > maximum) {
      violate(`${String(current.length)} new instances of ${app.id} run, the maximum is ${String(maximum)}`);
    }
  }
}

function isLaunched(instance: Instance): boolean {
  return instance.goal === 'Running' && instance.incarnation > 0 && instance.condition !== 'UnreachableInactive';
}
