/** What an agent tidies: logs that grew, and sandboxes of tasks that ended long ago. */
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { AgentConfig } from './agent-options.ts';
import { isExecuted } from './core/pod.ts';
import { pickExpired, sandboxAgeMsMax } from './core/retention.ts';
import type { Task } from './core/task.ts';
import { ENDED_TASKS_MAX } from './limits.ts';
import type { SandboxId, Sandboxes } from './ports/sandboxes.ts';
import type { TaskRecords } from './task-records.ts';
import type { EndedTask, TaskTable } from './task-table.ts';

/** Two slow repetitions; neither starts again before it is through. */
export class Housekeeping {
  private readonly time: Clock & Timers;
  private readonly sandboxes: Sandboxes;
  private readonly records: TaskRecords;
  private readonly log: Logger;
  private readonly config: AgentConfig;
  private readonly table: TaskTable;
  private readonly sandboxId: (task: Task, agentId?: string) => SandboxId;
  private readonly timers: TimerHandle[] = [];
  /** How long an ended sandbox may stay, by the last look at the disk, milliseconds. */
  ageMsMax: number;
  private rotating = false;
  private collecting = false;
  private stopped = false;

  constructor(
    ports: { time: Clock & Timers; sandboxes: Sandboxes; records: TaskRecords; log: Logger },
    config: AgentConfig,
    table: TaskTable,
    sandboxId: (task: Task, agentId?: string) => SandboxId,
  ) {
    this.time = ports.time;
    this.sandboxes = ports.sandboxes;
    this.records = ports.records;
    this.log = ports.log;
    this.config = config;
    this.ageMsMax = config.gcDelayMs;
    this.table = table;
    this.sandboxId = sandboxId;
  }

  start(): void {
    this.repeat(this.config.logWatchIntervalMs, () => void this.rotateLogs());
    this.repeat(this.config.diskWatchIntervalMs, () => {
      this.records.saveAgain((containerId) => this.table.findContainer(containerId)?.task);
      void this.collect();
    });
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) timer.cancel();
  }

  private repeat(intervalMs: number, work: () => void): void {
    if (intervalMs > 0) this.timers.push(every(this.time, intervalMs, work));
  }

  private async rotateLogs(): Promise<void> {
    if (this.rotating) return;
    this.rotating = true;
    const options = { bytesMax: this.config.logFileBytesMax, keep: this.config.logFilesKept };
    for (const { task } of [...this.table.entries(), ...this.table.processEntries()]) {
      if (this.stopped) break;
      if (isExecuted(task.pod) || (task.phase !== 'running' && task.phase !== 'killing')) continue;
      try {
        const rotated = await this.sandboxes.rotateLogs(this.sandboxId(task), options);
        if (rotated.length > 0) this.log.info({ task: task.info.task_id.value, rotated }, 'logs rotated');
      } catch (error) {
        this.log.warn({ task: task.info.task_id.value, error: describeError(error) }, 'a log could not be rotated');
      }
    }
    this.rotating = false;
  }

  private async collect(): Promise<void> {
    if (this.collecting || this.table.endedSize === 0) return;
    this.collecting = true;
    try {
      this.ageMsMax = sandboxAgeMsMax(
        { delayMs: this.config.gcDelayMs, diskHeadroom: this.config.gcDiskHeadroom },
        await this.sandboxes.diskUsedFraction(),
      );
      for (const ended of pickExpired(this.table.endedRuns(), this.ageMsMax, ENDED_TASKS_MAX, this.time.now())) {
        if (this.stopped) break;
        await this.remove(ended);
      }
    } catch (error) {
      this.log.warn({ error: describeError(error) }, 'the disk could not be measured; no sandbox is removed');
    }
    this.collecting = false;
  }

  private async remove(ended: EndedTask): Promise<void> {
    const { task } = ended;
    try {
      // The sandbox of a custom executor goes with its process.
      if (!isExecuted(task.pod)) await this.sandboxes.remove(this.sandboxId(task, ended.agentId));
      await this.records.remove(task.containerId);
      this.table.forget(ended);
    } catch (error) {
      this.log.warn({ task: task.info.task_id.value, error: describeError(error) }, 'a sandbox could not be removed');
    }
  }
}
