/** Sends each task's first unacknowledged update, and again until it is acknowledged. */
import type { Clock, Timers } from '@stadion/base';
import type { AgentMessage } from '@stadion/contract/agent-link';
import type { StatusReason, TaskInfo, TaskState, TaskStatus } from '@stadion/contract/mesos';
import { isExecuted } from './core/pod.ts';
import { taskState, type Task } from './core/task.ts';
import { resendDelayMs } from './core/update-queue.ts';
import { DueSchedule } from './due-schedule.ts';
import type { TaskEntry } from './task-table.ts';

type Update = Extract<AgentMessage, { type: 'STATUS_UPDATE' }>;

interface Sent {
  readonly entry: TaskEntry;
  readonly uuid: string | undefined;
  readonly attempt: number;
}

/** What the sender needs of the agent. */
interface SenderOwner {
  /** False when there is no registration; what waits then is sent by {@link UpdateSender.resume}. */
  send(message: AgentMessage): boolean;
  agentId(): string;
  /** The identity of an update. */
  newUuid(): string;
  /** Whether a process of a custom executor lives. */
  executorLives(frameworkId: string, executorId: string): boolean;
}

/** One schedule for the updates in flight of all tasks. */
export class UpdateSender {
  private readonly schedule: DueSchedule<Sent>;
  private readonly time: Clock;
  private readonly owner: SenderOwner;

  constructor(time: Clock & Timers, owner: SenderOwner) {
    this.time = time;
    this.owner = owner;
    this.schedule = new DueSchedule(time, (sent) => {
      if (sent.entry.task.updates[0]?.uuid === sent.uuid) this.deliver(sent.entry, sent.attempt + 1);
    });
  }

  /** Sends the first update of a task, if it has one. */
  deliver(entry: TaskEntry, attempt = 0): void {
    const status = entry.task.updates[0];
    if (status === undefined) return;
    const sent = this.owner.send({
      type: 'STATUS_UPDATE',
      framework_id: { value: entry.task.frameworkId },
      status,
      latest_state: taskState(entry.task),
      ...this.executorNews(entry.task),
    });
    if (sent) this.schedule.add(resendDelayMs(attempt), { entry, uuid: status.uuid, attempt });
  }

  private executorNews({ frameworkId, pod }: Task): Pick<Update, 'executor_lives'> {
    if (pod === undefined || !isExecuted(pod)) return {};
    return { executor_lives: this.owner.executorLives(frameworkId, pod.executor.executor_id.value) };
  }

  /** A report about a task that is not kept here; whoever misses it asks again. */
  reportOnce(
    frameworkId: string,
    task: Pick<TaskInfo, 'task_id'>,
    state: TaskState,
    reason: StatusReason,
    message: string,
  ): void {
    const status: TaskStatus = {
      task_id: task.task_id,
      state,
      reason,
      message,
      source: 'SOURCE_AGENT',
      agent_id: { value: this.owner.agentId() },
      timestamp: this.time.now() / 1000,
      uuid: this.owner.newUuid(),
    };
    this.owner.send({ type: 'STATUS_UPDATE', framework_id: { value: frameworkId }, status, latest_state: state });
  }

  /** After a registration: sends what waits of all tasks. */
  resume(entries: Iterable<TaskEntry>): void {
    this.schedule.clear();
    for (const entry of entries) this.deliver(entry);
  }

  stop(): void {
    this.schedule.clear();
  }
}
