/** An engine in memory for the tests of the API: changes happen at once, tasks are whatever a test puts there. */
import type { RebalanceRun } from '@stadion/contract/rebalance';
import type { AppDefinition, OrchestratorEvent, QueueItem, TaskFailure } from '@stadion/contract/orchestrator';
import type { DeployPolicy, DeploymentRecord } from '@stadion/contract/orchestrator-extensions';
import type { PlanRoots } from '../../core/deployment/plan-roots.ts';
import type { AgentPlace, Instance } from '../../core/instance.ts';
import { taskIdOf } from '../../core/instance.ts';
import { FakeRoot } from '../../core/root/testing/fake-root.ts';
import type {
  DeploymentControl,
  EngineView,
  EventListener,
  InstanceMoves,
  OrchestratorEngine,
  Outcome,
  Rejection,
  RunningDeployment,
} from '../../engine.ts';

/** Where the tasks of {@link FakeEngine} run. */
export const fakePlace: AgentPlace = {
  agentId: 'S0',
  hostname: 'n1',
  region: undefined,
  zone: undefined,
  attributes: new Map(),
};

/** An engine whose root, instances and deployments a test can set. */
export class FakeEngine implements OrchestratorEngine {
  readonly root = new FakeRoot();
  readonly instancesById = new Map<string, Instance[]>();
  readonly running: RunningDeployment[] = [];
  readonly queued: QueueItem[] = [];
  readonly records: DeploymentRecord[] = [];
  readonly policies = new Map<string, DeployPolicy>();
  readonly failures = new Map<string, TaskFailure>();
  readonly published: OrchestratorEvent[] = [];
  readonly commands: unknown[] = [];
  /** The next command is refused with this. */
  refusal: Rejection | undefined;
  /** The next command fails with this. */
  failure: Error | undefined;
  /** The roots that come with every plan. */
  planRoots: PlanRoots | undefined;
  /** The rebalance under way. */
  run: RebalanceRun | undefined;
  private readonly listeners = new Set<EventListener>();
  private changes = 0;

  readonly moves: InstanceMoves = {
    begin: (moves, movesPerMinute) => {
      if (this.run !== undefined) return { ok: false, rejection: { kind: 'exists', message: 'one is under way' } };
      const waiting = moves.map((move) => ({ ...move, state: 'waiting' as const }));
      this.run = { id: 'run', state: 'running', movesPerMinute, startedAt: '2026-01-01T00:00:00.000Z', moves: waiting };
      return { ok: true, value: this.run };
    },
    end: () => {
      const { run } = this;
      if (run === undefined) return { ok: false, rejection: { kind: 'not-found', message: 'none' } };
      this.run = { ...run, state: 'stopped' };
      return { ok: true, value: this.run };
    },
    current: () => this.run,
  };

  readonly view: EngineView = {
    root: this.root,
    instances: (appId) => this.instancesById.get(appId) ?? [],
    instanceByTaskId: (taskId) =>
      [...this.instancesById.values()].flat().find((instance) => taskIdOf(instance) === taskId),
    deployments: () => this.running,
    deploymentsOf: (appId) => this.running.filter((one) => one.affectedApps.includes(appId)).map(({ id }) => id),
    queue: () => this.queued,
    deploymentRecord: (id) => this.records.find((record) => record.id === id),
    deploymentRecords: () => this.records,
    policies: () => this.policies,
    lastTaskFailure: (appId) => this.failures.get(appId),
    frameworkId: 'F1',
    master: undefined,
    counters: () => new Map([['deployments.counter', this.changes]]),
  };

  readonly events = {
    subscribe: (listener: EventListener) => {
      this.listeners.add(listener);
      return () => {
        this.listeners.delete(listener);
      };
    },
    wantPlanRoots: () => () => undefined,
    publish: (event: OrchestratorEvent) => {
      this.published.push(event);
      const { planRoots } = this;
      for (const listener of this.listeners) listener(event, planRoots && (() => planRoots));
    },
  };

  /** How many listen to the bus. */
  get listening(): number {
    return this.listeners.size;
  }

  async changeRoot(
    change: Parameters<OrchestratorEngine['changeRoot']>[0],
    options: Parameters<OrchestratorEngine['changeRoot']>[1],
  ): ReturnType<OrchestratorEngine['changeRoot']> {
    this.commands.push({ changeRoot: options });
    const refused = this.refuse();
    if (refused !== undefined) return refused;
    const version = this.root.nextVersion;
    const outcome = change(this.root, version);
    if (!outcome.ok) return outcome;
    this.changes += 1;
    this.root.apply(outcome.value);
    return { ok: true, value: { version, deploymentId: `deployment-${String(this.changes)}` } };
  }

