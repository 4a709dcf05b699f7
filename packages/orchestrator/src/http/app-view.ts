/**
 * Apps as the API shows them, as JSON text in pieces. A definition or an instance is made text once,
 * and its text kept as long as it lives: both are replaced, never changed.
 */
import type { Clock } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import { servicePortsOf } from '../core/app/service-ports.ts';
import { isDraining, serves } from '../core/health.ts';
import type { Instance } from '../core/instance.ts';
import type { EngineView, RunningDeployment } from '../engine.ts';
import type { AppEmbeds } from './query.ts';
import { countTasks, isPlaced, taskStats, taskView, type PlacedInstance } from './task-view.ts';

/** How tasks are listed. */
export interface TaskListOptions {
  /** False when a task stands before: then the first begins with a comma. */
  readonly isFirst?: boolean;
  /** Only `GET /v2/tasks` fills `servicePorts`. */
  readonly withServicePorts?: boolean;
  /** Which tasks; all when absent. */
  readonly selects?: (instance: PlacedInstance) => boolean;
  /** With what Marathon does not have. */
  readonly extensions?: boolean;
}

/** Writes apps with what is known about them. */
export class AppView {
  private readonly texts: WeakMap<AppDefinition, string>;
  private readonly taskTexts: WeakMap<Instance, string>;
  private readonly view: EngineView;
  private readonly clock: Clock;

  /** @param known whose texts are used and added to, when another view of the same engine is written */
  constructor(view: EngineView, clock: Clock, known?: AppView) {
    this.view = view;
    this.clock = clock;
    this.texts = known?.texts ?? new WeakMap();
    this.taskTexts = known?.taskTexts ?? new WeakMap();
  }

  /** The definition as JSON, without its closing brace, so that members can follow. */
  openDefinition(app: AppDefinition): string {
    let text = this.texts.get(app);
    if (text === undefined) {
      text = JSON.stringify(app).slice(0, -1);
      this.texts.set(app, text);
    }
    return text;
  }

  /** One app as a JSON object. */
  *write(app: AppDefinition, embeds: AppEmbeds): Generator<string> {
    const instances = this.view.instances(app.id);
    let text = this.openDefinition(app);
    if (embeds.counts) {
      const { staged, running, healthy, unhealthy } = countTasks(instances);
      text +=
        `,"tasksStaged":${String(staged)},"tasksRunning":${String(running)}` +
        `,"tasksHealthy":${String(healthy)},"tasksUnhealthy":${String(unhealthy)}`;
    }
    if (embeds.deployments) {
      text += `,"deployments":${JSON.stringify(this.view.deploymentsOf(app.id).map((id) => ({ id })))}`;
    }
    if (embeds.readiness) text += `,"readinessCheckResults":${JSON.stringify(this.readiness(app.id))}`;
    if (embeds.lastTaskFailure) {
      const failure = this.view.lastTaskFailure(app.id);
      if (failure !== undefined) text += `,"lastTaskFailure":${JSON.stringify(failure)}`;
    }
    if (embeds.taskStats) text += `,"taskStats":${JSON.stringify(taskStats(instances, app, this.clock.now()))}`;
    if (!embeds.tasks) {
      yield `${text}}`;
      return;
    }
    yield `${text},"tasks":[`;
    yield* this.writeTasks(app, { extensions: embeds.extensions });
    yield ']}';
  }

  /**
   * The tasks of an app, separated by commas.
   */
  *writeTasks(app: AppDefinition, options: TaskListOptions = {}): Generator<string> {
    let separator = options.isFirst === false ? ',' : '';
    const servicePorts = options.withServicePorts === true ? servicePortsOf(app) : [];
    const end = `,"role":${JSON.stringify(app.role)},"servicePorts":${JSON.stringify(servicePorts)}}`;
    for (const instance of this.view.instances(app.id).slice()) {
      if (!isPlaced(instance) || options.selects?.(instance) === false) continue;
      const extension = options.extensions === true ? this.extension(instance) : '';
      yield separator + this.openTask(instance, app) + extension + end;
      separator = ',';
    }
  }

  /** Several apps, separated by commas. */
  *writeList(apps: Iterable<AppDefinition>, embeds: AppEmbeds): Generator<string> {
    let separator = '';
    for (const app of apps) {
      yield separator;
      yield* this.write(app, embeds);
      separator = ',';
    }
  }

  /** What of a task depends on its instance only, as JSON without its closing brace. */
  private openTask(instance: PlacedInstance, app: AppDefinition): string {
    let text = this.taskTexts.get(instance);
    if (text === undefined) {
      const { role: _role, servicePorts: _servicePorts, ...task } = taskView(instance, app);
      text = JSON.stringify(task).slice(0, -1);
      this.taskTexts.set(instance, text);
    }
    return text;
  }

  private extension(instance: PlacedInstance): string {
    const definition = this.view.root.appAtVersion(instance.appId, instance.appVersion);
    const frozen = instance.goal === 'Frozen' ? ',"frozen":true' : '';
    return `,"serving":${String(serves(instance, definition))},"draining":${String(isDraining(instance))}${frozen}`;
  }

  private readiness(appId: string): readonly unknown[] {
    if (this.view.deploymentsOf(appId).length === 0) return [];
    return this.view
      .deployments()
      .flatMap((deployment: RunningDeployment) => deployment.readinessCheckResults.get(appId) ?? []);
  }
}
