/** A whole orchestrator in virtual time for the engine's tests: engine, store and a small master, with crashes. */
import { PlatformError, SeededRandom, silentLogger } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type { AppDefinition, DeploymentResult, OrchestratorEvent } from '@stadion/contract/orchestrator';
import { SimulatedDisk, type EmbeddedStore, type JsonValue } from '@stadion/store';
import { stampRestart, stampVersion } from '../../core/app/app-version.ts';
import type { AppSpec } from '../../core/app/spec.ts';
import type { Outcome } from '../../engine.ts';
import type { EngineConfig } from '../config.ts';
import { createEngine } from '../create-engine.ts';
import type { Engine } from '../engine-options.ts';
import type { UnusedTasks } from '../drain-watch.ts';
import { FakeMaster } from './fake-master.ts';

/** Everything together. */
export class TestPlatform {
  readonly time = new VirtualTime();
  /** When commits become durable, and when the writer hears of it. */
  readonly disk = new SimulatedDisk({
    timers: this.time,
    durableAfterMs: () => {
      this.commits += 1;
      this.onCommit('begun');
      return 1;
    },
    acknowledgedAfterMs: () => {
      this.onCommit('durable');
      return 1;
    },
  });
  commits = 0;
  isDiskFull = false;
  /** Called when a commit begins, and again when it is durable and nobody has heard of it yet. */
  onCommit: (moment: 'begun' | 'durable') => void = () => undefined;
  readonly master: FakeMaster;
  readonly events: OrchestratorEvent[] = [];
  readonly fatal: unknown[] = [];
  private current: Engine | undefined;
  private store: EmbeddedStore | undefined;
  /** Counts processes; what belongs to an earlier one is dead. */
  private life = 0;
  private readonly config: Partial<EngineConfig>;

  private readonly unusedTasks: UnusedTasks | undefined;

  constructor(
    options: { agents?: number; cpus?: number; config?: Partial<EngineConfig>; unusedTasks?: UnusedTasks } = {},
  ) {
    this.unusedTasks = options.unusedTasks;
    this.master = new FakeMaster(this.time, { agents: options.agents ?? 3, cpus: options.cpus ?? 10 });
    this.config = options.config ?? {};
  }

  /** The engine of the process that runs. */
  get engine(): Engine {
    if (this.current === undefined) throw new Error('no engine runs');
    return this.current;
  }

  /** A platform that has subscribed. */
  static async started(options: ConstructorParameters<typeof TestPlatform>[0] = {}): Promise<TestPlatform> {
    const platform = new TestPlatform(options);
    await platform.startEngine();
    await platform.time.advance(50);
    return platform;
  }

  /** The process dies: no goodbye to anybody. What was not durable is lost. */
  kill(): void {
    this.life += 1;
    this.current = undefined;
    this.disk.crash();
  }

  /** The process dies and another one starts. */
  async crash(): Promise<void> {
    this.kill();
    await this.startEngine();
  }

  /** Another process wins the election while this one still runs. */
  async takeOver(): Promise<void> {
    if (this.store !== undefined) await this.settle(this.store.campaign('another'));
  }

  /** Keys of everything stored, by a look at the disk that disturbs nothing. */
  async storedKeys(): Promise<string[]> {
    const keys: string[] = [];
    if (this.store === undefined) return keys;
    for await (const { key } of this.store.list('')) keys.push(key);
    return keys;
  }

  /** Puts a value on the disk of a process that does not run. */
  async plant(key: string, value: JsonValue): Promise<void> {
    const store = this.disk.open();
    const leadership = await this.settle(store.campaign('test'));
    await this.settle(store.commit([{ type: 'put', key, value }], leadership.epoch));
    await this.settle(store.close());
  }

  /** A new process on the same disk. */
  async startEngine(): Promise<void> {
    const life = this.life;
    const store = this.disk.open();
    this.store = store;
    const { epoch } = await this.settle(store.campaign('test'));
    const engine = createEngine({
      store: {
        get: (key) => store.get(key),
        list: (prefix) => store.list(prefix),
        commit: (operations, by) =>
          this.isDiskFull
            ? Promise.reject(new PlatformError('store-full', 'the disk is full'))
            : store.commit(operations, by),
        close: () => store.close(),
      },
      epoch,
      connection: this.master.connect(),
      clock: this.time,
      timers: {
        // The timers of a dead process never fire.
        after: (delayMs, callback) =>
          this.time.after(delayMs, () => {
            if (life === this.life) callback();
          }),
      },
      random: new SeededRandom(`engine ${String(life)}`),
      log: silentLogger,
      config: this.config,
      ...(this.unusedTasks !== undefined && { unusedTasks: this.unusedTasks }),
      onFatal: (error) => {
        if (life === this.life) this.fatal.push(error);
      },
    });
    engine.events.subscribe((event) => {
      if (life === this.life) this.events.push(event);
    });
    this.current = engine;
    await this.settle(engine.start());
  }

  /** Makes apps wanted as specified; tells what came of it. */
  async put(
    specs: readonly AppSpec[],
    options: Partial<Parameters<Engine['changeRoot']>[1]> = {},
  ): Promise<Outcome<DeploymentResult>> {
    return this.settle(
      this.engine.changeRoot(
        (root, version) => ({
          ok: true,
          value: { upserts: specs.map((spec) => stampVersion(spec, root.app(spec.id), version)), removals: [] },
        }),
        { ...options, force: options.force ?? false },
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
}

/** The value of an outcome that must be good. */
export function valueOf<Value>(outcome: Outcome<Value>): Value {
  if (!outcome.ok) throw new Error(`rejected: ${JSON.stringify(outcome.rejection)}`);
  return outcome.value;
}
