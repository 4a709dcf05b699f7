/** Runs deployments: step after step, the actions of a step side by side. What it holds is locked against others. */
import type { Clock } from '@stadion/base';
import type { DeploymentAction, TaskFailure } from '@stadion/contract/orchestrator';
import type { DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import type { DeploymentArchive } from './deployment-archive.ts';
import type { DeploymentJudge } from './deployment-judge.ts';
import { recordOf } from './deployment-view.ts';
import type { Convergence } from './convergence.ts';
import type { Counters } from './counters.ts';
import { DeploymentNews } from './deployment-news.ts';
import { controlled, type DeploymentAccount } from './deployment-account.ts';
import { beginStep, deploymentRecord, type Deployment, type StepUnderWay } from './deployment.ts';
import type { ListenerFeed } from './event-feed.ts';
import type { Fleet } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { LaunchQueue } from './launch-queue.ts';
import { asJson, deploymentKey, tallyKey } from './records.ts';
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
  readonly judge: DeploymentJudge;
  readonly archive: DeploymentArchive;
  /** Apps whose records are damaged: nothing of them is touched. */
  readonly damagedApps: ReadonlySet<string>;
  /** Whether what we know of the tasks of an app may be acted on. */
  readonly isSettled: (appId: string) => boolean;
}

/** One per engine. */
export class Deployments {
  private readonly parts: DeploymentsParts;
  private readonly news: DeploymentNews;
  private readonly running = new Map<string, Deployment>();
  private readonly locks = new Map<string, Deployment>();
  /** To be looked at although none of their apps has changed. */
  private readonly due = new Set<Deployment>();

  constructor(parts: DeploymentsParts) {
    this.parts = parts;
    this.news = new DeploymentNews(parts);
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
    const change = this.locks.get(appId)?.changes.get(appId);
    return change !== undefined && (change.from === version || change.to === version);
  }

  /** The record of one that is over. */
  archived(id: string): DeploymentRecord | undefined {
    return this.parts.archive.get(id);
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
    this.parts.judge.watch(deployment);
  }

  /** Takes over from the store what has failed of a deployment. */
  loadTally(id: string, tally: Pick<DeploymentAccount, 'failureCount' | 'failures'>): void {
    const deployment = this.running.get(id);
    // The deployment ended, and the crash came between two halves of one turn.
    if (deployment === undefined) this.parts.journal.remove(tallyKey(id));
    else deployment.account = { ...deployment.account, ...tally };
  }

  /** A launch has ended badly: whoever holds its app counts it, durably. */
  failed(failure: TaskFailure): void {
    const deployment = this.locks.get(failure.appId);
    if (deployment === undefined || !this.parts.judge.failed(deployment, failure)) return;
    const { failureCount, failures } = deployment.account;
    this.parts.journal.put(tallyKey(deployment.id), asJson({ failureCount, failures }));
  }

  /** Holds a deployment, lets it go on, or lets its canary go on to all. */
  control(deployment: Deployment, change: Partial<Pick<DeploymentAccount, 'isPaused' | 'isPromoted'>>): void {
    deployment.account = controlled(deployment.account, change, this.parts.clock.now());
    // What was begun is looked at anew: nothing of it may count as done that was only held.
    this.due.add(deployment);
    if (deployment.underWay !== undefined) {
      for (const appId of deployment.underWay.actions.keys()) this.parts.fleet.dirty.add(appId);
    }
    this.parts.judge.watch(deployment);
    this.store(deployment);
  }

  /** Ends a deployment before it is done. What it has done stays. */
  cancel(deployment: Deployment, reason: string): void {
    this.parts.counters.add('deployments.dismissed.counter');
    this.news.failed(deployment, reason);
    this.archiveAs(deployment, { outcome: 'failed', reason });
    this.drop(deployment);
  }

  /**
   * Looks at everything that has changed and does what is due. Called at the end of a turn.
   * Apps of which what we know may be old are left alone; whoever learns it anew makes them dirty.
   */
  advance(): void {
    const { fleet, isSettled } = this.parts;
    for (const deployment of this.due) {
      if (deployment.steps.length > 0) continue;
      this.due.delete(deployment);
      this.finish(deployment);
    }
    while (fleet.dirty.size > 0 || this.due.size > 0) {
      const touched = new Map<Deployment, string[]>();
      for (const deployment of this.due) touched.set(deployment, []);
      const apps = [...fleet.dirty].filter(isSettled);
      this.due.clear();
      fleet.dirty.clear();
      for (const appId of apps) {
        const deployment = this.locks.get(appId);
        const known = deployment && touched.get(deployment);
        if (deployment === undefined) this.heal(appId);
        else if (known === undefined) touched.set(deployment, [appId]);
        else known.push(appId);
      }
      for (const [deployment, held] of touched) this.step(deployment, held);
      for (const appId of apps) this.parts.queue.refresh(appId);
    }
  }

