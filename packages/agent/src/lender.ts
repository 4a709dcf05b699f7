/** Lends cpus that services leave free, tells the master how many, and has tasks ended that they have to be taken back from. */
import { describeError, every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { AgentMessage } from '@stadion/contract/agent-link';
import type { Resource } from '@stadion/contract/mesos';
import type { ContainerUsage } from './core/container.ts';
import type { Ledger } from './core/ledger.ts';
import {
  LOOKS_BEFORE_PREEMPTION,
  believedUse,
  coresBetween,
  cpusOf,
  isWorthTelling,
  leftFree,
  samplesOf,
  toLend,
  toPreempt,
  type Borrower,
  type CpuSample,
  type RevocableCpus,
} from './core/lending.ts';
import { isExecuted } from './core/pod.ts';
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
  /** Cores that tasks with cpus of their own use. */
  private use: number | undefined;
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
    this.use = believedUse(this.use, this.measure(samples));
    this.samples = samples;
    this.takeBack(leftFree(this.cpus, this.use));
    const lent = toLend(mode, this.cpus, this.use);
    if (!isWorthTelling(this.lent, lent, this.cpus)) return;
    this.lent = lent;
    ledger.lend(lent);
    this.announce();
  }

  /** What is not measured, or not yet, counts as what it was granted. */
  private measure(samples: ReadonlyMap<string, CpuSample>): number {
    const { parts } = this;
    let sum = 0;
    for (const { task } of [...parts.table.entries(), ...parts.table.processEntries()]) {
      if (isExecuted(task.pod) || task.phase === 'ended' || task.phase === 'staged') continue;
      const { own, lent } = cpusOf(parts.resourcesOf(task));
      if (own === 0 && lent > 0) continue;
      const { containerId } = task;
      sum += coresBetween(this.samples.get(containerId), samples.get(containerId)) ?? own;
    }
    return sum;
  }

  private takeBack(left: number): void {
    const { parts } = this;
    const borrowers: (Borrower & { readonly entry: TaskEntry })[] = [];
    let sum = 0;
    // Of an executor that was lent cpus of its own, the process gives them back.
    for (const entry of [...parts.table.entries(), ...parts.table.processEntries()]) {
      const { phase, info, runningSince: since = 0 } = entry.task;
      const { lent } = cpusOf(info.resources);
      if (lent === 0 || phase === 'ended' || phase === 'killing') continue;
      sum += lent;
      if (phase === 'running') borrowers.push({ entry, lent, since });
    }
    const chosen = toPreempt(borrowers, sum, left);
    this.looksOver = chosen.length === 0 ? 0 : this.looksOver + 1;
    if (this.looksOver < LOOKS_BEFORE_PREEMPTION) return;
    this.looksOver = 0;
    for (const { entry, lent } of chosen) {
      parts.log.info(
        { task: entry.task.info.task_id.value, cpus: lent, left },
        'a task gives back the cpus it was lent',
      );
      parts.preempt(entry);
    }
  }
}
