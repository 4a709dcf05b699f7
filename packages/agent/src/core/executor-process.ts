/** The process of a custom executor, described as a task that nobody is told of: the same rules start, find and end it. */
import type { Resource, StatusReason, TaskInfo, TaskState } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { TaskPod } from './pod.ts';
import { stageTask, type Task } from './task-model.ts';

/** Without a grace period of its own: 5 seconds from SHUTDOWN to the end, as in Mesos. */
const SHUTDOWN_GRACE_NANOSECONDS = 5e9;

/** The description of its process. */
export function processInfo(executor: ExecutorInfo, agentId: string): TaskInfo {
  const { executor_id, name, resources, command, container, shutdown_grace_period } = executor;
  return {
    name: name ?? executor_id.value,
    task_id: executor_id,
    agent_id: { value: agentId },
    resources,
    ...(command === undefined ? {} : { command }),
    ...(container === undefined ? {} : { container }),
    kill_policy: { grace_period: shutdown_grace_period ?? { nanoseconds: SHUTDOWN_GRACE_NANOSECONDS } },
  };
}

/** A process as it was just accepted. */
export function stageProcess(frameworkId: string, pod: TaskPod, agentId: string): Task {
  const { executor, podId } = pod;
  return { ...stageTask(frameworkId, processInfo(executor, agentId), podId), runs: executor };
}

/** What its container may use: its own resources, and those of the tasks that it runs. */
export function resourcesOfExecutor(executor: ExecutorInfo, tasks: Iterable<Task>): readonly Resource[] {
  return [...executor.resources, ...[...tasks].flatMap((task) => (task.phase === 'ended' ? [] : task.info.resources))];
}

/** What becomes of a task whose executor ends it no more. */
export interface ExecutorEnd {
  readonly state: TaskState;
  readonly reason: StatusReason;
  readonly message: string;
}

export const ENDED_UNSEEN: ExecutorEnd = {
  state: 'TASK_FAILED',
  reason: 'REASON_EXECUTOR_TERMINATED',
  message: 'The executor ended while the agent was away',
};

export const KILLED_IN_TIME: ExecutorEnd = {
  state: 'TASK_KILLED',
  reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
  message: 'Killed before it was started',
};

/** How its tasks end with it, and why. Where its container was preempted, that is what became of them, as in Mesos. */
export function endOfExecutor({ latest }: Task): ExecutorEnd {
  const reason = latest?.reason ?? 'REASON_EXECUTOR_TERMINATED';
  return {
    state: reason === 'REASON_CONTAINER_PREEMPTED' ? 'TASK_GONE' : 'TASK_FAILED',
    reason: reason === 'REASON_COMMAND_EXECUTOR_FAILED' ? 'REASON_EXECUTOR_TERMINATED' : reason,
    message: `The executor has ended: ${latest?.message ?? 'nobody knows how'}`,
  };
}
