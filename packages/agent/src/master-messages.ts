/** What the agent does about each message of its master. */
import { describeError, type Logger } from '@stadion/base';
import type { AgentMessage, MasterMessage } from '@stadion/contract/agent-link';
import type { FrameworkInfo, TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { isPathSegment } from './core/admission.ts';
import { frameworkKey, toFrameworkRecord } from './core/checkpoint-record.ts';
import { TASKS_MAX } from './limits.ts';
import type { Checkpoints } from './ports/checkpoints.ts';
import type { TaskRunner } from './task-runner.ts';
import type { TaskTable } from './task-table.ts';
import type { VolumeKeeper } from './volume-keeper.ts';

interface MessageParts {
  readonly table: TaskTable;
  readonly runner: TaskRunner;
  readonly volumes: VolumeKeeper;
  readonly checkpoints: Checkpoints;
  readonly log: Logger;
  readonly send: (message: AgentMessage) => boolean;
  /** Its tasks are being ended for good. */
  readonly isLeaving: () => boolean;
}

/** One per agent; called once it is registered. */
export class MasterMessages {
  private readonly parts: MessageParts;

  constructor(parts: MessageParts) {
    this.parts = parts;
  }

  handle(message: MasterMessage): void {
    const { table, runner, volumes } = this.parts;
    switch (message.type) {
      case 'RUN_TASKS':
        this.runTasks(message.framework, message.tasks);
        return;
      case 'KILL_TASK':
        this.killTask(message);
        return;
      case 'ACKNOWLEDGE_STATUS_UPDATE': {
        const entry = table.find(message.framework_id.value, message.task_id.value);
        if (entry !== undefined) runner.acknowledge(entry, message.uuid);
        return;
      }
      case 'RESUME_UPDATES':
        runner.updates.resume(table.entries());
        return;
      case 'SHUTDOWN_FRAMEWORK':
        this.shutdownFramework(message.framework_id.value);
        return;
      case 'RUN_TASK_GROUP':
        this.runGroup(message);
        return;
      case 'CHECKPOINT_RESOURCES':
        volumes.apply(message.checkpointed);
        void volumes.settled().then(() => {
          // Whoever cannot write is asked again with the next PING: one who said so at once would be asked at once.
          const version = volumes.current?.version ?? 0;
          if (version < message.checkpointed.version) return;
          this.parts.send({ type: 'PONG', checkpointed_version: version });
        });
        return;
      case 'FRAMEWORK_MESSAGE':
        runner.executors.tell(message.framework_id.value, message.executor_id.value, message.data);
        return;
      case 'SHUTDOWN_EXECUTOR':
        runner.executors.shutDown(message.framework_id.value, message.executor_id.value);
        return;
      case 'PING':
      case 'REGISTERED':
      case 'REJECTED':
        // The session's own business.
        return;
    }
  }

  private runTasks(framework: FrameworkInfo, infos: readonly TaskInfo[]): void {
    const frameworkId = this.meet(framework);
    if (frameworkId === undefined) return;
    const brought = new Map<string, ExecutorInfo>();
    for (const info of this.unknown(frameworkId, infos)) {
      const objection = this.findObjection() ?? findNameProblem(info.executor);
      if (objection === undefined) this.parts.runner.intake.run(frameworkId, info);
      else this.drop(frameworkId, info, objection);
      if (info.executor !== undefined) brought.set(info.executor.executor_id.value, info.executor);
    }
    for (const executor of brought.values()) this.parts.runner.executors.tellIfAbsent(frameworkId, executor);
  }

  private runGroup({ framework, executor, tasks }: Extract<MasterMessage, { type: 'RUN_TASK_GROUP' }>): void {
    const frameworkId = this.meet(framework);
    // The message comes twice as a whole.
    if (frameworkId === undefined || this.unknown(frameworkId, tasks).length < tasks.length) return;
    const objection = this.findObjection() ?? findNameProblem(executor);
    if (objection === undefined) this.parts.runner.intake.runGroup(frameworkId, executor, tasks);
    else for (const info of tasks) this.drop(frameworkId, info, objection);
    if (executor.type === 'CUSTOM') this.parts.runner.executors.tellIfAbsent(frameworkId, executor);
  }

  /** Keeps who the framework is. Undefined: it cannot have tasks here. */
  private meet(framework: FrameworkInfo): string | undefined {
    const frameworkId = framework.id?.value ?? '';
    if (!isPathSegment(frameworkId)) {
      this.parts.log.error({ frameworkId }, 'tasks of a framework without a usable id are dropped');
      return undefined;
    }
    if (this.parts.table.frameworks.get(frameworkId) !== framework) this.keepFramework(frameworkId, framework);
    return frameworkId;
  }

  /** Without those that came before: a message may come twice, maybe long after. */
  private unknown(frameworkId: string, infos: readonly TaskInfo[]): readonly TaskInfo[] {
    const { table } = this.parts;
    return infos.filter(
      ({ task_id: { value } }) =>
        table.find(frameworkId, value) === undefined && table.findEnded(frameworkId, value) === undefined,
    );
  }

  private drop(frameworkId: string, info: TaskInfo, objection: string): void {
    this.parts.runner.updates.reportOnce(frameworkId, info, 'TASK_DROPPED', 'REASON_INVALID_OFFERS', objection);
  }

  private findObjection(): string | undefined {
    if (this.parts.isLeaving()) return 'The agent is shutting down';
    if (this.parts.table.size >= TASKS_MAX) return `The agent has ${TASKS_MAX} tasks, which is as many as it takes`;
    return undefined;
  }

  private keepFramework(frameworkId: string, framework: FrameworkInfo): void {
    this.parts.table.frameworks.set(frameworkId, framework);
    const record = toFrameworkRecord(framework);
    this.parts.checkpoints.save(frameworkKey(frameworkId), record, { durable: false }).catch((error: unknown) => {
      this.parts.log.error(
        { frameworkId, error: describeError(error) },
        'the record of a framework could not be written',
      );
    });
  }

  private killTask(message: Extract<MasterMessage, { type: 'KILL_TASK' }>): void {
    const frameworkId = message.framework_id.value;
    const taskId = message.task_id.value;
    const entry = this.parts.table.find(frameworkId, taskId);
    if (entry !== undefined) {
      this.parts.runner.kill(entry, 'asked', message.grace_period_ms);
      return;
    }
    const status = this.parts.table.findEnded(frameworkId, taskId)?.task.latest;
    if (status === undefined) {
      const text = 'The agent does not know this task';
      this.parts.runner.updates.reportOnce(frameworkId, message, 'TASK_GONE', 'REASON_TASK_UNKNOWN', text);
    } else {
      const { framework_id } = message;
      this.parts.send({ type: 'STATUS_UPDATE', framework_id, status, latest_state: status.state });
    }
  }

  private shutdownFramework(frameworkId: string): void {
    this.parts.table.frameworks.delete(frameworkId);
    this.parts.checkpoints.remove(frameworkKey(frameworkId)).catch((error: unknown) => {
      this.parts.log.warn(
        { frameworkId, error: describeError(error) },
        'the record of a framework could not be removed',
      );
    });
    this.parts.runner.orphan(frameworkId);
  }
}

function findNameProblem(executor: ExecutorInfo | undefined): string | undefined {
  if (executor === undefined || isPathSegment(executor.executor_id.value)) return undefined;
  return 'The executor id cannot be the name of a directory';
}
