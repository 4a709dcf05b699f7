/** Apps as the API shows them, as JSON text in pieces. A definition is made text once and kept as long as it lives. */
import type { Clock } from '@stadion/base';
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { EngineView, RunningDeployment } from '../engine.ts';
import type { AppEmbeds } from './query.ts';
import { countTasks, isPlaced, taskStats, taskView } from './task-view.ts';

/** Writes apps with what is known about them. */
export class AppView {
  private readonly texts = new WeakMap<AppDefinition, string>();
  private readonly view: EngineView;
  private readonly clock: Clock;

  constructor(view: EngineView, clock: Clock) {
    this.view = view;
    this.clock = clock;
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
    yield* this.writeTasks(app);
    yield ']}';
  }

  /**
   * The tasks of an app, separated by commas.
   * @param options.isFirst false when a task stands before: then the first begins with a comma
   */
  *writeTasks(
    app: AppDefinition,
    options: { readonly isFirst?: boolean; readonly withServicePorts?: boolean } = {},
  ): Generator<string> {
    let separator = options.isFirst === false ? ',' : '';
    for (const instance of this.view.instances(app.id).slice()) {
      if (!isPlaced(instance)) continue;
      yield separator + JSON.stringify(taskView(instance, app, options.withServicePorts));
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

  private readiness(appId: string): readonly unknown[] {
    return this.view
      .deployments()
      .flatMap((deployment: RunningDeployment) => deployment.readinessCheckResults.get(appId) ?? []);
  }
}
