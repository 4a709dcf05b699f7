/** Invariant 6: nothing is killed for lack of information. */
import { UNTOUCHED_APP } from '../workload.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/**
 * Watches the app that nobody changes, whose checks never fail, and that waits for ever for lost agents: whatever happens
 * around it, neither the orchestrator nor an agent may end one of its tasks. Save one that nobody ever heard running: for
 * those there is `taskLaunchTimeoutMs`; and save what operators have moved by draining machines.
 */
export function patienceChecker(world: World, violate: Violate): Checker {
  const prefix = `${UNTOUCHED_APP.slice(1)}.instance-`;
  const heardRunning = new Set<string>();
  const excused = new Set<string>();
  return {
    onEvent(event) {
      if (event.type === 'UPDATE' && event.update.status.state === 'TASK_RUNNING') {
        heardRunning.add(event.update.status.task_id.value);
      }
    },
    onCall(call) {
      if (call.type !== 'KILL' || !call.kill.task_id.value.startsWith(prefix)) return;
      const taskId = call.kill.task_id.value;
      if (!heardRunning.has(taskId)) excused.add(taskId);
      if (excused.has(taskId)) return;
      const machine = world.machines.find((candidate) => candidate.running().some((each) => each.taskId === taskId));
      if (machine === undefined) return;
      if (world.operators.hasToldToLeave(taskId, machine.name) || isSurplusOfMoves()) {
        excused.add(taskId);
        return;
      }
      violate(`${taskId} runs on ${machine.name}, nobody asked for its end, and the orchestrator kills it`);
    },
    onContainerKill({ appId, taskId, machine }) {
      if (appId !== UNTOUCHED_APP || excused.has(taskId) || world.operators.hasToldToLeave(taskId, machine)) return;
      violate(`${taskId} runs on ${machine}, nobody asked for its end, and the agent ends it`);
    },
  };

  /** A drain that is called off leaves more than are wanted. */
  function isSurplusOfMoves(): boolean {
    const view = world.controlPlane?.engine.view;
    if (view === undefined || !world.operators.haveDrained) return false;
    const wanted = view.root.spec(UNTOUCHED_APP)?.instances ?? 0;
    return view.instances(UNTOUCHED_APP).filter(({ goal }) => goal === 'Running').length >= wanted;
  }
}
