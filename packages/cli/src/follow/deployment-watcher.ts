/** Watches a deployment until it ends: woken by events, looking now and then in case none comes. */
import { delay, type Clock, type Timers } from '@stadion/base';
import { isApiError, type OrchestratorClient } from '@stadion/contract/client';
import type { AppInfo, DeploymentInfo, QueueItem, TaskFailure } from '@stadion/contract/orchestrator';
import { progressOf, type DeploymentProgress } from '../core/deployment-progress.ts';
import { limits } from '../limits.ts';
import { Bell, reasonOf } from './waiting.ts';

/** How a deployment ended. `unknown`: it was not running when the watch began. */
export type DeploymentOutcome =
  { readonly kind: 'success' } | { readonly kind: 'failed'; readonly reason: string } | { readonly kind: 'unknown' };

/** Who hears how it goes. */
export interface DeploymentListener {
  onProgress(progress: DeploymentProgress): void;
  /** An instance failed that had not failed at the last look. */
  onFailure(failure: TaskFailure): void;
}

/** What a watcher needs. */
export interface DeploymentWatcherOptions {
  readonly client: OrchestratorClient;
  readonly time: Clock & Timers;
  readonly signal: AbortSignal;
}

/**
 * Hears of deployments from the moment it is opened, so open it before the change is sent: a deployment that ends at
 * once is then not missed.
 */
export class DeploymentWatcher {
  private readonly options: DeploymentWatcherOptions;
  private readonly ended = new Map<string, DeploymentOutcome>();
  private readonly bell = new Bell();
  private readonly streamEnd = new AbortController();

  private constructor(options: DeploymentWatcherOptions) {
    this.options = options;
  }

  /** Opens the event stream; when there is none, looking now and then has to do. */
  static async open(options: DeploymentWatcherOptions): Promise<DeploymentWatcher> {
    const watcher = new DeploymentWatcher(options);
    await watcher.listen();
    return watcher;
  }

  /** Ends the event stream. */
  close(): void {
    this.streamEnd.abort(new Error('closed'));
  }

  /**
   * Resolves when the deployment has ended. Rejects with the signal's reason, and with the client's errors when the
   * orchestrator refuses; one that does not answer for a while is asked again.
   */
  async watch(deploymentId: string, listener: DeploymentListener): Promise<DeploymentOutcome> {
    const { client, time, signal } = this.options;
    let last: DeploymentInfo | undefined;
    const failuresSeen = new Set<string>();
    for (;;) {
      const known = this.ended.get(deploymentId);
      const running = await this.retryUnreachable(() => client.listDeployments({ signal }));
      const deployment = running.find(({ id }) => id === deploymentId);
      if (deployment !== undefined) last = deployment;
      const shown = deployment ?? last;
      if (shown !== undefined) {
        const apps = await this.retryUnreachable(() => this.loadApps(shown.affectedApps));
        const queue = await this.retryUnreachable(() => client.listQueue({ signal }));
        for (const app of apps.values()) {
          const failure = app.lastTaskFailure;
          if (failure === undefined || failuresSeen.has(failure.taskId)) continue;
          failuresSeen.add(failure.taskId);
          // Versions are timestamps by the same clock: what failed before the deployment began is not its doing.
          if (failure.timestamp >= shown.version) listener.onFailure(failure);
        }
        const progress = progressOf({ deployment: shown, apps, queue: byApp(queue.queue) });
        listener.onProgress(progress);
        if (deployment === undefined && known === undefined) return await this.guessOutcome(shown, apps, progress);
      }
      if (known !== undefined) return known;
      if (shown === undefined) return this.ended.get(deploymentId) ?? { kind: 'unknown' };
      await this.bell.wait(time, limits.deploymentPollMs, signal);
      await delay(time, limits.deploymentEventDelayMs);
    }
  }

  /** Without an event to tell, a deployment that is gone has succeeded if every app is as it was to become. */
  private async guessOutcome(
    deployment: DeploymentInfo,
    apps: ReadonlyMap<string, AppInfo>,
    progress: DeploymentProgress,
  ): Promise<DeploymentOutcome> {
    // The event may be just behind the answer that no longer has the deployment.
    await delay(this.options.time, limits.deploymentEventDelayMs);
    const told = this.ended.get(deployment.id);
    if (told !== undefined) return told;
    const isDone = progress.apps.every(({ id, wanted, ready, old }) => {
      const app = apps.get(id);
      return app === undefined ? wanted === 0 : app.version === deployment.version && ready >= wanted && old === 0;
    });
    return isDone ? { kind: 'success' } : { kind: 'failed', reason: 'it was cancelled or replaced by another one' };
  }

  private async loadApps(ids: readonly string[]): Promise<Map<string, AppInfo>> {
    const { client, signal } = this.options;
    const apps = new Map<string, AppInfo>();
    for (const id of ids.slice(0, APPS_WATCHED_MAX)) {
      try {
        const { app } = await client.getApp({ params: { id }, signal });
        apps.set(id, app);
      } catch (error) {
        if (!isApiError(error) || error.status !== 404) throw error;
      }
    }
    return apps;
  }

  private async listen(): Promise<void> {
    const { client, signal } = this.options;
    try {
      const events = await client.events({ signal: AbortSignal.any([signal, this.streamEnd.signal]) });
      void this.consume(events);
    } catch {
      if (signal.aborted) throw reasonOf(signal);
    }
  }

  private async consume(events: Awaited<ReturnType<OrchestratorClient['events']>>): Promise<void> {
    try {
      for await (const event of events) {
        if (event.eventType === 'deployment_success') this.ended.set(event.id, { kind: 'success' });
        if (event.eventType === 'deployment_failed') {
          this.ended.set(event.id, { kind: 'failed', reason: event.reason ?? 'it was cancelled' });
        }
        this.bell.ring();
      }
    } catch {
      // The stream broke: from here on looking now and then has to do.
    }
  }

  /** A platform that is being started again is waited for; what it refuses is final. */
  private async retryUnreachable<Value>(call: () => Promise<Value>): Promise<Value> {
    const { time, signal } = this.options;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        const isFinal = signal.aborted || isApiError(error) || attempt >= UNREACHABLE_ATTEMPTS_MAX;
        if (isFinal) throw error;
        await this.bell.wait(time, limits.deploymentPollMs, signal);
      }
    }
  }
}

/** More apps than this are not asked for one by one. */
const APPS_WATCHED_MAX = 20;
/** Looks at an orchestrator that does not answer before giving up. */
const UNREACHABLE_ATTEMPTS_MAX = 30;

function byApp(queue: readonly QueueItem[]): ReadonlyMap<string, QueueItem> {
  return new Map(queue.map((item) => [item.app.id, item]));
}
