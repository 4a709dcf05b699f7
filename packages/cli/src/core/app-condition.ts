/** What an app is doing, in one word, derived from what the orchestrator says of it. */
import type { AppInfo, QueueItem, Task } from '@stadion/contract/orchestrator';

/** `waiting`: instances find no place; `failing`: instances end and are started again ever later. */
export type AppCondition = 'running' | 'deploying' | 'waiting' | 'failing' | 'unhealthy' | 'degraded' | 'suspended';

/** Whether a task counts as working: running, and every health check that the app has says so. */
export function isTaskReady(app: Pick<AppInfo, 'healthChecks'>, task: Task): boolean {
  if (task.state !== 'TASK_RUNNING') return false;
  if ((app.healthChecks ?? []).length === 0) return true;
  return task.healthCheckResults.length > 0 && task.healthCheckResults.every((result) => result.alive);
}

/** How many instances work, from the counts that every answer has. */
export function readyCount(app: AppInfo): number {
  return (app.healthChecks ?? []).length === 0 ? (app.tasksRunning ?? 0) : (app.tasksHealthy ?? 0);
}

/** The condition of an app; `queued` is its entry in the launch queue, if it has one. */
export function conditionOf(app: AppInfo, queued: QueueItem | undefined): AppCondition {
  if (queued !== undefined && queued.count > 0) {
    if (queued.delay.timeLeftSeconds > 0) return 'failing';
    if (queued.why !== undefined || queued.processedOffersSummary.unusedOffersCount > 0) return 'waiting';
  }
  if ((app.deployments ?? []).length > 0) return 'deploying';
  if (app.instances === 0 && (app.tasksRunning ?? 0) === 0) return 'suspended';
  if ((app.tasksUnhealthy ?? 0) > 0) return 'unhealthy';
  return readyCount(app) < app.instances ? 'degraded' : 'running';
}

/** Whether a person should look at it. */
export function needsAttention(condition: AppCondition): boolean {
  return condition === 'waiting' || condition === 'failing' || condition === 'unhealthy' || condition === 'degraded';
}

/** One app's canonical id from what a person writes: `shop` and `/shop/` are `/shop`. */
export function appId(written: string): string {
  const segments = written.split('/').filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}
