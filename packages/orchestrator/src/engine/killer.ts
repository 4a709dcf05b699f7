/** Tells the master to kill tasks: a bounded number at a time, again and again until they are gone. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import { taskIdsOf } from '../core/instance.ts';
import type { EngineConfig } from './config.ts';
import type { Counters } from './counters.ts';
import type { Fleet } from './fleet.ts';
import type { MasterLink } from './master-link.ts';

/** Instances are added when their end is decided, and forgotten when their task has ended. */
export class Killer {
  private readonly waiting = new Set<string>();
  /** When each was last asked for, oldest first, monotonic milliseconds. */
  private readonly asked = new Map<string, number>();
  private timer: TimerHandle | undefined;
  private readonly parts: {
    readonly time: Clock & Timers;
    readonly config: EngineConfig;
    readonly fleet: Fleet;
    readonly link: MasterLink;
    readonly counters: Counters;
    readonly turn: (work: () => void) => void;
  };

  constructor(parts: Killer['parts']) {
    this.parts = parts;
  }

  add(instanceId: string): void {
    if (!this.asked.has(instanceId)) this.waiting.add(instanceId);
  }

  forget(instanceId: string): void {
    this.waiting.delete(instanceId);
    this.asked.delete(instanceId);
  }

  /** What was asked of a lost connection may never have arrived: all of it is asked again. */
  askAgain(): void {
    for (const instanceId of this.asked.keys()) this.waiting.add(instanceId);
    this.asked.clear();
  }

  /** Sends as many kills as may be in flight. Called at the end of every turn. */
  pump(): void {
    const { time, config, fleet, link, counters } = this.parts;
    if (this.waiting.size === 0 || !link.isConnected) return;
    const now = time.monotonic();
    for (const instanceId of this.waiting) {
      if (this.asked.size >= config.killsInFlightMax) break;
      this.waiting.delete(instanceId);
      const instance = fleet.instance(instanceId);
      if (instance?.place === undefined) continue;
      this.asked.set(instanceId, now);
      for (const taskId of taskIdsOf(instance)) link.kill(taskId, instance.place.agentId);
      counters.add('tasks.kills.counter');
    }
    this.arm();
  }

  stop(): void {
    this.timer?.cancel();
  }

  private arm(): void {
    if (this.timer !== undefined || this.asked.size === 0) return;
    const { time, config, turn } = this.parts;
    const first = this.asked.values().next().value ?? time.monotonic();
    this.timer = time.after(Math.max(0, first + config.killRetryMs - time.monotonic()), () => {
      this.timer = undefined;
      turn(() => {
        this.giveBack();
      });
    });
  }

  /** Puts those asked too long ago at the end of the line, so that deaf agents do not block the others. */
  private giveBack(): void {
    const { time, config } = this.parts;
    const now = time.monotonic();
    for (const [instanceId, at] of this.asked) {
      // The same sum as in `arm`: another could round to a moment that has yet to come, and there would be no pause.
      if (at + config.killRetryMs > now) break;
      this.asked.delete(instanceId);
      this.waiting.add(instanceId);
    }
    this.arm();
  }
}
