/** The tasks of an agent by their names: those that live or are not fully reported, and those that are history. */
import type { FrameworkInfo } from '@stadion/contract/mesos';
import type { Task } from './core/task.ts';

/** One task's place: the task object in it is replaced, the place stays. */
export interface TaskEntry {
  task: Task;
  /** Whether the ledger is charged for it. */
  charged: boolean;
  /** Cuts the fetching of its artifacts short. */
  abort: AbortController | undefined;
  /** Its framework was shut down: nobody is left who would acknowledge. */
  orphaned: boolean;
}

/** A task whose every update was acknowledged. */
export interface EndedTask {
  readonly task: Task;
  readonly agentId: string;
  readonly endedAt: number;
}

/** All tasks. Task ids are unique within a framework, container ids everywhere. */
export class TaskTable {
  private readonly byName = new Map<string, TaskEntry>();
  private readonly byContainer = new Map<string, TaskEntry>();
  private readonly endedByName = new Map<string, EndedTask>();
  readonly frameworks = new Map<string, FrameworkInfo>();

  get size(): number {
    return this.byName.size;
  }

  get endedSize(): number {
    return this.endedByName.size;
  }

  add(task: Task): TaskEntry {
    const entry: TaskEntry = { task, charged: false, abort: undefined, orphaned: false };
    this.byName.set(nameOf(task), entry);
    this.byContainer.set(task.containerId, entry);
    return entry;
  }

  find(frameworkId: string, taskId: string): TaskEntry | undefined {
    return this.byName.get(`${frameworkId}/${taskId}`);
  }

  findContainer(containerId: string): TaskEntry | undefined {
    return this.byContainer.get(containerId);
  }

  findEnded(frameworkId: string, taskId: string): EndedTask | undefined {
    return this.endedByName.get(`${frameworkId}/${taskId}`);
  }

  entries(): IterableIterator<TaskEntry> {
    return this.byName.values();
  }

  /** In the order in which they became history. */
  ended(): IterableIterator<EndedTask> {
    return this.endedByName.values();
  }

  /** Moves a task into history. */
  retire(task: Task, agentId: string): void {
    this.byName.delete(nameOf(task));
    this.byContainer.delete(task.containerId);
    this.endedByName.set(nameOf(task), { task, agentId, endedAt: task.endedAt ?? 0 });
  }

  /** Forgets a task of history. */
  forget(ended: EndedTask): void {
    this.endedByName.delete(nameOf(ended.task));
  }
}

function nameOf(task: Task): string {
  return `${task.frameworkId}/${task.info.task_id.value}`;
}
