/** How tasks come to an agent: each, each pod and each list for a custom executor is taken as a whole or refused as a whole. */
import type { Resource, StatusReason, TaskInfo, TaskState } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { findExecutedProblem, findTaskProblem } from './core/admission.ts';
import type { WorkingContainerizers } from './core/containerizer-choice.ts';
import { processInfo } from './core/executor-process.ts';
import type { Ledger } from './core/ledger.ts';
import { isExecuted, type TaskPod } from './core/pod.ts';
import { stageTask } from './core/task.ts';
import type { Executors } from './executors.ts';
import type { Pods } from './pods.ts';
import type { TaskRecords } from './task-records.ts';
import type { TaskEntry, TaskTable } from './task-table.ts';

interface IntakeParts {
  readonly table: TaskTable;
  readonly ledger: Ledger;
  readonly records: TaskRecords;
  readonly pods: Pods;
  readonly executors: Executors;
  agentId(): string;
  containerizers(): WorkingContainerizers;
  newContainerId(): string;
  /** One task more lives. */
  onAdded(): void;
  prepare(entry: TaskEntry): void;
  refuse(entry: TaskEntry, state: TaskState, reason: StatusReason, message: string): void;
}

/** One per agent. */
export class TaskIntake {
  private readonly parts: IntakeParts;

  constructor(parts: IntakeParts) {
    this.parts = parts;
  }

  /** Takes a new task, or refuses it with a report that says why. */
  run(frameworkId: string, info: TaskInfo): void {
    if (info.executor !== undefined) {
      this.runExecuted(frameworkId, info.executor, [info]);
      return;
    }
    const entry = this.add(frameworkId, info, undefined);
    if (this.admit([entry], [])) this.parts.prepare(entry);
  }

  /** Takes the tasks of a pod, or of a custom executor, or refuses all of them. */
  runGroup(frameworkId: string, executor: ExecutorInfo, infos: readonly TaskInfo[]): void {
    if (executor.type === 'CUSTOM') {
      this.runExecuted(frameworkId, executor, infos);
      return;
    }
    const hasSeveralUsers = new Set(infos.map(({ command }) => command?.user)).size > 1;
    const pod: TaskPod = { podId: this.parts.newContainerId(), executor, hasSeveralUsers };
    const entries = infos.map((info) => this.add(frameworkId, info, pod));
    if (this.admit(entries, executor.resources)) void this.parts.pods.start(pod, entries);
  }

  private runExecuted(frameworkId: string, executor: ExecutorInfo, infos: readonly TaskInfo[]): void {
    const { executors } = this.parts;
    const known = executors.podOf(frameworkId, executor.executor_id.value);
    const pod = known ?? { podId: this.parts.newContainerId(), executor, hasSeveralUsers: false };
    const entries = infos.map((info) => this.add(frameworkId, info, pod));
    if (!this.admit(entries, known === undefined ? executor.resources : [])) return;
    if (known === undefined) this.parts.onAdded();
    executors.take(frameworkId, pod, entries);
  }

  private add(frameworkId: string, info: TaskInfo, pod: TaskPod | undefined): TaskEntry {
    this.parts.onAdded();
    return this.parts.table.add(stageTask(frameworkId, info, this.parts.newContainerId(), pod));
  }

  /** Takes all of these tasks or refuses all. @param more resources that they need beside their own */
  private admit(entries: readonly TaskEntry[], more: readonly Resource[]): boolean {
    const { ledger, records } = this.parts;
    for (const { task } of entries) {
      const problem = this.problemOf(task.info, task.pod);
      if (problem === undefined) continue;
      for (const entry of entries) this.parts.refuse(entry, 'TASK_FAILED', 'REASON_CONTAINER_LAUNCH_FAILED', problem);
      return false;
    }
    const shortage = ledger.hold([...more, ...entries.flatMap(({ task }) => task.info.resources)]);
    if (shortage !== undefined) {
      for (const entry of entries) this.parts.refuse(entry, 'TASK_DROPPED', 'REASON_INVALID_OFFERS', shortage);
      return false;
    }
    for (const entry of entries) {
      entry.charged = true;
      void records.save(entry.task, false);
    }
    return true;
  }

  private problemOf(info: TaskInfo, pod: TaskPod | undefined): string | undefined {
    const working = this.parts.containerizers();
    if (pod === undefined || !isExecuted(pod)) return findTaskProblem(info, working, pod);
    return findExecutedProblem(info) ?? findTaskProblem(processInfo(pod.executor, this.parts.agentId()), working);
  }
}
