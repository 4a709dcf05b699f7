/** How far a deployment is: what is observed of it, and the lines that say so. */
import type { AppInfo, DeploymentInfo, QueueItem, Task } from '@stadion/contract/orchestrator';
import { isTaskReady } from './app-condition.ts';
import { waitingReason } from './why.ts';

/** One app of a deployment. */
export interface AppProgress {
  readonly id: string;
  /** False for one that is not there (any more). */
  readonly exists: boolean;
  /** Instances wanted in the end; 0 for one that is removed. */
  readonly wanted: number;
  /** Instances of the newest configuration that are running and healthy. */
  readonly ready: number;
  /** Instances of the newest configuration that exist. */
  readonly started: number;
  /** Instances of older configurations that are still there. */
  readonly old: number;
  /** Why some do not start. */
  readonly waiting: string | undefined;
  /** What the newest failing health check said. */
  readonly unhealthy: string | undefined;
}

/** A deployment as last seen. */
export interface DeploymentProgress {
  readonly id: string;
  readonly currentStep: number;
  readonly totalSteps: number;
  readonly apps: readonly AppProgress[];
}

/** What the orchestrator said at one moment. `apps` has no entry for an app that does not exist (any more). */
export interface DeploymentObservation {
  readonly deployment: DeploymentInfo;
  readonly apps: ReadonlyMap<string, AppInfo>;
  readonly queue: ReadonlyMap<string, QueueItem>;
}

/** Condenses an observation. */
export function progressOf({ deployment, apps, queue }: DeploymentObservation): DeploymentProgress {
  const { id, currentStep, totalSteps } = deployment;
  const stopping = new Set(
    deployment.steps
      .flatMap(({ actions }) => actions.filter(({ action }) => action === 'StopApplication'))
      .map(({ app }) => app),
  );
  return {
    id,
    currentStep,
    totalSteps,
    apps: deployment.affectedApps.map((appId) =>
      appProgress(appId, apps.get(appId), queue.get(appId), stopping.has(appId)),
    ),
  };
}

function appProgress(
  id: string,
  app: AppInfo | undefined,
  queued: QueueItem | undefined,
  isStopping: boolean,
): AppProgress {
  if (app === undefined) {
    return { id, exists: false, wanted: 0, ready: 0, started: 0, old: 0, waiting: undefined, unhealthy: undefined };
  }
  const tasks = app.tasks ?? [];
  const current = tasks.filter((task) => isOfNewestConfiguration(app, task));
  return {
    id,
    exists: true,
    wanted: isStopping ? 0 : app.instances,
    ready: current.filter((task) => isTaskReady(app, task)).length,
    started: current.length,
    old: tasks.length - current.length,
    waiting: waitingReason(queued),
    unhealthy: current.flatMap(({ healthCheckResults }) => healthCheckResults).find((result) => !result.alive)
      ?.lastFailureCause,
  };
}

/** Versions are timestamps of one form, so they compare as texts. */
function isOfNewestConfiguration(app: AppInfo, task: Task): boolean {
  return task.version === undefined || task.version >= app.versionInfo.lastConfigChangeAt;
}

/** How a bar is drawn. */
export interface BarStyle {
  /** Characters between the brackets. */
  readonly width: number;
}

/** The lines to show: one for the deployment, one for each app (the first few). */
export function progressLines(progress: DeploymentProgress, style: BarStyle): string[] {
  const { apps } = progress;
  const shown = apps.slice(0, APPS_SHOWN_MAX);
  const hidden = apps.length - shown.length;
  return [
    `Deployment ${progress.id}: step ${Math.max(1, progress.currentStep)} of ${Math.max(1, progress.totalSteps)}`,
    ...shown.map((app) => appLine(app, style)),
    ...(hidden > 0 ? [`  and ${hidden} more apps`] : []),
  ];
}

/** More apps than this do not fit on a screen. */
const APPS_SHOWN_MAX = 10;

function appLine(app: AppProgress, style: BarStyle): string {
  const left = app.started + app.old;
  const state = app.wanted === 0 ? `stopping, ${left} left` : `${app.ready}/${app.wanted} ready`;
  const notes = [
    ...(app.wanted > 0 && app.started > app.ready ? [`${app.started - app.ready} starting`] : []),
    ...(app.wanted > 0 && app.old > 0 ? [`${app.old} old`] : []),
    ...(app.unhealthy === undefined ? [] : [`unhealthy: ${app.unhealthy}`]),
    ...(app.waiting === undefined ? [] : [`waiting: ${app.waiting}`]),
  ];
  return `  ${app.id} ${bar(app, style.width)} ${[state, ...notes].join(', ')}`;
}

function bar(app: AppProgress, width: number): string {
  const fraction = app.wanted === 0 ? (app.started + app.old === 0 ? 1 : 0) : Math.min(1, app.ready / app.wanted);
  const full = Math.floor(fraction * width);
  return `[${'#'.repeat(full)}${'.'.repeat(width - full)}]`;
}
