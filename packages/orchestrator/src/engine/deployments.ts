/** Runs deployments: step after step, the actions of a step side by side. What it holds is locked against others. */
import type { Clock } from '@stadion/base';
import type { AppDefinition, DeploymentAction, OrchestratorEvent } from '@stadion/contract/orchestrator';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { planRoots, type PlanRoots } from '../core/deployment/plan-roots.ts';
import type { Convergence } from './convergence.ts';
import type { Counters } from './counters.ts';
import { deploymentRecord, planInfo, type Deployment } from './deployment.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { LaunchQueue } from './launch-queue.ts';
import { asJson, deploymentKey } from './records.ts';
import type { RootState } from './root-state.ts';

interface DeploymentsParts {
  readonly journal: Journal;
  readonly feed: ListenerFeed;
  readonly fleet: Fleet;
  readonly root: RootState;
  readonly queue: LaunchQueue;
  readonly convergence: Convergence;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Apps whose records are damaged: nothing of them is touched. */
  readonly damagedApps: ReadonlySet<string>;
}

/** One per engine. */
export class Deployments {
  private readonly parts: DeploymentsParts;
  private readonly running = new Map<string, Deployment>();
  private readonly locks = new Map<string, Deployment>();
  /** To be looked at although none of their apps has changed. */
  private readonly due = new Set<Deployment>();

  constructor(parts: DeploymentsParts) {
    this.parts = parts;
  }

  get size(): number {
    return this.running.size;
  }

  all(): Iterable<Deployment> {
    return this.running.values();
  }

  get(id: string): Deployment | undefined {
    return this.running.get(id);
  }

  /** The deployment that holds an app. */
  holding(appId: string): Deployment | undefined {
    return this.locks.get(appId);
  }

  /** Whether a version is named by a deployment under way. */
  uses(appId: string, version: string): boolean {
    const change = this.locks.get(appId)?.changes.find(({ app }) => app === appId);
    return change !== undefined && (change.from === version || change.to === version);
  }

  /** Begins a deployment. The apps it touches must not be held by another. */
  add(deployment: Deployment): void {
    this.load(deployment);
    this.parts.counters.add('deployments.counter');
    this.store(deployment);
  }

  /** Takes over a deployment from the store. */
  load(deployment: Deployment): void {
    this.running.set(deployment.id, deployment);
    for (const appId of deployment.apps) this.locks.set(appId, deployment);
    this.due.add(deployment);
  }

  /** Ends a deployment before it is done. What it has done stays. */
  cancel(deployment: Deployment, reason: string): void {
    this.parts.counters.add('deployments.dismissed.counter');
    this.emit(deployment, () => ({
      eventType: 'deployment_failed',
      timestamp: this.timestamp(),
      id: deployment.id,
      plan: planInfo(deployment),
      reason,
    }));
    this.drop(deployment);
  }

  /**
   * Looks at everything that has changed and does what is due. Called at the end of a turn.
   * @param mayAct false while what we know may be old: only what needs no action is finished
   */
  advance(mayAct: boolean): void {
    const { fleet } = this.parts;
    for (const deployment of this.due) {
      if (deployment.steps.length > 0) continue;
      this.due.delete(deployment);
      this.finish(deployment);
    }
    if (!mayAct) return;
    while (fleet.dirty.size > 0 || this.due.size > 0) {
      const deployments = new Set(this.due);
      const apps = [...fleet.dirty];
      this.due.clear();
      fleet.dirty.clear();
      for (const appId of apps) {
        const deployment = this.locks.get(appId);
        if (deployment === undefined) this.heal(appId);
        else deployments.add(deployment);
      }
      for (const deployment of deployments) this.step(deployment);
      for (const appId of apps) this.parts.queue.refresh(appId);
    }
  }

  private heal(appId: string): void {
    const { fleet, root, convergence, damagedApps } = this.parts;
    if (damagedApps.has(appId)) return;
    convergence.heal(appId);
    if (root.app(appId) !== undefined || (fleet.find(appId)?.all.size ?? 0) > 0) return;
    // The app is gone and nothing of it is left.
    root.forget(appId);
    fleet.drop(appId);
  }

  private step(deployment: Deployment): void {
    while (this.running.get(deployment.id) === deployment) {
      const step = deployment.steps[deployment.step];
      if (step === undefined) {
        this.finish(deployment);
        return;
      }
      this.begin(deployment, step.actions);
      this.holdEarlierSteps(deployment);
      let isDone = true;
      for (const action of step.actions) {
        if (!this.act(deployment, action)) isDone = false;
      }
      if (!isDone) return;
      this.conclude(deployment, step.actions);
    }
  }

