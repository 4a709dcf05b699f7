/** What is reported of a task's end: its state, the reason and the sentence, from how it ended and who wanted that. */
import type { StatusReason, TaskState } from '@stadion/contract/mesos';
import { describeExit, type ContainerExit } from './container.ts';

/**
 * Who wanted the task gone. `pod`: another task of its pod has ended otherwise than well. `unregistered`, `unreturned`: the
 * process of a custom executor never subscribed, or did not come back. `preempted`: the cpus that it was lent are wanted back.
 */
export type KillCause = 'asked' | 'unhealthy' | 'too-long' | 'pod' | 'unregistered' | 'unreturned' | 'preempted';

/** What one status says beyond the facts of its task. */
export interface StatusFacts {
  readonly state: TaskState;
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly healthy?: boolean;
}

/** As in Mesos, whose master says TASK_LOST to those who do not know the difference. */
export const PREEMPTED: StatusFacts = {
  state: 'TASK_GONE',
  message: 'Container preempted: services want the cpus that it was lent',
  reason: 'REASON_CONTAINER_PREEMPTED',
};

/** @param cause undefined when nobody asked for the end */
export function factsOfEnd(cause: KillCause | undefined, exit: ContainerExit): StatusFacts {
  const message = describeExit(exit);
  switch (cause) {
    case 'asked':
      return { state: 'TASK_KILLED', message };
    case 'pod':
      return { state: 'TASK_KILLED', message: `Killed because another task of its pod has ended: ${message}` };
    case 'unhealthy':
      return {
        state: 'TASK_KILLED',
        message: `Killed because its health checks failed: ${message}`,
        reason: 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED',
        healthy: false,
      };
    case 'preempted':
      return PREEMPTED;
    case 'too-long':
      return { state: 'TASK_FAILED', message, reason: 'REASON_MAX_COMPLETION_TIME_REACHED' };
    case 'unregistered':
      return {
        state: 'TASK_FAILED',
        message: 'The executor did not subscribe in time',
        reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
      };
    case 'unreturned':
      return {
        state: 'TASK_FAILED',
        message: 'The executor did not come back in time',
        reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
      };
    case undefined:
      if (exit.kind === 'exited' && exit.code === 0) return { state: 'TASK_FINISHED', message };
      // Nothing of it ran: whoever wants it may launch it anew at once.
      if (exit.kind === 'not-started' && exit.cause === 'agent') {
        return { state: 'TASK_DROPPED', message, reason: 'REASON_AGENT_RESTARTED' };
      }
      return { state: 'TASK_FAILED', message, reason: reasonOf(exit) };
  }
}

function reasonOf(exit: ContainerExit): StatusReason {
  switch (exit.kind) {
    case 'unknown':
      return 'REASON_EXECUTOR_TERMINATED';
    case 'not-started':
      return 'REASON_CONTAINER_LAUNCH_FAILED';
    case 'limited':
      return exit.resource === 'memory' ? 'REASON_CONTAINER_LIMITATION_MEMORY' : 'REASON_CONTAINER_LIMITATION_DISK';
    case 'exited':
    case 'signaled':
      return 'REASON_COMMAND_EXECUTOR_FAILED';
  }
}
