/** Lends cpus that services leave free, tells the master how many, and has tasks ended that they have to be taken back from. */
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { AgentMessage } from '@stadion/contract/agent-link';
import type { Resource } from '@stadion/contract/mesos';
import type { ContainerUsage } from './core/container.ts';
import type { Ledger } from './core/ledger.ts';
import {
  believedUse,
  coresBetween,
  cpusOf,
  isWorthTelling,
  leftFree,
  samplesOf,
  toLend,
  type CpuSample,
  type RevocableCpus,
} from './core/lending.ts';
import { isExecuted } from './core/pod.ts';
import { planPreemption } from './core/preemption.ts';
import type { Task } from './core/task.ts';
import type { TaskEntry, TaskTable } from './task-table.ts';

interface LenderParts {
  readonly mode: RevocableCpus;
  readonly lookIntervalMs: number;
  /** What the agent has. */
  readonly resources: readonly Resource[];
  readonly time: Clock & Timers;
  readonly table: TaskTable;
  readonly ledger: Ledger;
  readonly log: Logger;
  usage(): Promise<ReadonlyMap<string, ContainerUsage>>;
  /** What the container of a task, or of an executor, may use. */
  resourcesOf(task: Task): readonly Resource[];
  send(message: AgentMessage): boolean;
  preempt(entry: TaskEntry): void;
}

/** One per agent. */
export class Lender {
  private readonly parts: LenderParts;
  private readonly cpus: number;
  private samples = new Map<string, CpuSample>();
  /** Cores that each container used when that was last measured. */
  private measured = new Map<string, number>();
  /** Cores that tasks with cpus of their own use: what may be lent depends on it. */
  private use: number | undefined;
  /** The same by what was measured alone: nothing ends for lack of information. */
  private seenUse: number | undefined;
  /** What the ledger has, and the master once it knows the agent. */
  private lent: number;
  private looksOver = 0;
  private isLooking = false;
  private timer: TimerHandle | undefined;

  constructor(parts: LenderParts) {
    this.parts = parts;
    this.cpus = cpusOf(parts.resources).own;
    // Nothing is measured yet.
    this.lent = parts.mode === 'auto' ? 0 : toLend(parts.mode, this.cpus, 0);
    parts.ledger.lend(this.lent);
  }

  start(): void {
    const { mode, time, lookIntervalMs } = this.parts;
    if (mode !== 'off') this.timer = every(time, lookIntervalMs, () => void this.look());
  }

  stop(): void {
    this.timer?.cancel();
  }

  /** The master has forgotten what it was told: it knows the agent from now on. */
  announce(): void {
    if (this.parts.mode === 'off') return;
    const cpus: Resource = { name: 'cpus', type: 'SCALAR', scalar: { value: this.lent }, revocable: {} };
    this.parts.send({ type: 'OVERSUBSCRIBED', resources: this.lent === 0 ? [] : [cpus] });
  }

  private async look(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      this.decide(await this.parts.usage());
    } catch (error) {
      this.parts.log.warn({ error: describeError(error) }, 'what tasks use could not be measured; what is lent stays');
    }
    this.isLooking = false;
  }

  private decide(usage: ReadonlyMap<string, ContainerUsage>): void {
    const { mode, ledger, time } = this.parts;
    const samples = samplesOf(usage, time.monotonic());
    const { use, seen } = this.measure(samples);
    this.use = believedUse(this.use, use);
    this.seenUse = believedUse(this.seenUse, seen);
    this.takeBack(leftFree(this.cpus, this.seenUse));
    const lent = toLend(mode, this.cpus, this.use);
    if (!isWorthTelling(this.lent, lent, this.cpus)) return;
    this.lent = lent;
    ledger.lend(lent);
    this.announce();
  }

  /** What was never measured counts as what it was granted, or as nothing: what it uses is not `seen`. */
  private measure(samples: Map<string, CpuSample>): { readonly use: number; readonly seen: number } {
    const { parts } = this;
    const measured = new Map<string, number>();
    let use = 0;
    let seen = 0;
    for (const { task } of [...parts.table.entries(), ...parts.table.processEntries()]) {
      if (isExecuted(task.pod) || task.phase === 'ended' || task.phase === 'staged') continue;
      const { own, lent } = cpusOf(parts.resourcesOf(task));
      if (own === 0 && lent > 0) continue;
      const { containerId: id } = task;
      const cores = coresBetween(this.samples.get(id), samples.get(id)) ?? this.measured.get(id);
      use += cores ?? own;
      seen += cores ?? 0;
      if (cores !== undefined) measured.set(id, cores);
    }
    this.samples = samples;
    this.measured = measured;
    return { use, seen };
  }

  /** Ends whoever has to give back what services want themselves. */
  private takeBack(left: number): void {
    const { table, time, log } = this.parts;
    // Of an executor that was lent cpus of its own, the process gives them back.
    const tasks = [...table.entries(), ...table.processEntries()].map(({ task }) => task);
    const processOf = (podId: string): Task | undefined => table.findContainer(podId)?.task;
    const plan = planPreemption(this.looksOver, tasks, processOf, left, time.now());
    this.looksOver = plan.looksOver;
    for (const task of plan.ended) {
      const entry = table.findContainer(task.containerId);
      if (entry === undefined) continue;
      const { lent } = cpusOf(task.info.resources);
      log.info({ task: task.info.task_id.value, cpus: lent, left }, 'a task gives back the cpus it was lent');
      this.parts.preempt(entry);
    }
  }
}
