/** Invariant 2: every intent is durable before it acts, and an acknowledged write survives any crash. */
import { launchedTasks } from '@stadion/contract/mesos';
import { taskIdsOf } from '@stadion/orchestrator';
import type { PromiseBook } from '../promises.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Compares what is done and what was acknowledged with what the disk would give to a newcomer. */
export function durabilityChecker(world: World, promises: PromiseBook, violate: Violate): Checker {
  const launched = new Set<string>();
  /** What the last control plane knew when it died. */
  let known: readonly string[] = [];
  let deployments: readonly string[] = [];
  /** Deployments that a newcomer has finished at once, until it says so. */
  const finishing = new Set<string>();
  return {
    onCall(call) {
      if (call.type === 'ACCEPT') {
        for (const operation of call.accept.operations) {
          for (const task of launchedTasks(operation)) {
            const taskId = task.task_id.value;
            launched.add(taskId);
            if (durableInstance(world, taskId) === undefined) {
              violate(`${taskId} is launched, and no durable record knows of this launch`);
            }
          }
        }
      } else if (call.type === 'KILL') {
        const taskId = call.kill.task_id.value;
        const record = durableInstance(world, taskId);
        if (record !== undefined && record['condition'] !== 'Killing' && record['goal'] === 'Running') {
          violate(`${taskId} is killed, and its durable record says that it is to run`);
        }
      }
    },
    onNews(event) {
      if (event.eventType === 'deployment_success' || event.eventType === 'deployment_failed') {
        finishing.delete(event.id);
      }
    },
    beforeCrash() {
      const view = world.controlPlane?.engine.view;
      if (view === undefined) return;
      for (const problem of promises.unexplained(view.root)) violate(problem);
      known = [...view.root.specs()].flatMap((app) =>
        view
          .instances(app.id)
          .filter((instance) => instance.incarnation > 0 && instance.place !== undefined)
          .flatMap(taskIdsOf)
          .filter((taskId) => launched.has(taskId)),
      );
      deployments = view
        .deployments()
        .map(({ id }) => id)
        .filter((id) => promises.deployments.has(id));
      finishing.clear();
    },
    afterStart() {
      const view = world.controlPlane?.engine.view;
      if (view === undefined) return;
      for (const problem of promises.reload(view.root)) violate(problem);
      const quotaProblem = world.quotas.reload();
      if (quotaProblem !== undefined) violate(quotaProblem);
      for (const problem of world.operators.reload()) violate(problem);
      for (const taskId of known) {
        if (view.instanceByTaskId(taskId) === undefined) {
          violate(`${taskId} was launched and is forgotten by a restart`);
        }
      }
      const running = new Set(view.deployments().map(({ id }) => id));
      for (const id of deployments) if (!running.has(id)) finishing.add(id);
    },
    pending() {
      const [taskId] = survivors(world, promises);
      return taskId === undefined ? undefined : `the end of ${taskId} was acknowledged`;
    },
    atEnd() {
      const view = world.controlPlane?.engine.view;
      if (view !== undefined) for (const problem of promises.unexplained(view.root)) violate(problem);
      for (const taskId of survivors(world, promises)) {
        violate(`the end of ${taskId} was acknowledged, and it still runs`);
      }
      for (const id of finishing) violate(`deployment ${id} was acknowledged and is gone after a restart`);
    },
  };
}

/** The durable record of the instance of which this task is the current launch. */
function durableInstance({ host }: World, taskId: string): Readonly<Record<string, unknown>> | undefined {
  return durableInstanceIn(host.durableKeys(), (key) => host.durableValue(key), taskId);
}

/** The same among any records. */
export function durableInstanceIn(
  keys: Iterable<string>,
  valueOf: (key: string) => unknown,
  taskId: string,
): Readonly<Record<string, unknown>> | undefined {
  const [, instanceId, incarnation] = /^(.*)\.[^.]+\.(\d+)$/.exec(taskId) ?? [];
  const suffix = `/instances/${instanceId ?? ''}`;
  for (const key of keys) {
    if (!key.endsWith(suffix)) continue;
    const members = Object.fromEntries(Object.entries(valueOf(key) ?? {}));
    const isCurrent = members['incarnation'] === Number(incarnation) && members['place'] !== undefined;
    return isCurrent ? members : undefined;
  }
  return undefined;
}

function survivors(world: World, promises: PromiseBook): string[] {
  return world.machines
    .flatMap((machine) => machine.running())
    .map(({ taskId }) => taskId)
    .filter((taskId) => promises.killsPromised.has(taskId));
}
