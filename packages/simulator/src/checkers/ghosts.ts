/** Invariant 4: a task launched is known to somebody for ever; no ghost runs on, none is silently forgotten. */
import { taskIdOf } from '@stadion/orchestrator';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Holds the orchestrator's list of tasks against what really runs, and looks for tasks that run twice. */
export function ghostsChecker(world: World, violate: Violate): Checker {
  return {
    name: '4 what runs and what is known are the same, and nothing runs twice',
    afterEvent() {
      const seen = new Map<string, string>();
      for (const machine of world.machines) {
        for (const { taskId } of machine.running()) {
          const other = seen.get(taskId);
          if (other !== undefined) violate(`${taskId} runs on ${other} and on ${machine.name}`);
          seen.set(taskId, machine.name);
        }
      }
    },
    atEnd() {
      const { controlPlane } = world;
      if (controlPlane === undefined) return;
      const known = new Set<string>();
      const { view } = controlPlane.engine;
      for (const app of view.root.apps()) {
        for (const instance of view.instances(app.id)) {
          if (instance.incarnation > 0) known.add(taskIdOf(instance));
        }
      }
      const running = new Set<string>();
      for (const machine of world.machines) {
        for (const { taskId } of machine.running()) {
          running.add(taskId);
          if (!known.has(taskId)) violate(`${taskId} runs on ${machine.name} and the orchestrator does not know it`);
        }
      }
      for (const taskId of known) {
        if (!running.has(taskId)) violate(`the orchestrator believes that ${taskId} runs, and it does not`);
      }
    },
  };
}
