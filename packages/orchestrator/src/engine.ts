/**
 * The door between the API (which validates and formats) and the engine (which plans, commits and acts).
 * Promises resolve once the intent is durable; nothing is visible outside before that.
 */
import type { MasterInfo } from '@stadion/contract/mesos';
import type {
  AppDefinition,
  DeploymentAction,
  DeploymentResult,
  OrchestratorEvent,
  QueueItem,
  ReadinessCheckResult,
  TaskFailure,
  Violation,
} from '@stadion/contract/orchestrator';
import type { DeployPolicy, DeploymentRecord, FitAnswer } from '@stadion/contract/orchestrator-extensions';
import type { ShownAction } from '@stadion/contract/orchestrator-pods';
import type { RebalanceRun } from '@stadion/contract/rebalance';
import type { PlanRoots } from './core/deployment/plan-roots.ts';
import type { Instance } from './core/instance.ts';
import type { RunSpec } from './core/pod/run-spec.ts';
import type { OrderedMove } from './core/rebalance/move-run.ts';
import type { GroupEdit, GroupState } from './core/root/group.ts';

/** What a change of the root group amounts to. Definitions are canonical and carry the version given to the change. */
export interface RootChange {
  /** New and changed apps. */
  readonly upserts: readonly AppDefinition[];
  /** Apps to be stopped and forgotten. */
  readonly removals: readonly string[];
  /** New, changed and removed groups. Those above an app come into being with it, and stay when it goes. */
  readonly groups?: readonly GroupEdit[];
}

/** Why a command was not carried out. Each kind has one HTTP status. */
export type Rejection =
  | { readonly kind: 'bad-request'; readonly message: string }
  | { readonly kind: 'not-found'; readonly message: string }
  /** It concerns what is not the caller's, too. */
  | { readonly kind: 'not-permitted'; readonly message: string }
  | { readonly kind: 'exists'; readonly message: string }
  | { readonly kind: 'locked'; readonly deploymentIds: readonly string[] }
  | { readonly kind: 'invalid'; readonly message: string; readonly violations?: readonly Violation[] }
  | { readonly kind: 'too-many-deployments'; readonly limit: number }
  /** The plan that the change was looked at with does not hold any more. */
  | { readonly kind: 'stale-plan'; readonly message: string }
  /** A lock or a closed window of a group. */
  | { readonly kind: 'held-back'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

/** A command's outcome. */
export type Outcome<Value> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly rejection: Rejection };

/** Apps and groups at one moment. Ids are absolute (`/a/b`), versions timestamp texts. */
export interface RootSnapshot {
  /** The version of the last change of anything. */
  readonly version: string;
  app(id: string): AppDefinition | undefined;
  /** All apps; of one group (with everything below it) when its id is given. In order of their ids. */
  apps(groupId?: string): Iterable<AppDefinition>;
  /** An app or a pod. */
  spec(id: string): RunSpec | undefined;
  /** Apps and pods, as {@link apps}. */
  specs(groupId?: string): Iterable<RunSpec>;
  /** The root `/` always is a group. */
  group(id: string): GroupState | undefined;
  /** The ids of all groups; of those below one group when its id is given. In order of their ids, the root left out. */
  groups(groupId?: string): Iterable<string>;
}

/** Apps and groups as of now, and what is remembered of them. */
export interface RootView extends RootSnapshot {
  isGroup(id: string): boolean;
  /** Versions of the root that are remembered, newest first, that of now included. */
  rootVersions(): readonly string[];
  /** The root as it was. Undefined for a version that never was, or is remembered no more. */
  rootAt(version: string): RootSnapshot | undefined;
  /** Versions of an app or a pod, newest first. */
  appVersions(id: string): readonly string[];
  appAtVersion(id: string, version: string): RunSpec | undefined;
  /** Whether some app has this service port. */
  isServicePortUsed(port: number): boolean;
}

/** What a change would come to. */
export interface PlannedRoot {
  readonly steps: readonly { readonly actions: readonly DeploymentAction[] }[];
  /** Apps that would be changed, each before and after; undefined: it is not there. */
  readonly apps: readonly {
    readonly id: string;
    readonly from: AppDefinition | undefined;
    readonly to: AppDefinition | undefined;
  }[];
  /** Deployments that hold some of them. */
  readonly conflicts: readonly string[];
  /** Stands for what the change was planned from. */
  readonly token: string;
  /** Locks and closed windows that stand in the way. */
  readonly refusals: readonly string[];
  readonly fit: readonly FitAnswer[];
}

/** A deployment under way. */
export interface RunningDeployment {
  readonly id: string;
  readonly version: string;
  readonly affectedApps: readonly string[];
  readonly affectedPods?: readonly string[];
  readonly steps: readonly { readonly actions: readonly ShownAction[] }[];
  /** From 1; 0 before the first step. */
  readonly currentStep: number;
  readonly readinessCheckResults: ReadonlyMap<string, readonly ReadinessCheckResult[]>;
}

