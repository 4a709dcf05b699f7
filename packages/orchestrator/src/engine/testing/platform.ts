/** A whole orchestrator in virtual time for the engine's tests: engine, store and a small master, with crashes. */
import { PlatformError, SeededRandom, silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type { AppDefinition, DeploymentResult, OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { JsonValue, Store, StoreOperation, StoreRecord } from '@stadion/store';
import { stampRestart, stampVersion } from '../../core/app/app-version.ts';
import type { AppSpec } from '../../core/app/spec.ts';
import type { OrchestratorEngine, Outcome } from '../../engine.ts';
import type { EngineConfig } from '../config.ts';
import { createEngine, type Engine } from '../create-engine.ts';
import { FakeMaster } from './fake-master.ts';

/** An app that needs nothing but a cpu. */
export function appSpec(id: string, more: Partial<AppSpec> = {}): AppSpec {
  return {
    id,
    cmd: 'sleep 1000',
    instances: 1,
    cpus: 1,
    mem: 16,
    disk: 0,
    gpus: 0,
    executor: '',
    requirePorts: false,
    backoffSeconds: 1,
    backoffFactor: 2,
    maxLaunchDelaySeconds: 300,
    killSelection: 'YOUNGEST_FIRST',
    unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    labels: {},
    role: '*',
    networks: [{ mode: 'host' }],
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    ...more,
  };
}

/** A store whose commits take a millisecond, and which can break between two of them. */
export class TestStore implements Store {
  readonly records = new Map<string, StoreRecord>();
  commits = 0;
  /** Called after a commit became durable and before anybody hears of it. */
  afterCommit: () => void = () => undefined;
  private readonly time: VirtualTime;
  private line: Promise<void> = Promise.resolve();
  private newestEpoch = 0;

  constructor(time: VirtualTime) {
    this.time = time;
  }

  get(key: string): Promise<StoreRecord | undefined> {
    return Promise.resolve(this.records.get(key));
  }

  async *list(prefix: string): AsyncIterable<StoreRecord> {
    await Promise.resolve();
    for (const key of [...this.records.keys()].sort()) {
      const record = this.records.get(key);
      if (record !== undefined && key.startsWith(prefix)) yield record;
    }
  }

  commit(operations: readonly StoreOperation[], epoch: number): Promise<void> {
    this.newestEpoch = Math.max(this.newestEpoch, epoch);
    const done = this.line.then(
      () =>
        new Promise<void>((resolve, reject) => {
          this.time.after(1, () => {
            if (epoch < this.newestEpoch) {
              reject(new PlatformError('store-stale-epoch', 'another leader has taken over'));
              return;
            }
            for (const operation of operations) this.apply(operation);
            this.commits += 1;
            this.afterCommit();
            resolve();
          });
        }),
    );
    this.line = done.catch(() => undefined);
    return done;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Puts a value in directly, damaged ones too. */
  plant(key: string, value: JsonValue): void {
    this.records.set(key, { key, value, version: 1 });
  }

  private apply(operation: StoreOperation): void {
    if (operation.type === 'delete') {
      this.records.delete(operation.key);
      return;
    }
    const version = (this.records.get(operation.key)?.version ?? 0) + 1;
    // What is stored is a copy, as on a disk.
    const value = JSON.parse(JSON.stringify(operation.value)) as JsonValue;
    this.records.set(operation.key, { key: operation.key, value, version });
  }
}

/** Everything together. */
export class TestPlatform {
  readonly time = new VirtualTime();
  readonly store = new TestStore(this.time);
  readonly master: FakeMaster;
  readonly events: OrchestratorEvent[] = [];
  readonly fatal: unknown[] = [];
  engine: Engine;
  private epoch = 0;
  private readonly config: Partial<EngineConfig>;

  constructor(options: { agents?: number; cpus?: number; config?: Partial<EngineConfig> } = {}) {
    this.master = new FakeMaster(this.time, { agents: options.agents ?? 3, cpus: options.cpus ?? 10 });
    this.config = options.config ?? {};
    this.engine = this.newEngine();
  }

  /** A platform that has subscribed. */
  static async started(options: ConstructorParameters<typeof TestPlatform>[0] = {}): Promise<TestPlatform> {
    const platform = new TestPlatform(options);
    await platform.engine.start();
    await platform.time.advance(50);
    return platform;
  }

  /** The process dies: no goodbye to anybody, and another one starts under a new epoch. */
  async crash(): Promise<void> {
    this.engine = this.newEngine();
    await this.engine.start();
  }

  /** Makes apps wanted as specified; tells what came of it. */
  async put(specs: readonly AppSpec[], options: { force?: boolean } = {}): Promise<Outcome<DeploymentResult>> {
    return this.settle(
      this.engine.changeRoot(
        (root, version) => ({
          ok: true,
          value: { upserts: specs.map((spec) => stampVersion(spec, root.app(spec.id), version)), removals: [] },
        }),
        { force: options.force ?? false },
      ),
    );
  }

  async restart(appId: string): Promise<Outcome<DeploymentResult>> {
    return this.settle(
      this.engine.changeRoot(
        (root, version) => {
          const app = root.app(appId);
          return { ok: true, value: { upserts: app === undefined ? [] : [stampRestart(app, version)], removals: [] } };
        },
        { force: false },
      ),
    );
  }

  async remove(appId: string, options: { force?: boolean } = {}): Promise<Outcome<DeploymentResult>> {
    return this.settle(
      this.engine.changeRoot(() => ({ ok: true, value: { upserts: [], removals: [appId] } }), {
        force: options.force ?? false,
      }),
    );
  }

  /** Lets virtual time pass until a promise has settled. */
  async settle<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false;
    const watched = promise.finally(() => {
      isSettled = true;
    });
    await this.time.advanceUntil(() => isSettled, 10_000);
    return watched;
  }

  /** Waits until no deployment runs. */
  async quiet(limitMs = 600_000): Promise<boolean> {
    const isQuiet = await this.time.advanceUntil(() => this.engine.view.deployments().length === 0, limitMs);
    // What the last turn decided becomes durable, and known outside, a little later.
    await this.time.advance(20);
    return isQuiet;
  }

  async until(condition: () => boolean, limitMs = 600_000): Promise<boolean> {
    return this.time.advanceUntil(condition, limitMs);
  }

  /** Instances that run, as the engine sees them. */
  running(appId: string): number {
    return this.engine.view.instances(appId).filter((instance) => instance.condition === 'Running').length;
  }

  app(appId: string): AppDefinition | undefined {
    return this.engine.view.root.app(appId);
  }

  ofType<Type extends OrchestratorEvent['eventType']>(type: Type): Extract<OrchestratorEvent, { eventType: Type }>[] {
    return this.events.filter(
      (event): event is Extract<OrchestratorEvent, { eventType: Type }> => event.eventType === type,
    );
  }

  private newEngine(): Engine {
    this.epoch += 1;
    const epoch = this.epoch;
    const connection = this.master.connect();
    const engine = createEngine({
      store: this.store,
      epoch,
      connection,
      clock: this.time,
      timers: {
        // The timers of a dead process never fire.
        after: (delayMs, callback) =>
          this.time.after(delayMs, () => {
            if (epoch === this.epoch) callback();
          }),
      },
      random: new SeededRandom(`engine ${String(epoch)}`),
      log: silentLogger,
      config: this.config,
      onFatal: (error) => {
        if (epoch === this.epoch) this.fatal.push(error);
      },
    });
    engine.events.subscribe((event) => {
      if (epoch === this.epoch) this.events.push(event);
    });
    return engine;
  }
}

/** The value of an outcome that must be good. */
export function valueOf<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(`rejected: ${JSON.stringify(outcome.rejection)}`);
  return outcome.value;
}

export type { OrchestratorEngine };