  planChange(change: Parameters<OrchestratorEngine['planChange']>[0]): ReturnType<OrchestratorEngine['planChange']> {
    const outcome = change(this.root, this.root.nextVersion);
    if (!outcome.ok) return outcome;
    const { upserts, removals } = outcome.value;
    const apps = [
      ...upserts.map((to) => ({ id: to.id, from: this.root.app(to.id), to })),
      ...removals.map((id) => ({ id, from: this.root.app(id), to: undefined })),
    ];
    return { ok: true, value: { steps: [], apps, conflicts: [], token: 'token', refusals: [], fit: [] } };
  }

  async killInstances(
    instanceIds: readonly string[],
    options: { readonly wipe: boolean },
  ): Promise<Outcome<readonly Instance[]>> {
    this.commands.push({ killInstances: instanceIds, ...options });
    const all = [...this.instancesById.values()].flat();
    return this.refuse() ?? { ok: true, value: all.filter(({ id }) => instanceIds.includes(id)) };
  }

  async cancelDeployment(
    id: string,
    options: { readonly force: boolean },
  ): ReturnType<OrchestratorEngine['cancelDeployment']> {
    this.commands.push({ cancelDeployment: id, ...options });
    const refused = this.refuse();
    if (refused !== undefined) return refused;
    if (!this.running.some((deployment) => deployment.id === id)) {
      return { ok: false, rejection: { kind: 'not-found', message: `DeploymentPlan ${id} does not exist` } };
    }
    if (options.force) return { ok: true, value: undefined };
    return { ok: true, value: { version: this.root.nextVersion, deploymentId: 'revert' } };
  }

  async controlDeployment(
    id: string,
    action: DeploymentControl,
    by: string | undefined,
  ): Promise<Outcome<DeploymentRecord>> {
    this.commands.push({ controlDeployment: id, action, by });
    const record = this.records.find((one) => one.id === id);
    if (record === undefined) return { ok: false, rejection: { kind: 'not-found', message: id } };
    return this.refuse() ?? { ok: true, value: record };
  }

  async freezeInstance(instanceId: string): Promise<Outcome<Instance>> {
    this.commands.push({ freezeInstance: instanceId });
    const instance = [...this.instancesById.values()].flat().find(({ id }) => id === instanceId);
    if (instance === undefined) return { ok: false, rejection: { kind: 'bad-request', message: 'none' } };
    return this.refuse() ?? { ok: true, value: { ...instance, goal: 'Frozen' } };
  }

  async setPolicy(groupId: string, policy: DeployPolicy | undefined): Promise<Outcome<undefined>> {
    if (policy === undefined) this.policies.delete(groupId);
    else this.policies.set(groupId, policy);
    return this.refuse() ?? { ok: true, value: undefined };
  }

  async resetDelay(appId: string): Promise<Outcome<undefined>> {
    const waits = this.queued.some(({ app }) => app.id === appId);
    return waits ? { ok: true, value: undefined } : { ok: false, rejection: { kind: 'not-found', message: appId } };
  }

  /** Puts a task of an app there. */
  addTask(app: AppDefinition, more: Partial<Instance> = {}): Instance {
    const list = this.instancesById.get(app.id) ?? [];
    const number = String(list.length).padStart(12, '0');
    const instance: Instance = {
      id: `${app.id.slice(1).replaceAll('/', '_')}.instance-7d2c0a1e-4bb1-11eb-8e53-${number}`,
      appId: app.id,
      appVersion: app.version,
      goal: 'Running',
      condition: 'Running',
      since: 0,
      incarnation: 1,
      place: fakePlace,
      hostPorts: [31007],
      ipAddresses: [{ ipAddress: '10.0.0.4', protocol: 'IPv4' }],
      taskState: 'TASK_RUNNING',
      stagedAt: Date.UTC(2026, 0, 1, 0, 0, 1),
      startedAt: Date.UTC(2026, 0, 1, 0, 0, 2),
      healthy: undefined,
      health: [],
      readiness: [],
      drainUntil: undefined,
      ...more,
    };
    this.instancesById.set(app.id, [...list, instance]);
    return instance;
  }

  private refuse(): { readonly ok: false; readonly rejection: Rejection } | undefined {
    const { refusal, failure } = this;
    this.refusal = undefined;
    this.failure = undefined;
    if (failure !== undefined) throw failure;
    return refusal === undefined ? undefined : { ok: false, rejection: refusal };
  }
}
