/** The whole platform in virtual time: one control plane, some machines, a network and a disk that all may fail. */
import { SeededRandom, silentLogger, type Random } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type { SchedulerCall } from '@stadion/contract/mesos';
import { MemoryAgentRegistry, createMaster, type Master } from '@stadion/master';
import { createEngine, type Engine } from '@stadion/orchestrator';
import { SimulatedDisk, type EmbeddedStore } from '@stadion/store';
import { tapConnection } from './connection-tap.ts';
import { Machine, type StartedContainer, type TaskFaults } from './machine.ts';
import { Life } from './mortal.ts';
import { SimulatedNetwork } from './network.ts';

/** The processes that decide; both die together, as they live in one process. */
export interface ControlPlane {
  readonly master: Master;
  readonly engine: Engine;
  readonly store: EmbeddedStore;
}

/** Who listens to the deeds of the platform. */
export interface WorldListener {
  /** A call of the orchestrator is on its way to the master. */
  onCall(call: SchedulerCall): void;
  /** A container is about to start. */
  onStart(container: StartedContainer): void;
  /** The control plane reported that it cannot go on. */
  onFatal(error: unknown): void;
}

/** One simulated cluster; the same seed gives the same life. */
export class World {
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly taskRandom: Random;
  readonly network: SimulatedNetwork;
  readonly machines: readonly Machine[];
  readonly disk: SimulatedDisk;
  readonly taskFaults: TaskFaults = { launchFailureProbability: 0, exitProbability: 0 };
  listener: WorldListener = { onCall: () => undefined, onStart: () => undefined, onFatal: () => undefined };
  controlPlane: ControlPlane | undefined;
  private readonly registry = new MemoryAgentRegistry();
  private life = new Life();
  private lives = 0;

  constructor(seed: string | number, machineCount: number) {
    this.random = new SeededRandom(seed);
    this.taskRandom = this.random.stream('tasks');
    const diskRandom = this.random.stream('disk');
    this.disk = new SimulatedDisk({
      timers: this.time,
      durableAfterMs: () => diskRandom.uint32() % 12,
      acknowledgedAfterMs: () => diskRandom.uint32() % 4,
    });
    this.network = new SimulatedNetwork(this.time, this.random.stream('network'));
    this.machines = Array.from({ length: machineCount }, (_, index) => new Machine(index, this));
  }

  onStart(container: StartedContainer): void {
    this.listener.onStart(container);
  }

  /** Starts master and orchestrator on what the disk holds. */
  async startControlPlane(): Promise<void> {
    if (this.controlPlane !== undefined) return;
    this.lives += 1;
    const life = new Life();
    this.life = life;
    const time = life.time(this.time);
    const random = this.random.stream(`control-plane/${String(this.lives)}`);
    const store = this.disk.open();
    const master = createMaster({
      registry: this.registry,
      clock: time,
      timers: time,
      random: random.stream('master'),
      log: silentLogger,
      info: { hostname: 'control', ip: '10.0.1.1', port: 5050, version: '1.11.0' },
      config: { agentReregisterTimeoutMs: 120_000 },
    });
    await master.start();
    const { epoch } = await this.whileRunning(store.campaign('control'));
    const engine = createEngine({
      store,
      epoch,
      connection: tapConnection(master.connect(), (call) => {
        if (life.isAlive) this.listener.onCall(call);
      }),
      clock: time,
      timers: time,
      random: random.stream('orchestrator'),
      log: silentLogger,
      onFatal: (error) => {
        this.listener.onFatal(error);
      },
    });
    await this.whileRunning(engine.start());
    if (!life.isAlive) return;
    this.controlPlane = { master, engine, store };
    this.network.setAcceptor(master.acceptor);
  }

  /** Master and orchestrator die at this very moment. */
  crashControlPlane(): void {
    if (this.controlPlane === undefined) return;
    this.life.end();
    this.controlPlane = undefined;
    this.disk.crash();
    this.network.setAcceptor(undefined);
  }

  /** Drives virtual time until a promise that needs it has settled. */
  private async whileRunning<Value>(promise: Promise<Value>): Promise<Value> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    await this.time.advanceUntil(() => settled, 600_000);
    return watched;
  }
}
