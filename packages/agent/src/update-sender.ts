/** Sends each task's first unacknowledged update, and again until it is acknowledged. */
import type { Clock, Timers } from '@stadion/base';
import type { AgentMessage } from '@stadion/contract/agent-link';
import { taskState } from './core/task.ts';
import { resendDelayMs } from './core/update-queue.ts';
import { DueSchedule } from './due-schedule.ts';
import type { TaskEntry } from './task-table.ts';

interface Sent {
  readonly entry: TaskEntry;
  readonly uuid: string | undefined;
  readonly attempt: number;
}

/** One schedule for the updates in flight of all tasks. */
export class UpdateSender {
  private readonly schedule: DueSchedule<Sent>;
  private readonly send: (message: AgentMessage) => boolean;

  /** @param send gives false when there is no registration; what waits then is sent by {@link resume} */
  constructor(time: Clock & Timers, send: (message: AgentMessage) => boolean) {
    this.send = send;
    this.schedule = new DueSchedule(time, (sent) => {
      if (sent.entry.task.updates[0]?.uuid === sent.uuid) this.deliver(sent.entry, sent.attempt + 1);
    });
  }

  /** Sends the first update of a task, if it has one. */
  deliver(entry: TaskEntry, attempt = 0): void {
    const status = entry.task.updates[0];
    if (status === undefined) return;
    const sent = this.send({
      type: 'STATUS_UPDATE',
      framework_id: { value: entry.task.frameworkId },
      status,
      latest_state: taskState(entry.task),
    });
    if (sent) this.schedule.add(resendDelayMs(attempt), { entry, uuid: status.uuid, attempt });
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
