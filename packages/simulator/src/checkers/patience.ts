/** Invariant 6: nothing is killed for lack of information. */
import type { SchedulerCall } from '@stadion/contract/mesos';
import { UNTOUCHED_APP } from '../workload.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/**
 * Watches the app that nobody changes and that waits for ever for lost agents: whatever fails around it, none of its
 * tasks may be killed, save one that never came up.
 */
export function patienceChecker(world: World, violate: Violate): Checker & { onCall(call: SchedulerCall): void } {
  const prefix = `${UNTOUCHED_APP.slice(1)}.instance-`;
  return {
    name: '6 nothing is killed for lack of information',
    onCall(call) {
      if (call.type !== 'KILL' || !call.kill.task_id.value.startsWith(prefix)) return;
      const taskId = call.kill.task_id.value;
      const machine = world.machines.find((candidate) =>
        candidate.running().some((container) => container.taskId === taskId),
      );
      if (machine === undefined) return;
      violate(`${taskId} runs on ${machine.name}, nobody asked for its end, and it is killed`);
    },
  };
}
