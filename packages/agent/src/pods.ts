/** The pods of an agent: their tasks are prepared before any of them starts, and one that ends badly ends the others. */
import { describeError } from '@stadion/base';
import type { AgentCounters } from './agent-counters.ts';
import type { Ledger } from './core/ledger.ts';
import type { TaskPod } from './core/pod.ts';
import { taskState, type Task } from './core/task.ts';
import type { SandboxId, Sandboxes } from './ports/sandboxes.ts';
import type { TaskEntry } from './task-table.ts';

interface PodParts {
  readonly ledger: Ledger;
  readonly counters: Pick<AgentCounters, 'executorsTerminated'>;
  readonly sandboxes: Sandboxes;
  readonly sandboxId: (task: Task, pod: TaskPod) => SandboxId;
  /** Makes one task ready to start; resolves with a sentence when it cannot be done. */
  readonly prepareTask: (entry: TaskEntry) => Promise<string | undefined>;
  readonly prepared: (entry: TaskEntry) => void;
  readonly refuse: (entry: TaskEntry, message: string) => void;
  readonly kill: (entry: TaskEntry, cause: 'pod' | 'preempted') => void;
  readonly identitySaved: () => Promise<void>;
}

/** One pod with tasks that live. */
interface Pod {
  readonly pod: TaskPod;
  readonly entries: Set<TaskEntry>;
  /** Whether its executor's resources are held. */
  charged: boolean;
  /** The task of it that has ended otherwise than well: none is to go on. */
  broken: Task | undefined;
}

/** One per agent. */
export class Pods {
  private readonly parts: PodParts;
  private readonly byId = new Map<string, Pod>();

  constructor(parts: PodParts) {
    this.parts = parts;
  }

  /** A new pod, whose resources are held already, those of its executor included. Prepares its tasks and starts them. */
  async start(pod: TaskPod, entries: readonly TaskEntry[]): Promise<void> {
    this.byId.set(pod.podId, { pod, entries: new Set(entries), charged: true, broken: undefined });
    const [first] = entries;
    if (first === undefined) return;
    const { sandboxes } = this.parts;
    try {
      await this.parts.identitySaved();
      const id = this.parts.sandboxId(first.task, pod);
      await sandboxes.create(id, undefined);
      await Promise.all(
        entries.map(async (entry) => {
          const problem = await this.parts.prepareTask(entry);
          if (problem !== undefined) this.parts.refuse(entry, problem);
        }),
      );
      // All or none: whoever could not be made ready has ended the others by now.
      if (!entries.every(({ task }) => task.phase === 'staged')) return;
      await sandboxes.openPod(id);
      for (const entry of entries) this.parts.prepared(entry);
    } catch (error) {
      for (const entry of entries) {
        this.parts.refuse(entry, `The sandbox of the pod could not be made: ${describeError(error)}`);
      }
    }
  }

  /** A task from an earlier life of the agent, also one that is history. */
  restore(task: Task, entry: TaskEntry | undefined): void {
    const { pod } = task;
    if (pod === undefined) return;
    const known = this.byId.get(pod.podId) ?? { pod, entries: new Set<TaskEntry>(), charged: false, broken: undefined };
    this.byId.set(pod.podId, known);
    if (task.phase === 'ended') {
      if (endedBadly(task)) known.broken = task;
      return;
    }
    if (entry !== undefined) known.entries.add(entry);
    if (known.charged) return;
    known.charged = true;
    this.parts.ledger.charge(pod.executor.resources);
  }

  /** After all tasks are restored: an end that nobody has carried over to the others is carried over. */
  reconcile(): void {
    for (const [podId, known] of [...this.byId]) {
      if (known.broken !== undefined) this.endOthers(known, known.broken);
      if (known.entries.size === 0) this.byId.delete(podId);
    }
  }

  /** A task has ended, its own resources are free. */
  ended(entry: TaskEntry): void {
    const known = this.byId.get(entry.task.pod?.podId ?? '');
    if (!known?.entries.delete(entry)) return;
    if (known.entries.size === 0) {
      this.byId.delete(known.pod.podId);
      this.parts.counters.executorsTerminated += 1;
      if (known.charged) this.parts.ledger.free(known.pod.executor.resources);
      return;
    }
    if (known.broken !== undefined || !endedBadly(entry.task)) return;
    known.broken = entry.task;
    this.endOthers(known, entry.task);
  }

  /** Where one was preempted all are: they are one container. */
  private endOthers(known: Pod, { latest }: Task): void {
    const cause = latest?.reason === 'REASON_CONTAINER_PREEMPTED' ? 'preempted' : 'pod';
    for (const other of [...known.entries]) this.parts.kill(other, cause);
  }
}

/** Only a task that has finished leaves the others alone. */
function endedBadly(task: Task): boolean {
  return taskState(task) !== 'TASK_FINISHED';
}