/** Everything that can be read, straight from memory. */
export interface EngineView {
  readonly root: RootView;
  /** Instances of an app, oldest first; never placed ones included. */
  instances(appId: string): readonly Instance[];
  instanceByTaskId(taskId: string): Instance | undefined;
  deployments(): readonly RunningDeployment[];
  deploymentsOf(appId: string): readonly string[];
  queue(options: { readonly lastUnusedOffers: boolean }): readonly QueueItem[];
  lastTaskFailure(appId: string): TaskFailure | undefined;
  /** A deployment under way, or one of those that ended last. */
  deploymentRecord(id: string): DeploymentRecord | undefined;
  /** Those under way, then those that ended last, newest first. */
  deploymentRecords(): Iterable<DeploymentRecord>;
  /** Locks and windows, by group. */
  policies(): ReadonlyMap<string, DeployPolicy>;
  readonly frameworkId: string | undefined;
  readonly master: MasterInfo | undefined;
  /** Counters since the start, by metric name without the `marathon.` prefix, e.g. `deployments.counter`. */
  counters(): ReadonlyMap<string, number>;
}

/**
 * Hears an event of the bus. Must not throw, and does its own buffering.
 * @param roots the roots of the plan in the event, made when asked for; only while somebody wants them
 */
export type EventListener = (event: OrchestratorEvent, roots: (() => PlanRoots) | undefined) => void;

/** The events of the bus, told to every listener in the order in which they happened. */
export interface EventFeed {
  /** @returns ends the subscription */
  subscribe(listener: EventListener): () => void;
  /** From now on events about deployments come with the roots of their plans. @returns ends the wish */
  wantPlanRoots(): () => void;
  /** Publishes an event made outside the engine (`api_post_event`, `event_stream_attached`). */
  publish(event: OrchestratorEvent): void;
}

/** What may be done with a deployment under way. */
export type DeploymentControl = 'pause' | 'resume' | 'promote' | 'fail';

/** Moving instances to other agents within a budget, one rebalance at a time. */
export interface InstanceMoves {
  /**
   * Begins moves: of each, another instance is up on the agent named before the one that was there goes.
   * Nothing is written down: a new leader knows of none of them.
   */
  begin(moves: readonly OrderedMove[], movesPerMinute: number): Outcome<RebalanceRun>;
  /** No further move begins; those under way come to their end. */
  end(): Outcome<RebalanceRun>;
  /** The rebalance under way, or the last one; undefined when there was none since this server leads. */
  current(): RebalanceRun | undefined;
}

/** The engine as its API sees it. */
export interface OrchestratorEngine {
  readonly view: EngineView;
  readonly events: EventFeed;
  readonly moves: InstanceMoves;
  /**
   * Changes the root group and starts the deployment that carries it out.
   * @param change decides what changes, from the root as it is at its turn and the version that the change will have;
   *   must be pure: it may be called again
   * @param options.force cancels deployments that hold the apps concerned
   * @param options.victims instances to be killed first while scaling down, by app id
   * @param options.concerns ids of the apps that the command names: listeners are told for the group that holds them
   * @param options.groupId the group that the command names, when it names one
   * @param options.by who asks, for the record
   * @param options.planToken of the plan that the change was looked at with: a stale one is refused
   * @param options.overridesPolicy locks and closed windows do not hold it back
   * @param options.deploys false: no deployment is begun; only for a change that changes no app
   */
  changeRoot(
    change: (root: RootView, version: string) => Outcome<RootChange>,
    options: {
      readonly force: boolean;
      readonly victims?: ReadonlyMap<string, readonly string[]>;
      readonly concerns?: readonly string[];
      readonly groupId?: string;
      readonly deploys?: boolean;
      readonly by?: string;
      readonly planToken?: string;
      readonly overridesPolicy?: boolean;
    },
  ): Promise<Outcome<DeploymentResult>>;
  /** What {@link changeRoot} would come to now. Nothing is changed. */
  planChange(change: (root: RootView, version: string) => Outcome<RootChange>): Outcome<PlannedRoot>;
  /**
   * Kills the tasks of these instances; their apps replace them.
   * @param options.wipe also gives up reservations and volumes
   * @returns the instances that were told to end, as they were
   */
  killInstances(
    instanceIds: readonly string[],
    options: { readonly wipe: boolean },
  ): Promise<Outcome<readonly Instance[]>>;
  /**
   * Ends a deployment. Without force a new deployment reverts it and is the answer; with force its work stays as it is.
   */
  cancelDeployment(id: string, options: { readonly force: boolean }): Promise<Outcome<DeploymentResult | undefined>>;
  /**
   * Holds a deployment, lets it go on, lets its canary go on to all, or fails it, which takes it back by another one.
   * @param by who asks, for the record
   */
  controlDeployment(id: string, action: DeploymentControl, by: string | undefined): Promise<Outcome<DeploymentRecord>>;
  /** Takes a running instance out of rotation and keeps it for a person to look at; it is replaced. */
  freezeInstance(instanceId: string): Promise<Outcome<Instance>>;
  /** Sets the lock and windows of a group; undefined removes them. */
  setPolicy(groupId: string, policy: DeployPolicy | undefined): Promise<Outcome<undefined>>;
  /** Forgets the launch backoff of an app. `not-found` when nothing of it waits. */
  resetDelay(appId: string): Promise<Outcome<undefined>>;
}
