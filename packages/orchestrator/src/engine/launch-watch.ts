/** Looks after launches that do not come up: asks about those never heard of, and ends those that stage for too long. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import { taskIdsOf, type Instance } from '../core/instance.ts';
import type { EngineConfig } from './config.ts';
import type { Fleet } from './fleet.ts';
import { RECONCILE_TASKS_PER_CALL_MAX } from './limits.ts';
import type { MasterLink } from './master-link.ts';

interface LaunchWatchParts {
  readonly time: Clock & Timers;
  readonly config: EngineConfig;
  readonly fleet: Fleet;
  readonly link: MasterLink;
  readonly turn: (work: () => void) => void;
}

/** Instances are added at their launch and forgotten when they run or end. */
export class LaunchWatch {
  private readonly parts: LaunchWatchParts;
  /** When each was launched, or found to be under way, by the monotonic clock; in that order. */
  private readonly launched = new Map<string, number>();
  private overdue: (instance: Instance) => void = () => undefined;
  private timer: TimerHandle | undefined;

  constructor(parts: LaunchWatchParts) {
    this.parts = parts;
  }

  /** @param overdue called for an instance that has staged for too long */
  start(overdue: (instance: Instance) => void): void {
    this.overdue = overdue;
    this.arm();
  }

  stop(): void {
    this.timer?.cancel();
  }

  add(instanceId: string): void {
    this.launched.delete(instanceId);
    this.launched.set(instanceId, this.parts.time.monotonic());
    this.arm();
  }

  forget(instanceId: string): void {
    this.launched.delete(instanceId);
  }

  private arm(): void {
    if (this.timer !== undefined || this.launched.size === 0) return;
    this.timer = this.parts.time.after(this.parts.config.launchConfirmMs, () => {
      this.timer = undefined;
      this.parts.turn(() => {
        this.sweep();
      });
      this.arm();
    });
  }

  private sweep(): void {
    const { time, config, fleet, link } = this.parts;
    if (!link.isConnected) return;
    const now = time.monotonic();
    const unheard: { taskId: string; agentId: string }[] = [];
    for (const [instanceId, stagedAt] of this.launched) {
      if (now - stagedAt < config.launchConfirmMs || unheard.length >= RECONCILE_TASKS_PER_CALL_MAX) break;
      const instance = fleet.instance(instanceId);
      if (instance?.place === undefined) {
        this.launched.delete(instanceId);
        continue;
      }
      if (now - stagedAt >= config.taskLaunchTimeoutMs) {
        this.launched.delete(instanceId);
        this.overdue(instance);
      } else if (instance.taskState === undefined) {
        const { agentId } = instance.place;
        unheard.push(...taskIdsOf(instance).map((taskId) => ({ taskId, agentId })));
      }
    }
    if (unheard.length > 0) link.reconcile(unheard);
  }
}
