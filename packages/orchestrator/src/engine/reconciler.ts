/**
 * Asks the master what has become of our tasks: after every subscription and from time to time. After a start, an app
 * waits until the master has answered for each of its tasks, or has had time to: what was stored may be old.
 * A master that has started anew is silent about agents that may still come back, so what is unanswered is asked again.
 */
import { every, type Clock, type TimerHandle, type Timers } from '@stadion/base';
import { taskIdsOf, type Instance } from '../core/instance.ts';
import type { EngineConfig } from './config.ts';
import type { Fleet } from './fleet.ts';
import { RECONCILE_RETRY_PER_TASK_MS, RECONCILE_TASKS_PER_CALL_MAX } from './limits.ts';
import type { MasterLink } from './master-link.ts';

interface ReconcilerParts {
  readonly time: Clock & Timers;
  readonly config: EngineConfig;
  readonly fleet: Fleet;
  readonly link: MasterLink;
  readonly turn: (work: () => void) => void;
}

interface AskedTask {
  readonly taskId: string;
  readonly agentId: string;
}

/** One per engine. */
export class Reconciler {
  private readonly parts: ReconcilerParts;
  /** The app of each task that nobody has answered for since the start, by task id. */
  private readonly unanswered = new Map<string, string>();
  /** How many of its tasks an app still waits for. */
  private readonly awaited = new Map<string, number>();
  private settled: (appId: string) => void = () => undefined;
  private isStarted = false;
  private wasSubscribed = false;
  private pending: Iterator<AskedTask> | undefined;
  private isSending = false;
  private periodic: TimerHandle | undefined;
  private grace: TimerHandle | undefined;
  private again: TimerHandle | undefined;
  private everything: readonly TimerHandle[] = [];

  constructor(parts: ReconcilerParts) {
    this.parts = parts;
  }

  /** Whether what we know of the tasks of an app may be acted on. */
  isSettled(appId: string): boolean {
    return this.isStarted && !this.awaited.has(appId);
  }

  /** @param settled called, inside a turn, for each app for which that has become so */
  start(settled: (appId: string) => void): void {
    this.settled = settled;
    for (const instance of this.placed()) {
      const { appId } = instance;
      const taskIds = taskIdsOf(instance);
      for (const taskId of taskIds) this.unanswered.set(taskId, appId);
      this.awaited.set(appId, (this.awaited.get(appId) ?? 0) + taskIds.length);
    }
    this.isStarted = true;
    this.periodic = every(this.parts.time, this.parts.config.reconcileIntervalMs, () => {
      this.parts.turn(() => {
        this.ask(this.placedTasks());
      });
    });
  }

  stop(): void {
    this.periodic?.cancel();
    this.grace?.cancel();
    this.again?.cancel();
    for (const timer of this.everything) timer.cancel();
    this.pending = undefined;
  }

  /** A subscription is open. */
  subscribed(): void {
    const { time, config, turn } = this.parts;
    this.ask(this.wasSubscribed ? this.placedTasks() : this.stillUnanswered());
    this.wasSubscribed = true;
    this.askAgain(config.reconcileRetryMinMs);
    for (const timer of this.everything) timer.cancel();
    this.everything = config.reconcileEverythingAfterMs.map((delayMs) =>
      time.after(delayMs, () => {
        turn(() => {
          if (this.parts.link.isConnected) this.parts.link.reconcile([]);
        });
      }),
    );
    if (this.awaited.size === 0) return;
    this.grace?.cancel();
    this.grace = time.after(config.reconcileGraceMs, () => {
      turn(() => {
        // Silence is no reason to replace anything: what was stored holds until somebody says otherwise.
        for (const appId of [...this.awaited.keys()]) this.settle(appId);
      });
    });
  }

  /** The master, or an agent, has told about a task. */
  answered(taskId: string): void {
    const appId = this.unanswered.get(taskId);
    if (appId === undefined) return;
    this.unanswered.delete(taskId);
    const left = this.awaited.get(appId);
    if (left === undefined) return;
    if (left > 1) this.awaited.set(appId, left - 1);
    else this.settle(appId);
  }

  private settle(appId: string): void {
    this.awaited.delete(appId);
    if (this.awaited.size === 0) this.grace?.cancel();
    this.settled(appId);
  }

  private *placed(): Generator<Instance> {
    for (const app of this.parts.fleet.all()) {
      for (const instance of app.all.values()) if (instance.place !== undefined) yield instance;
    }
  }

  /** Asks for what is unanswered, more and more seldom: an agent that comes back late may have lost a task. */
  private askAgain(delayMs: number): void {
    const { time, config, link, turn } = this.parts;
    this.again?.cancel();
    this.again = undefined;
    if (this.unanswered.size === 0) return;
    const waitMs = Math.max(delayMs, this.unanswered.size * RECONCILE_RETRY_PER_TASK_MS);
    this.again = time.after(waitMs, () => {
      turn(() => {
        if (!link.isConnected) return;
        if (!this.isSending) {
          this.pending = this.stillUnanswered();
          this.sendNext();
        }
        this.askAgain(Math.min(waitMs * 2, config.reconcileRetryMaxMs));
      });
    });
  }

  private *placedTasks(): Generator<AskedTask> {
    for (const instance of this.placed()) {
      const agentId = instance.place?.agentId ?? '';
      for (const taskId of taskIdsOf(instance)) yield { taskId, agentId };
    }
  }

  /** What is answered before its turn comes is left out. */
  private *stillUnanswered(): Generator<AskedTask> {
    for (const taskId of this.unanswered.keys()) {
      const agentId = this.parts.fleet.byTaskId(taskId)?.place?.agentId;
      // What is no longer ours needs no answer.
      if (agentId === undefined) this.answered(taskId);
      else yield { taskId, agentId };
    }
  }

  /** First everything that the master knows of us, by one question; then these tasks, which it may not know. */
  private ask(tasks: Iterator<AskedTask>): void {
    if (!this.parts.link.isConnected) return;
    this.parts.link.reconcile([]);
    this.pending = tasks;
    if (!this.isSending) this.sendNext();
  }

  /** One call a turn. */
  private sendNext(): void {
    const { link, time, turn } = this.parts;
    this.isSending = false;
    if (this.pending === undefined || !link.isConnected) return;
    const tasks: AskedTask[] = [];
    while (tasks.length < RECONCILE_TASKS_PER_CALL_MAX) {
      const next = this.pending.next();
      if (next.done === true) {
        this.pending = undefined;
        break;
      }
      tasks.push(next.value);
    }
    if (tasks.length > 0) link.reconcile(tasks);
    if (this.pending === undefined) return;
    this.isSending = true;
    time.after(0, () => {
      turn(() => {
        this.sendNext();
      });
    });
  }
}
