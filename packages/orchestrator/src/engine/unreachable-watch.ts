/** Watches instances whose agents are out of contact, and applies each app's strategy when its time has come. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { Instance } from '../core/instance.ts';
import { decideUnreachable } from '../core/unreachable.ts';
import type { Fleet } from './fleet.ts';
import type { RootState } from './root-state.ts';

interface UnreachableWatchParts {
  readonly time: Clock & Timers;
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly turn: (work: () => void) => void;
}

/** Instances are added when they become unreachable and forgotten when they are back, or gone. */
export class UnreachableWatch {
  private readonly parts: UnreachableWatchParts;
  private readonly lost = new Set<string>();
  private expunge: (instance: Instance) => void = () => undefined;
  private timer: { readonly at: number; readonly handle: TimerHandle } | undefined;

  constructor(parts: UnreachableWatchParts) {
    this.parts = parts;
  }

  /** @param expunge forgets an instance, so that it is replaced */
  start(expunge: (instance: Instance) => void): void {
    this.expunge = expunge;
  }

  stop(): void {
    this.timer?.handle.cancel();
  }

  /** Watches an instance and does at once what its strategy says for now. */
  add(instance: Instance): void {
    this.lost.add(instance.id);
    this.look(instance.id);
  }

  forget(instanceId: string): void {
    this.lost.delete(instanceId);
  }

  private look(instanceId: string): void {
    const { time, fleet, root } = this.parts;
    const instance = fleet.instance(instanceId);
    if (instance === undefined) {
      this.lost.delete(instanceId);
      return;
    }
    // One that is to end when its agent is back is not replaced before.
    if (instance.goal === 'Frozen' || (instance.reservation !== undefined && instance.condition === 'Killing')) return;
    const app = root.spec(instance.appId) ?? root.appAtVersion(instance.appId, instance.appVersion);
    if (instance.goal !== 'Running') {
      // Nobody waits for it: should it come back, it is unknown and ends.
      this.expunge(instance);
      return;
    }
    if (app === undefined) return;
    const now = time.now();
    if (instance.since > now) {
      // A clock was set back, or was that of another leader: what lies ahead has not happened yet.
      fleet.update({ ...instance, since: now });
      this.look(instanceId);
      return;
    }
    const decision = decideUnreachable(app.unreachableStrategy, instance, now);
    if (decision.kind === 'expunge') {
      this.expunge(instance);
    } else if (decision.kind === 'inactive') {
      // The time of the loss stays: the time of expunging counts from it.
      fleet.update({ ...instance, condition: 'UnreachableInactive' });
      this.look(instanceId);
    } else if (decision.until !== undefined) {
      this.arm(decision.until);
    }
  }

  private arm(at: number): void {
    const { time, turn } = this.parts;
    if (this.timer !== undefined && this.timer.at <= at) return;
    this.timer?.handle.cancel();
    const handle = time.after(Math.max(1, at - time.now()), () => {
      this.timer = undefined;
      turn(() => {
        for (const instanceId of [...this.lost]) this.look(instanceId);
      });
    });
    this.timer = { at, handle };
  }
}
