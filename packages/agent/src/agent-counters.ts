/** What an agent counts for its metrics: totals since the start of the process. */
import { assert } from '@stadion/base';
import { isTerminal, type TaskState } from '@stadion/contract/mesos';
import { isExecuted } from './core/pod.ts';
import { taskState, type Task } from './core/task.ts';

/** One per agent. */
export class AgentCounters {
  launched = 0;
  launchErrors = 0;
  fetchesSucceeded = 0;
  fetchesFailed = 0;
  recoveryErrors = 0;
  preempted = 0;
  /** Containers that could not be cleared away. */
  destroyErrors = 0;
  /** Processes of executors, pods, and tasks that were neither's, that have ended. */
  executorsTerminated = 0;
  /** Updates of tasks, and those about a task that is not the executor's who sent them. */
  validUpdates = 0;
  invalidUpdates = 0;
  /** Between frameworks and executors, in either direction, and those that nobody was there for. */
  validMessages = 0;
  invalidMessages = 0;
  /** Tasks by how they ended. */
  readonly ended = new Map<TaskState, number>();

  /** A task has changed: whether there is something new to report of it. */
  noteChange(before: Task, after: Task): void {
    const newest = after.updates.at(-1);
    if (after.runs === undefined && newest !== undefined && newest.uuid !== before.updates.at(-1)?.uuid) {
      this.validUpdates += 1;
    }
  }

  /** A task has ended, or the process of an executor. */
  noteEnd(task: Task): void {
    const state = taskState(task);
    assert(isTerminal(state), () => `a task in ${state} is not released`);
    if (task.runs === undefined) this.ended.set(state, (this.ended.get(state) ?? 0) + 1);
    // What a custom executor runs is part of its process, and a pod has ended with its last task.
    if (!isExecuted(task.pod) && (task.runs !== undefined || task.pod === undefined)) this.executorsTerminated += 1;
  }
}