  private begin(deployment: Deployment, actions: readonly DeploymentAction[]): void {
    if (deployment.hasBegun) return;
    deployment.hasBegun = true;
    for (const { action, app } of actions) {
      if (action === 'RestartApplication' || action === 'StopApplication') this.parts.queue.resetDelay(app);
      if (action === 'RestartApplication' || action === 'ScaleApplication') this.announceNewChecks(deployment, app);
    }
    this.emit(deployment, () => ({
      eventType: 'deployment_info',
      timestamp: this.timestamp(),
      plan: planInfo(deployment),
      currentStep: { actions: [...actions] },
    }));
  }

  /** What earlier steps brought up is kept up while later ones run. */
  private holdEarlierSteps(deployment: Deployment): void {
    const now = new Set(deployment.steps.slice(deployment.step).flatMap((step) => step.actions.map(({ app }) => app)));
    for (const appId of deployment.apps) {
      if (!now.has(appId) && this.parts.root.app(appId) !== undefined) this.parts.convergence.heal(appId);
    }
  }

  /** Does what an action needs now. True when it is done. */
  private act(deployment: Deployment, { action, app }: DeploymentAction): boolean {
    const { convergence, root } = this.parts;
    switch (action) {
      case 'StartApplication':
        return true;
      case 'StopApplication':
        return convergence.stop(app);
      case 'ScaleApplication':
      case 'RestartApplication': {
        const definition = root.app(app);
        // Nobody but the holder can have removed it.
        if (definition === undefined) return true;
        return action === 'ScaleApplication'
          ? convergence.scale(definition, deployment.victims.get(app))
          : convergence.restart(definition);
      }
    }
  }

  private conclude(deployment: Deployment, actions: readonly DeploymentAction[]): void {
    for (const { action, app } of actions) {
      if (action === 'RestartApplication' || action === 'StopApplication') this.announceOldChecks(deployment, app);
      if (action !== 'StopApplication') continue;
      this.emit(deployment, () => ({ eventType: 'app_terminated_event', timestamp: this.timestamp(), appId: app }));
    }
    this.emit(deployment, () => ({
      eventType: 'deployment_step_success',
      timestamp: this.timestamp(),
      plan: planInfo(deployment),
      currentStep: { actions: [...actions] },
    }));
    deployment.step += 1;
    deployment.hasBegun = false;
    if (deployment.step < deployment.steps.length) this.store(deployment);
  }

  private finish(deployment: Deployment): void {
    this.emit(deployment, () => ({
      eventType: 'deployment_success',
      timestamp: this.timestamp(),
      id: deployment.id,
      plan: planInfo(deployment),
    }));
    this.drop(deployment);
  }

  private drop(deployment: Deployment): void {
    const { journal, fleet } = this.parts;
    this.running.delete(deployment.id);
    this.due.delete(deployment);
    for (const appId of deployment.apps) {
      if (this.locks.get(appId) === deployment) this.locks.delete(appId);
      fleet.dirty.add(appId);
    }
    journal.remove(deploymentKey(deployment.id));
  }

  private store(deployment: Deployment): void {
    this.parts.journal.put(deploymentKey(deployment.id), asJson(deploymentRecord(deployment)));
  }

  private emit(deployment: Deployment, make: () => OrchestratorEvent): void {
    const { feed, journal } = this.parts;
    if (!feed.isHeard) return;
    const event = make();
    journal.emit(event, feed.arePlanRootsWanted && 'plan' in event ? this.rootsOf(deployment) : undefined);
  }

  /** Every version of an app is checked by checks of its own. */
  private announceNewChecks(deployment: Deployment, appId: string): void {
    const { healthChecks = [], version = '' } = this.parts.root.app(appId) ?? {};
    for (const healthCheck of healthChecks) {
      const timestamp = this.timestamp();
      this.emit(deployment, () => ({ eventType: 'add_health_check_event', timestamp, appId, version, healthCheck }));
    }
  }

  /** Nothing of what the deployment replaced or stopped is left, so nothing of it is checked any more. */
  private announceOldChecks(deployment: Deployment, appId: string): void {
    const from = deployment.changes.find(({ app }) => app === appId)?.from;
    const before = from === undefined ? undefined : this.parts.root.appAtVersion(appId, from);
    for (let count = before?.healthChecks?.length ?? 0; count > 0; count -= 1) {
      this.emit(deployment, () => ({ eventType: 'remove_health_check_event', timestamp: this.timestamp(), appId }));
    }
  }

  /** Makes the roots of a plan, once, if anybody asks. What the deployment changes is looked up now: it may be forgotten. */
  private rootsOf(deployment: Deployment): () => PlanRoots {
    const { root } = this.parts;
    const definitionOf = (app: string, version: string | undefined): AppDefinition | undefined =>
      version === undefined ? undefined : root.appAtVersion(app, version);
    const changes = deployment.changes.map(({ app, from, to }) => ({
      app,
      from: definitionOf(app, from),
      to: definitionOf(app, to),
    }));
    let roots: PlanRoots | undefined;
    return () => (roots ??= planRoots(root.apps(), changes));
  }

  private timestamp(): string {
    return formatTimestamp(this.parts.clock.now());
  }
}
