/** The records of tasks on disk: written as tasks change, and written again when the disk would not take them. */
import { describeError, type Logger } from '@stadion/base';
import { taskKey, toTaskRecord } from './core/checkpoint-record.ts';
import type { Task } from './core/task.ts';
import type { Checkpoints } from './ports/checkpoints.ts';

/** One record a container. */
export class TaskRecords {
  private readonly checkpoints: Checkpoints;
  private readonly log: Logger;
  private readonly agentId: () => string;
  /** Tasks whose last record could not be written, by container. */
  private readonly unsaved = new Map<string, Task>();

  /** @param agentId who the agent is at the time of the call */
  constructor(checkpoints: Checkpoints, log: Logger, agentId: () => string) {
    this.checkpoints = checkpoints;
    this.log = log;
    this.agentId = agentId;
  }

  /** Resolves with whether it was written; why not is in the log. */
  save(task: Task, durable: boolean): Promise<boolean> {
    const { containerId } = task;
    return this.checkpoints.save(taskKey(containerId), toTaskRecord(task, this.agentId()), { durable }).then(
      () => {
        // One that could not be written before is older: written again later, it would take the place of this one.
        this.unsaved.delete(containerId);
        return true;
      },
      (error: unknown) => {
        this.unsaved.set(containerId, task);
        const taskId = task.info.task_id.value;
        this.log.error({ taskId, error: describeError(error) }, 'the record of a task could not be written');
        return false;
      },
    );
  }

  /** Writes again what could not be written: a full disk may have got room. @param newest the task as it is now */
  saveAgain(newest: (containerId: string) => Task | undefined): void {
    const tasks = [...this.unsaved.values()];
    this.unsaved.clear();
    for (const task of tasks) void this.save(newest(task.containerId) ?? task, true);
  }

  /** Removes the record of a task that is forgotten. */
  async remove(containerId: string): Promise<void> {
    this.unsaved.delete(containerId);
    await this.checkpoints.remove(taskKey(containerId));
  }
}