  private heal(appId: string): void {
    const { fleet, root, convergence, damagedApps } = this.parts;
    if (damagedApps.has(appId)) return;
    convergence.heal(appId);
    if (root.spec(appId) !== undefined || (fleet.find(appId)?.all.size ?? 0) > 0) return;
    // The app is gone and nothing of it is left.
    root.forget(appId);
    fleet.drop(appId);
  }

  /** Looks at those of its apps to which something happened; at all of them when a step begins. */
  private step(deployment: Deployment, touched: readonly string[]): void {
    let apps = touched;
    while (this.running.get(deployment.id) === deployment) {
      if (deployment.underWay === undefined) {
        deployment.underWay = beginStep(deployment);
        if (deployment.underWay !== undefined) this.begin(deployment);
        apps = deployment.apps;
      }
      const { underWay } = deployment;
      if (underWay === undefined) {
        this.finish(deployment);
        return;
      }
      for (const appId of apps) this.look(deployment, underWay, appId);
      if (underWay.undone.size > 0) return;
      this.conclude(deployment);
    }
  }

  private look(deployment: Deployment, { actions, kept, undone }: StepUnderWay, appId: string): void {
    const { convergence, root, isSettled } = this.parts;
    if (!isSettled(appId)) return;
    const action = actions.get(appId);
    if (action === undefined) {
      // What earlier steps brought up is kept up while later ones run.
      if (kept.has(appId) && root.spec(appId) !== undefined) convergence.heal(appId);
    } else if (this.act(deployment, action, appId)) undone.delete(appId);
    else undone.add(appId);
  }

  private begin(deployment: Deployment): void {
    const actions = deployment.steps[deployment.step]?.actions ?? [];
    for (const { action, app } of actions) {
      if (action === 'RestartApplication' || action === 'StopApplication') this.parts.queue.resetDelay(app);
    }
    this.news.stepBegins(deployment, actions);
  }

  /** Does what an action needs now. True when it is done. */
  private act(deployment: Deployment, action: DeploymentAction['action'], app: string): boolean {
    const { convergence, root } = this.parts;
    if (deployment.account.isPaused) return false;
    switch (action) {
      case 'StartApplication':
        return true;
      case 'StopApplication':
        return convergence.stop(app);
      case 'ScaleApplication':
      case 'RestartApplication': {
        const definition = root.spec(app);
        // Nobody but the holder can have removed it.
        if (definition === undefined) return true;
        return action === 'ScaleApplication'
          ? convergence.scale(definition, deployment.victims.get(app))
          : convergence.restart(definition, deployment.account.isPromoted);
      }
    }
  }

  private conclude(deployment: Deployment): void {
    this.news.stepEnds(deployment, deployment.steps[deployment.step]?.actions ?? []);
    deployment.step += 1;
    deployment.underWay = undefined;
    if (deployment.step < deployment.steps.length) this.store(deployment);
  }

  private finish(deployment: Deployment): void {
    this.news.succeeded(deployment);
    this.archiveAs(deployment, { outcome: 'success' });
    this.drop(deployment);
  }

  private archiveAs(deployment: Deployment, end: Parameters<typeof recordOf>[3]): void {
    const { archive, root, clock } = this.parts;
    // A change that changes nothing is no news.
    if (deployment.steps.length > 0) archive.add(recordOf(deployment, root, clock.now(), end));
  }

  private drop(deployment: Deployment): void {
    const { journal, fleet, judge } = this.parts;
    judge.forget(deployment);
    this.running.delete(deployment.id);
    this.due.delete(deployment);
    for (const appId of deployment.apps) {
      if (this.locks.get(appId) === deployment) this.locks.delete(appId);
      fleet.dirty.add(appId);
    }
    journal.remove(deploymentKey(deployment.id));
    if (deployment.account.failureCount > 0) journal.remove(tallyKey(deployment.id));
  }

  private store(deployment: Deployment): void {
    this.parts.journal.put(deploymentKey(deployment.id), asJson(deploymentRecord(deployment)));
  }
}
