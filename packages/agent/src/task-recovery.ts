/** What an agent finds of its earlier life: the records of its tasks, and what of them still runs. */
import type { Logger } from '@stadion/base';
import type { ContainerRemovals } from './container-removals.ts';
import type { RecoveredContainer } from './core/container.ts';
import type { Ledger } from './core/ledger.ts';
import { isExecuted } from './core/pod.ts';
import type { Task } from './core/task.ts';
import type { Executors } from './executors.ts';
import type { Pods } from './pods.ts';
import type { Containerizer } from './ports/containerizer.ts';
import type { TaskEntry, TaskTable } from './task-table.ts';

interface RecoveryParts {
  readonly table: TaskTable;
  readonly ledger: Ledger;
  readonly pods: Pods;
  readonly executors: Executors;
  readonly containerizer: Containerizer;
  readonly removals: ContainerRemovals;
  readonly log: Logger;
  /** One task more lives. */
  onAdded(): void;
  /** What became of its container. */
  found(entry: TaskEntry, container: RecoveredContainer | undefined): void;
}

/** One per agent; of no use after its start. */
export class TaskRecovery {
  private readonly parts: RecoveryParts;

  constructor(parts: RecoveryParts) {
    this.parts = parts;
  }

  /** Puts a task from an earlier life of the agent in its place; {@link reconcile} follows. */
  restore(task: Task, agentId: string): void {
    const { table, pods, executors, ledger } = this.parts;
    const isPod = !isExecuted(task.pod);
    if (task.phase === 'ended' && (task.updates.length === 0 || task.runs !== undefined)) {
      table.retire(task, agentId);
      if (isPod) pods.restore(task, undefined);
      return;
    }
    const entry = task.runs === undefined ? table.add(task) : table.addProcess(task);
    if (task.runs !== undefined) executors.restoreProcess(entry, task.runs);
    else if (isPod) pods.restore(task, entry);
    if (task.phase === 'ended') return;
    ledger.charge(task.info.resources);
    entry.charged = true;
    this.parts.onAdded();
  }

  /** Compares the restored tasks with what the containerizer found. */
  reconcile(found: readonly RecoveredContainer[]): void {
    const { table, pods, executors } = this.parts;
    const byId = new Map(found.map((container) => [container.containerId, container]));
    const tasks = [...table.entries()];
    for (const entry of [...table.processEntries(), ...tasks]) {
      const container = byId.get(entry.task.containerId);
      byId.delete(entry.task.containerId);
      if (entry.task.phase !== 'ended') this.parts.found(entry, container);
      else if (container !== undefined) this.discard(container);
    }
    pods.reconcile();
    executors.reconcile(tasks.filter(({ task }) => isExecuted(task.pod)));
    for (const container of byId.values()) this.discard(container);
  }

  /** Nobody knows this container: what is not reported must not run. */
  private discard(container: RecoveredContainer): void {
    const { containerId } = container;
    if (container.state === 'running') {
      this.parts.log.warn({ containerId }, 'ending a container that belongs to no known task');
      this.parts.containerizer.kill(containerId, 0);
    } else {
      this.parts.removals.add(containerId);
    }
  }
}
