/** Invariant 2: every intent is durable before it acts, and an acknowledged write survives any crash. */
import type { StartedContainer } from '../machine.ts';
import { digest, type Workload } from '../workload.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Compares what runs and what was acknowledged with what the disk would give to a newcomer. */
export function durabilityChecker(
  world: World,
  workload: Workload,
  violate: Violate,
): Checker & { onStart(container: StartedContainer): void; afterRestart(): void } {
  return {
    name: '2 intents are durable before they act, acknowledged writes survive',
    onStart({ taskId, machine }) {
      const instanceId = taskId.slice(0, taskId.lastIndexOf('._app.'));
      for (const key of world.disk.durableKeys()) if (key.includes(instanceId)) return;
      // A task may start after its instance was given up; then its end is on its way, which invariant 4 checks.
      if (world.controlPlane?.engine.view.instanceByTaskId(taskId) !== undefined) {
        violate(`${taskId} starts on ${machine} and no durable record knows its instance`);
      }
    },
    afterRestart() {
      const root = world.controlPlane?.engine.view.root;
      if (root === undefined) return;
      for (const [id, promised] of workload.promises) {
        const found = digest(root.app(id));
        if (promised.possible.has('any') || promised.possible.has(found)) continue;
        violate(`${id} was acknowledged as ${String(promised.acknowledged)} and is ${String(found)} after a restart`);
      }
    },
  };
}
