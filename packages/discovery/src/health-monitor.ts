/** Runs health checks, each in its own rhythm; a check that has not finished lately counts as failed. */
import { every, type Clock, type TimerHandle, type Timers } from '@stadion/base';

/** One check: resolves to whether all is well; a failure to find out is none. */
export interface HealthCheck {
  readonly name: string;
  readonly run: () => boolean | Promise<boolean>;
  readonly everyMs?: number;
  /** From this age on a result says nothing any more. */
  readonly staleMs?: number;
}

interface Known {
  isWell: boolean;
  at: number;
}

/** All checks of one provider. */
export class HealthMonitor {
  private readonly checks: readonly HealthCheck[];
  private readonly time: Clock & Timers;
  private readonly known = new Map<string, Known>();
  private readonly timers: TimerHandle[] = [];
  private readonly running = new Set<string>();

  constructor(checks: readonly HealthCheck[], time: Clock & Timers) {
    this.checks = checks;
    this.time = time;
  }

  start(): void {
    for (const check of this.checks) {
      this.run(check);
      this.timers.push(every(this.time, check.everyMs ?? 1000, () => this.run(check)));
    }
  }

  stop(): void {
    for (const timer of this.timers.splice(0)) timer.cancel();
  }

  /** What is wrong, or undefined. */
  problem(): string | undefined {
    for (const { name, staleMs = 60_000 } of this.checks) {
      const known = this.known.get(name);
      if (known === undefined) return `${name} has not been checked yet`;
      if (this.time.monotonic() - known.at > staleMs) return `${name} was checked too long ago`;
      if (!known.isWell) return `${name} is not well`;
    }
    return undefined;
  }

  private run({ name, run }: HealthCheck): void {
    if (this.running.has(name)) return;
    this.running.add(name);
    const finish = (isWell: boolean): void => {
      this.running.delete(name);
      this.known.set(name, { isWell, at: this.time.monotonic() });
    };
    try {
      const outcome = run();
      if (typeof outcome === 'boolean') finish(outcome);
      else outcome.then(finish, () => finish(false));
    } catch {
      finish(false);
    }
  }
}
