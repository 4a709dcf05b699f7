/** Invariant 4: a task launched is known to somebody for ever; no ghost runs on, none is silently forgotten. */
import { isTerminal } from '@stadion/contract/mesos';
import { taskIdsOf } from '@stadion/orchestrator';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Holds what the orchestrator believes against what really runs, and looks for tasks that start twice or vanish. */
export function ghostsChecker(world: World, violate: Violate): Checker {
  const startedOn = new Map<string, string>();
  const reportedOver = new Set<string>();

  /** Sentences on every difference between belief and truth. */
  function* differences(): Generator<string> {
    const view = world.controlPlane?.engine.view;
    if (view === undefined) return;
    const believed = new Set<string>();
    const tracked = new Set<string>();
    for (const app of view.root.specs()) {
      for (const instance of view.instances(app.id)) {
        if (instance.place === undefined) continue;
        for (const [index, taskId] of taskIdsOf(instance).entries()) {
          tracked.add(taskId);
          // A container of a pod may be done while the others run on.
          const isOver = instance.tasks !== undefined && instance.tasks[index]?.state !== 'TASK_RUNNING';
          if (instance.condition === 'Running' && !isOver) believed.add(taskId);
        }
      }
    }
    const running = new Set<string>();
    for (const machine of world.machines) {
      for (const { taskId } of machine.running()) {
        running.add(taskId);
        if (!tracked.has(taskId)) yield `${taskId} runs on ${machine.name} and the orchestrator does not know it`;
      }
    }
    for (const taskId of believed) {
      if (!running.has(taskId)) yield `the orchestrator believes that ${taskId} runs, and it does not`;
    }
    for (const [taskId, machine] of startedOn) {
      if (running.has(taskId) || reportedOver.has(taskId)) continue;
      yield `${taskId} ran on ${machine} and runs no more, and nobody told the orchestrator`;
    }
  }

  return {
    onStart({ taskId, machine }) {
      const other = startedOn.get(taskId);
      if (other !== undefined) violate(`${taskId} starts on ${machine} and was started on ${other} before`);
      startedOn.set(taskId, machine);
    },
    onEvent(event) {
      if (event.type !== 'UPDATE' || !isTerminal(event.update.status.state)) return;
      reportedOver.add(event.update.status.task_id.value);
    },
    pending() {
      for (const difference of differences()) return difference;
      return undefined;
    },
    atEnd() {
      for (const difference of differences()) violate(difference);
    },
  };
}
