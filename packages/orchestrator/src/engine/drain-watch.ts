/** Watches instances that drain, and ends each when its time is over, or as soon as nobody uses it any more. */
import { every, type Clock, type TimerHandle, type Timers } from '@stadion/base';
import { taskIdsOf, type Instance } from '../core/instance.ts';
import type { Fleet } from './fleet.ts';
import { DRAIN_AGENTS_ASKED_MAX, DRAIN_LOOK_MS, DRAIN_QUIET_LOOKS } from './limits.ts';

/**
 * Asks an agent which of its tasks nobody is connected to; a task for which that cannot be told is left out. Rejects when
 * the agent cannot be asked.
 */
export type UnusedTasks = (agentId: string) => Promise<ReadonlySet<string>>;

interface DrainWatchParts {
  readonly time: Clock & Timers;
  readonly fleet: Fleet;
  readonly turn: (work: () => void) => void;
  /** Absent: every instance drains for its whole time. */
  readonly unusedTasks: UnusedTasks | undefined;
}

/** Instances are added when they begin to drain and forgotten when they end. */
export class DrainWatch {
  private readonly parts: DrainWatchParts;
  /** When each drain is over, by the monotonic clock: a wall clock that is set must neither end a drain nor prolong it. */
  private readonly untils = new Map<string, number>();
  /** How many times in a row nobody was connected, by instance. */
  private readonly quiet = new Map<string, number>();
  private readonly asked = new Set<string>();
  private due: (instance: Instance) => void = () => undefined;
  private timer: { readonly at: number; readonly handle: TimerHandle } | undefined;
  private looks: { cancel(): void } | undefined;

  constructor(parts: DrainWatchParts) {
    this.parts = parts;
  }

  /** @param due ends an instance whose time is over; called inside a turn */
  start(due: (instance: Instance) => void): void {
    this.due = due;
    this.arm();
  }

  stop(): void {
    this.timer?.handle.cancel();
    this.looks?.cancel();
    this.untils.clear();
  }

  /** @param leftMs how long it may drain */
  add(instanceId: string, leftMs: number): void {
    const until = this.parts.time.monotonic() + leftMs;
    this.untils.set(instanceId, until);
    if (this.timer === undefined || until < this.timer.at) this.arm();
  }

  forget(instanceId: string): void {
    this.untils.delete(instanceId);
    this.quiet.delete(instanceId);
  }

  private arm(): void {
    const { time, turn, unusedTasks } = this.parts;
    this.timer?.handle.cancel();
    this.timer = undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const until of this.untils.values()) if (until < at) at = until;
    if (at === Number.POSITIVE_INFINITY) return;
    const handle = time.after(Math.max(1, at - time.monotonic()), () => {
      this.timer = undefined;
      turn(() => {
        this.sweep();
      });
      this.arm();
    });
    this.timer = { at, handle };
    if (unusedTasks !== undefined) {
      this.looks ??= every(time, DRAIN_LOOK_MS, () => {
        this.look(unusedTasks);
      });
    }
  }

  private sweep(): void {
    const now = this.parts.time.monotonic();
    for (const [instanceId, until] of this.untils) if (until <= now) this.end(instanceId);
  }

  private end(instanceId: string): void {
    this.forget(instanceId);
    const instance = this.parts.fleet.instance(instanceId);
    if (instance !== undefined) this.due(instance);
  }

  /** Asks the agents on which something drains, each one at a time. */
  private look(unusedTasks: UnusedTasks): void {
    if (this.untils.size === 0) {
      this.looks?.cancel();
      this.looks = undefined;
      return;
    }
    const byAgent = new Map<string, string[]>();
    for (const instanceId of this.untils.keys()) {
      const agentId = this.parts.fleet.instance(instanceId)?.place?.agentId;
      if (agentId === undefined || this.asked.has(agentId)) continue;
      const known = byAgent.get(agentId);
      if (known !== undefined) known.push(instanceId);
      else if (byAgent.size + this.asked.size < DRAIN_AGENTS_ASKED_MAX) byAgent.set(agentId, [instanceId]);
    }
    for (const [agentId, instanceIds] of byAgent) {
      this.asked.add(agentId);
      void unusedTasks(agentId)
        // An agent that cannot be asked says nothing: its instances drain for their whole time.
        .catch((): ReadonlySet<string> => new Set())
        .then((unused) => {
          this.asked.delete(agentId);
          this.parts.turn(() => {
            for (const instanceId of instanceIds) this.judge(instanceId, unused);
          });
        });
    }
  }

  /** Once is not enough: between two short requests nobody is connected either. */
  private judge(instanceId: string, unused: ReadonlySet<string>): void {
    const instance = this.parts.fleet.instance(instanceId);
    if (instance === undefined || !this.untils.has(instanceId)) return;
    const isUnused = taskIdsOf(instance).every((taskId) => unused.has(taskId));
    const looks = isUnused ? (this.quiet.get(instanceId) ?? 0) + 1 : 0;
    this.quiet.set(instanceId, looks);
    if (looks >= DRAIN_QUIET_LOOKS) this.end(instanceId);
  }
}
