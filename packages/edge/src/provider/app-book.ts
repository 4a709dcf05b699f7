/** What is known of the apps: the last answers, corrected at once by what events say, and kept when nobody answers. */
import type { AppInfo, OrchestratorEvent, Task } from '@stadion/contract/orchestrator';
import { standingOf, viewOf, type AppView, type Knowledge } from '../core/app-view.ts';

/** What an event means for the book. */
export interface EventNews {
  /** Apps that are different now. */
  readonly changed: readonly string[];
  /** Apps to be asked for again, because the event does not say all. */
  readonly stale: readonly string[];
  /** Everything is to be asked for again. */
  readonly isAllStale: boolean;
}

const NOTHING: EventNews = { changed: [], stale: [], isAllStale: false };

/** Task states after which nothing comes. */
const ENDED = new Set([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_LOST',
]);

/** The book. */
export class AppBook {
  private readonly apps = new Map<string, AppInfo>();
  /** Tasks that were serving when last seen. */
  private readonly serving = new Set<string>();

  get ids(): readonly string[] {
    return [...this.apps.keys()];
  }

  /** All apps now. @returns the ids that are different */
  replaceAll(apps: readonly AppInfo[], nowMs: number): readonly string[] {
    const present = new Set(apps.map(({ id }) => id));
    const gone = this.ids.filter((id) => !present.has(id));
    for (const id of gone) this.remove(id);
    const changed = apps.filter((app) => this.replace(app, nowMs)).map(({ id }) => id);
    return [...gone, ...changed];
  }

  /** One app now. @returns whether it is different in anything that routes may depend on */
  replace(app: AppInfo, nowMs: number): boolean {
    const before = this.apps.get(app.id);
    this.apps.set(app.id, app);
    this.remember(app, nowMs);
    return before === undefined || JSON.stringify(before) !== JSON.stringify(app);
  }

  /** @returns whether it was there */
  remove(id: string): boolean {
    for (const { id: taskId } of this.apps.get(id)?.tasks ?? []) this.serving.delete(taskId);
    return this.apps.delete(id);
  }

  /** The apps as the dialects see them. */
  views(nowMs: number): readonly AppView[] {
    const knowledge = this.knowledge(nowMs);
    return [...this.apps.values()].map((app) => viewOf(app, knowledge));
  }

  view(id: string, nowMs: number): AppView | undefined {
    const app = this.apps.get(id);
    return app === undefined ? undefined : viewOf(app, this.knowledge(nowMs));
  }

  /** Takes note of an event. */
  hear(event: OrchestratorEvent): EventNews {
    switch (event.eventType) {
      case 'instance_serving_changed_event':
        return this.servingChanged(event.runSpecId, event.taskId, event.serving, event.draining);
      case 'status_update_event':
        return this.statusChanged(event.appId, event.taskId, event.taskStatus);
      case 'health_status_changed_event':
        return { ...NOTHING, stale: [event.appId] };
      case 'unhealthy_instance_kill_event':
        return this.statusChanged(event.appId, event.taskId, 'TASK_KILLING');
      case 'app_terminated_event':
        return { ...NOTHING, changed: this.remove(event.appId) ? [event.appId] : [] };
      case 'api_post_event':
        return { ...NOTHING, stale: [event.appDefinition.id] };
      case 'deployment_info':
      case 'deployment_step_success':
      case 'deployment_success':
      case 'deployment_failed':
        return { ...NOTHING, stale: appsOfPlan(event.plan.steps) };
      case 'group_change_success':
        return { ...NOTHING, isAllStale: true };
      default:
        return NOTHING;
    }
  }

  private knowledge(nowMs: number): Knowledge {
    return { nowMs, wasServing: (taskId) => this.serving.has(taskId) };
  }

  private servingChanged(appId: string, taskId: string, serving: boolean, draining: boolean): EventNews {
    const isKnown = this.patch(appId, taskId, { serving, draining });
    // Asked for in any case: a task that is not known yet has no address here, and an answer that is under way may be older
    // than this event and would stand.
    return { changed: isKnown ? [appId] : [], stale: [appId], isAllStale: false };
  }

  private statusChanged(appId: string, taskId: string, state: string): EventNews {
    const isLeaving = state === 'TASK_KILLING' || state === 'TASK_UNREACHABLE' || ENDED.has(state);
    const isKnown = isLeaving && this.patch(appId, taskId, { state });
    return { changed: isKnown ? [appId] : [], stale: [appId], isAllStale: false };
  }

  private patch(appId: string, taskId: string, changes: Partial<Task>): boolean {
    const app = this.apps.get(appId);
    const task = app?.tasks?.find(({ id }) => id === taskId);
    if (app === undefined || task === undefined) return false;
    const tasks = (app.tasks ?? []).map((one) => (one === task ? { ...one, ...changes } : one));
    this.apps.set(appId, { ...app, tasks });
    return true;
  }

  private remember(app: AppInfo, nowMs: number): void {
    const knowledge = this.knowledge(nowMs);
    for (const task of app.tasks ?? []) {
      if (standingOf(app, task, knowledge) === 'serving') this.serving.add(task.id);
      else this.serving.delete(task.id);
    }
  }
}

function appsOfPlan(
  steps: readonly { readonly actions: readonly { readonly app?: string | undefined }[] }[],
): readonly string[] {
  return [...new Set(steps.flatMap(({ actions }) => actions.flatMap(({ app }) => app ?? [])))];
}
