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
  private readonly live = new TasksByName<TaskEntry>();
  private readonly byContainer = new Map<string, TaskEntry>();
  private readonly history = new TasksByName<EndedTask>();
  /** Processes of custom executors, which are nobody's tasks, by container; and those that have ended. */
  private readonly processes = new Map<string, TaskEntry>();
  private readonly endedProcesses = new Map<string, EndedTask>();
  readonly frameworks = new Map<string, FrameworkInfo>();

  get size(): number {
    return this.byContainer.size;
  }

  get endedSize(): number {
    return this.history.size + this.endedProcesses.size;
  }

  add(task: Task): TaskEntry {
    const entry: TaskEntry = { task, charged: false, abort: undefined, orphaned: false };
    this.live.set(task, entry);
    this.byContainer.set(task.containerId, entry);
    return entry;
  }

  addProcess(task: Task): TaskEntry {
    const entry: TaskEntry = { task, charged: false, abort: undefined, orphaned: false };
    this.processes.set(task.containerId, entry);
    return entry;
  }

  find(frameworkId: string, taskId: string): TaskEntry | undefined {
    return this.live.get(frameworkId, taskId);
  }

  findContainer(containerId: string): TaskEntry | undefined {
    return this.byContainer.get(containerId) ?? this.processes.get(containerId);
  }

  /** Processes of custom executors. */
  processEntries(): IterableIterator<TaskEntry> {
    return this.processes.values();
  }

  findEnded(frameworkId: string, taskId: string): EndedTask | undefined {
    return this.history.get(frameworkId, taskId);
  }

  /** In the order in which they came. */
  entries(): IterableIterator<TaskEntry> {
    return this.byContainer.values();
  }

  /** What has ended and has a sandbox still: tasks, and processes of custom executors. */
  *endedRuns(): Iterable<EndedTask> {
    yield* this.history.values();
    yield* this.endedProcesses.values();
  }

  /** In the order in which they became history, by framework. */
  ended(): Iterable<EndedTask> {
    return this.history.values();
  }

  /** Moves a task into history. */
  retire(task: Task, agentId: string): void {
    if (task.runs !== undefined) {
      this.processes.delete(task.containerId);
      this.endedProcesses.set(task.containerId, { task, agentId, endedAt: task.endedAt ?? 0 });
      return;
    }
    this.live.delete(task);
    this.byContainer.delete(task.containerId);
    this.history.set(task, { task, agentId, endedAt: task.endedAt ?? 0 });
  }

  /** Forgets a task of history. */
  forget(ended: EndedTask): void {
    if (ended.task.runs === undefined) this.history.delete(ended.task);
    else this.endedProcesses.delete(ended.task.containerId);
  }
}

/** Two levels, framework and task: a joined key would cost each task a string of its own. */
class TasksByName<Value> {
  private readonly byFramework = new Map<string, Map<string, Value>>();
  size = 0;

  get(frameworkId: string, taskId: string): Value | undefined {
    return this.byFramework.get(frameworkId)?.get(taskId);
  }

  set(task: Task, value: Value): void {
    let byTask = this.byFramework.get(task.frameworkId);
    if (byTask === undefined) {
      byTask = new Map();
      this.byFramework.set(task.frameworkId, byTask);
    }
    const before = byTask.size;
    byTask.set(task.info.task_id.value, value);
    this.size += byTask.size - before;
  }

  delete(task: Task): void {
    const byTask = this.byFramework.get(task.frameworkId);
    if (byTask?.delete(task.info.task_id.value) !== true) return;
    this.size -= 1;
    if (byTask.size === 0) this.byFramework.delete(task.frameworkId);
  }

  *values(): Iterable<Value> {
    for (const byTask of this.byFramework.values()) yield* byTask.values();
  }
}
