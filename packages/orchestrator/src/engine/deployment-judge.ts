/** Finds deployments that are to be taken back: too many of their new instances failed, or they are not done in time. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { TaskFailure } from '@stadion/contract/orchestrator';
import { FAILURES_KEPT_MAX } from '../core/deployment/limits.ts';
import type { Deployment } from './deployment.ts';
import type { RootState } from './root-state.ts';

interface DeploymentJudgeParts {
  readonly time: Clock & Timers;
  readonly root: RootState;
  readonly turn: (work: () => void) => void;
}

/** Why a deployment is to be taken back. */
export interface Verdict {
  readonly deployment: Deployment;
  readonly reason: string;
}

/** One per engine. */
export class DeploymentJudge {
  private readonly parts: DeploymentJudgeParts;
  private readonly deadlines = new Map<Deployment, TimerHandle>();
  private readonly verdicts = new Map<Deployment, string>();

  constructor(parts: DeploymentJudgeParts) {
    this.parts = parts;
  }

  /** Begins, or begins anew, to wait for the end of a deployment. */
  watch(deployment: Deployment): void {
    const { time, turn } = this.parts;
    this.deadlines.get(deployment)?.cancel();
    const seconds = this.deadlineOf(deployment);
    if (seconds === undefined || deployment.account.isRollBack || deployment.account.isPaused) return;
    // Whoever wrote the start down may have had another time of day.
    const { startedAt, heldMs = 0 } = deployment.account;
    const left = Math.min(seconds * 1000, startedAt + heldMs + seconds * 1000 - time.now());
    const handle = time.after(Math.max(1, left), () => {
      turn(() => {
        if (this.deadlines.get(deployment) !== handle) return;
        this.verdicts.set(deployment, `not done within ${String(seconds)} seconds`);
      });
    });
    this.deadlines.set(deployment, handle);
  }

  forget(deployment: Deployment): void {
    this.deadlines.get(deployment)?.cancel();
    this.deadlines.delete(deployment);
    this.verdicts.delete(deployment);
  }

  stop(): void {
    for (const handle of this.deadlines.values()) handle.cancel();
  }

  /**
   * A launch has ended badly while a deployment holds its app. Only what is new is held against the deployment.
   * @returns whether it is
   */
  failed(deployment: Deployment, failure: TaskFailure): boolean {
    if (failure.version < deployment.version) return false;
    const { account } = deployment;
    const failureCount = account.failureCount + 1;
    const failures = account.failures.length < FAILURES_KEPT_MAX ? [...account.failures, failure] : account.failures;
    deployment.account = { ...account, failureCount, failures };
    const limit = this.parts.root.app(failure.appId)?.upgradeStrategy.rollback?.afterFailures;
    if (limit === undefined || account.isRollBack || failureCount < limit) return true;
    const times = failureCount === 1 ? 'An instance' : `${String(failureCount)} instances`;
    this.verdicts.set(deployment, `${times} of the new version failed, the last with: ${failure.message}`);
    return true;
  }

  /** The verdicts since the last time. */
  take(): readonly Verdict[] {
    if (this.verdicts.size === 0) return [];
    const taken = [...this.verdicts].map(([deployment, reason]) => ({ deployment, reason }));
    this.verdicts.clear();
    return taken;
  }

  /** The shortest that any of its apps asks for. */
  private deadlineOf(deployment: Deployment): number | undefined {
    let shortest: number | undefined;
    for (const appId of deployment.apps) {
      const seconds = this.parts.root.app(appId)?.upgradeStrategy.rollback?.deadlineSeconds;
      if (seconds !== undefined && (shortest === undefined || seconds < shortest)) shortest = seconds;
    }
    return shortest;
  }
}
