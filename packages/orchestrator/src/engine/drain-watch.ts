/** Watches instances that drain, and ends each when its time is over. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { Instance } from '../core/instance.ts';
import type { Fleet } from './fleet.ts';

interface DrainWatchParts {
  readonly time: Clock & Timers;
  readonly fleet: Fleet;
  readonly turn: (work: () => void) => void;
}

/** Instances are added when they begin to drain and forgotten when they end. */
export class DrainWatch {
  private readonly parts: DrainWatchParts;
  /** Until when, milliseconds since the Unix epoch. */
  private readonly untils = new Map<string, number>();
  private due: (instance: Instance) => void = () => undefined;
  private timer: { readonly at: number; readonly handle: TimerHandle } | undefined;

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
  }

  add(instanceId: string, until: number): void {
    this.untils.set(instanceId, until);
    if (this.timer === undefined || until < this.timer.at) this.arm();
  }

  forget(instanceId: string): void {
    this.untils.delete(instanceId);
  }

  private arm(): void {
    const { time, turn } = this.parts;
    this.timer?.handle.cancel();
    this.timer = undefined;
    let at = Number.POSITIVE_INFINITY;
    for (const until of this.untils.values()) if (until < at) at = until;
    if (at === Number.POSITIVE_INFINITY) return;
    const handle = time.after(Math.max(1, at - time.now()), () => {
      this.timer = undefined;
      turn(() => {
        this.sweep();
      });
      this.arm();
    });
    this.timer = { at, handle };
  }

  private sweep(): void {
    const { time, fleet } = this.parts;
    const now = time.now();
    for (const [instanceId, until] of this.untils) {
      if (until > now) continue;
      this.untils.delete(instanceId);
      const instance = fleet.instance(instanceId);
      if (instance !== undefined) this.due(instance);
    }
  }
}
