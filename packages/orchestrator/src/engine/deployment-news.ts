/** Tells listeners how deployments go on. Nothing is made that nobody hears. */
import { shownActions } from '../core/deployment/shown-actions.ts';
import type { Clock } from '@stadion/base';
import type {
  AppDefinition,
  DeploymentAction,
  DeploymentPlanInfo,
  OrchestratorEvent,
} from '@stadion/contract/orchestrator';
import { formatTimestamp } from '../core/app/timestamp.ts';
import { planRoots, type PlanRoots } from '../core/deployment/plan-roots.ts';
import { planInfo, podsAmong, type Deployment } from './deployment.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Journal } from './journal.ts';
import type { RootState } from './root-state.ts';

interface DeploymentNewsParts {
  readonly journal: Journal;
  readonly feed: ListenerFeed;
  readonly root: RootState;
  readonly clock: Clock;
}

/** One per engine. */
export class DeploymentNews {
  private readonly parts: DeploymentNewsParts;

  constructor(parts: DeploymentNewsParts) {
    this.parts = parts;
  }

  /** A step begins, and with it the checks of what it starts: every version of an app has checks of its own. */
  stepBegins(deployment: Deployment, actions: readonly DeploymentAction[]): void {
    if (!this.parts.feed.isHeard) return;
    const timestamp = this.timestamp();
    for (const { action, app: appId } of actions) {
      if (action !== 'RestartApplication' && action !== 'ScaleApplication') continue;
      const { healthChecks = [], version = '' } = this.parts.root.spec(appId) ?? {};
      for (const healthCheck of healthChecks) {
        this.emit(deployment, { eventType: 'add_health_check_event', timestamp, appId, version, healthCheck });
      }
    }
    const currentStep = { actions: shownActions(actions, podsAmong(deployment, this.parts.root)) };
    this.emit(deployment, { eventType: 'deployment_info', timestamp, plan: this.planOf(deployment), currentStep });
  }

  /** A step is done: of what it replaced or stopped nothing is left, and nothing is checked any more. */
  stepEnds(deployment: Deployment, actions: readonly DeploymentAction[]): void {
    if (!this.parts.feed.isHeard) return;
    const timestamp = this.timestamp();
    for (const { action, app: appId } of actions) {
      if (action !== 'RestartApplication' && action !== 'StopApplication') continue;
      const before = this.definition(appId, deployment.changes.get(appId)?.from);
      for (let count = before?.healthChecks?.length ?? 0; count > 0; count -= 1) {
        this.emit(deployment, { eventType: 'remove_health_check_event', timestamp, appId });
      }
      if (action === 'StopApplication') this.emit(deployment, { eventType: 'app_terminated_event', timestamp, appId });
    }
    const currentStep = { actions: shownActions(actions, podsAmong(deployment, this.parts.root)) };
    this.emit(deployment, {
      eventType: 'deployment_step_success',
      timestamp,
      plan: this.planOf(deployment),
      currentStep,
    });
  }

  succeeded(deployment: Deployment): void {
    if (!this.parts.feed.isHeard) return;
    const { id } = deployment;
    const plan = this.planOf(deployment);
    this.emit(deployment, { eventType: 'deployment_success', timestamp: this.timestamp(), id, plan });
  }

  failed(deployment: Deployment, reason: string): void {
    if (!this.parts.feed.isHeard) return;
    const { id } = deployment;
    const plan = this.planOf(deployment);
    this.emit(deployment, { eventType: 'deployment_failed', timestamp: this.timestamp(), id, plan, reason });
  }

  private planOf(deployment: Deployment): DeploymentPlanInfo {
    return planInfo(deployment, podsAmong(deployment, this.parts.root));
  }

  private emit(deployment: Deployment, event: OrchestratorEvent): void {
    const { feed, journal } = this.parts;
    journal.emit(event, feed.arePlanRootsWanted && 'plan' in event ? this.rootsOf(deployment) : undefined);
  }

  /** Makes the roots of a plan, once, if anybody asks. What the deployment changes is looked up now: it may be forgotten. */
  private rootsOf(deployment: Deployment): () => PlanRoots {
    const { root } = this.parts;
    const changes = [...deployment.changes].map(([app, { from, to }]) => ({
      app,
      from: this.definition(app, from),
      to: this.definition(app, to),
    }));
    let roots: PlanRoots | undefined;
    return () => (roots ??= planRoots(root.apps(), changes));
  }

  private definition(appId: string, version: string | undefined): AppDefinition | undefined {
    return version === undefined ? undefined : this.parts.root.appAtVersion(appId, version);
  }

  private timestamp(): string {
    return formatTimestamp(this.parts.clock.now());
  }
}
