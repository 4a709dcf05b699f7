/** Everything that can be read of the engine, straight from memory. */
import { shownActions } from '../core/deployment/shown-actions.ts';
import type { Clock } from '@stadion/base';
import type { MasterInfo } from '@stadion/contract/mesos';
import type { AppDefinition, QueueItem, ReadinessCheckResult, TaskFailure } from '@stadion/contract/orchestrator';
import type { DeployPolicy, DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { taskIdOf, type Instance } from '../core/instance.ts';
import type { EngineView, RootView, RunningDeployment } from '../engine.ts';
import type { AppInstances } from './app-instances.ts';
import type { Counters } from './counters.ts';
import type { DeployPolicies } from './deploy-policies.ts';
import type { DeploymentArchive } from './deployment-archive.ts';
import { recordOf } from './deployment-view.ts';
import { podsAmong, type Deployment } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import type { Fleet } from './fleet.ts';
import type { LaunchQueue } from './launch-queue.ts';
import type { RootState } from './root-state.ts';
import type { MasterLink } from './master-link.ts';

interface MemoryViewParts {
  readonly root: RootState;
  readonly fleet: Fleet;
  readonly deployments: Deployments;
  readonly archive: DeploymentArchive;
  readonly policies: DeployPolicies;
  readonly queue: LaunchQueue;
  readonly link: MasterLink;
  readonly counters: Counters;
  readonly clock: Clock;
}

/** One per engine. */
export class MemoryView implements EngineView {
  readonly root: RootView;
  private readonly parts: MemoryViewParts;

  constructor(parts: MemoryViewParts) {
    this.parts = parts;
    this.root = parts.root;
  }

  get frameworkId(): string | undefined {
    return this.parts.link.frameworkId;
  }

  get master(): MasterInfo | undefined {
    return this.parts.link.master;
  }

  instances(appId: string): readonly Instance[] {
    return [...(this.parts.fleet.find(appId)?.all.values() ?? [])];
  }

  instanceByTaskId(taskId: string): Instance | undefined {
    return this.parts.fleet.byTaskId(taskId) ?? this.parts.fleet.restingByTaskId(taskId);
  }

  deployments(): readonly RunningDeployment[] {
    return [...this.parts.deployments.all()].map((deployment) => this.shown(deployment));
  }

  deploymentsOf(appId: string): readonly string[] {
    const holder = this.parts.deployments.holding(appId);
    return holder === undefined ? [] : [holder.id];
  }

  queue(options: { readonly lastUnusedOffers: boolean }): readonly QueueItem[] {
    const items: QueueItem[] = [];
    for (const app of this.parts.fleet.all()) {
      const definition = this.parts.root.spec(app.appId);
      if (app.scheduled.size > 0 && definition !== undefined) items.push(this.queueItem(app, definition, options));
    }
    return items;
  }

  lastTaskFailure(appId: string): TaskFailure | undefined {
    return this.parts.fleet.lastFailure(appId);
  }

  deploymentRecord(id: string): DeploymentRecord | undefined {
    const { deployments, archive, root, clock } = this.parts;
    const deployment = deployments.get(id);
    return deployment === undefined ? archive.get(id) : recordOf(deployment, root, clock.now());
  }

  *deploymentRecords(): Iterable<DeploymentRecord> {
    const { deployments, archive, root, clock } = this.parts;
    for (const deployment of deployments.all()) yield recordOf(deployment, root, clock.now());
    yield* archive.all();
  }

  policies(): ReadonlyMap<string, DeployPolicy> {
    return this.parts.policies.all();
  }

  counters(): ReadonlyMap<string, number> {
    return this.parts.counters.all();
  }

  private shown(deployment: Deployment): RunningDeployment {
    const results = new Map<string, readonly ReadinessCheckResult[]>();
    for (const { app } of deployment.steps[deployment.step]?.actions ?? []) {
      const found = this.readinessResults(app, deployment.version);
      if (found.length > 0) results.set(app, found);
    }
    const isPod = podsAmong(deployment, this.parts.root);
    return {
      id: deployment.id,
      version: deployment.version,
      affectedApps: deployment.apps.filter((id) => !isPod(id)),
      affectedPods: deployment.apps.filter((id) => isPod(id)),
      steps: deployment.steps.map(({ actions }) => ({ actions: shownActions(actions, isPod) })),
      currentStep: deployment.underWay !== undefined ? deployment.step + 1 : deployment.step,
      readinessCheckResults: results,
    };
  }

  /** Of the instances that the deployment has begun. */
  private readinessResults(appId: string, version: string): ReadinessCheckResult[] {
    const definition = this.parts.root.spec(appId);
    if (definition?.readinessChecks === undefined) return [];
    const results: ReadinessCheckResult[] = [];
    for (const instance of this.parts.fleet.find(appId)?.all.values() ?? []) {
      if (instance.appVersion < version || instance.place === undefined) continue;
      for (const { name, ready, last_response: response } of instance.readiness) {
        const lastResponse = response && {
          status: response.status,
          contentType: response.content_type,
          body: response.body,
        };
        results.push({ name, taskId: taskIdOf(instance), ready, ...(lastResponse && { lastResponse }) });
      }
    }
    return results;
  }

  private queueItem(
    app: AppInstances,
    definition: AppDefinition,
    options: { readonly lastUnusedOffers: boolean },
  ): QueueItem {
    const { queue, link } = this.parts;
    const count = app.scheduled.size;
    const delaySeconds = Math.ceil(queue.waitOf(app) / 1000);
    const hasLooked = queue.hasSummary(app.appId);
    const fields = queue.summaryFor(app.appId).toQueueFields({
      waiting: count,
      delaySeconds,
      lastUnusedOffers: options.lastUnusedOffers,
    });
    // Only the engine knows whether there is anybody to offer anything.
    const why =
      link.isConnected || hasLooked || fields.why === undefined
        ? fields.why
        : { ...fields.why, summary: `Not connected to a master, so nothing is offered. ${fields.why.summary}` };
    return {
      app: definition,
      count,
      role: definition.role,
      delay: { timeLeftSeconds: delaySeconds, overdue: delaySeconds === 0 },
      since: formatTimestamp(app.waitingSince),
      ...fields,
      ...(why !== undefined && { why }),
    };
  }
}
