/** The whole platform in virtual time: one control plane, some machines, a network and disks that all may fail. */
import { SeededRandom, randomBelow, silentLogger, type Random, type TimerHandle } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import { MemoryAgentRegistry, createMaster, type Master } from '@stadion/master';
import { createEngine, followDrains, type Engine } from '@stadion/orchestrator';
import { SimulatedDisk, type EmbeddedStore } from '@stadion/store';
import { tapConnection } from './connection-tap.ts';
import { honestDoors, type Doors } from './doors.ts';
import { faultyStore, type DiskFaults } from './faulty-store.ts';
import { Machine, type MachineWorld } from './machine.ts';
import type { StartedContainer } from './started-container.ts';
import { Life } from './mortal.ts';
import { SimulatedNetwork } from './network.ts';
import type { Observer } from './observer.ts';
import { Operators } from './operators.ts';
import { SchedulerWire, type SchedulerFaults } from './scheduler-wire.ts';
import { slowRegistry } from './slow-registry.ts';
import type { TaskFaults } from './task-behaviour.ts';

/** The processes that decide; both die together, as they live in one process. */
export interface ControlPlane {
  readonly master: Master;
  readonly engine: Engine;
}

/** One simulated cluster; the same seed gives the same life. */
export class World implements MachineWorld {
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly taskRandom: Random;
  readonly network: SimulatedNetwork;
  readonly machines: Machine[];
  readonly disk: SimulatedDisk;
  readonly doors: Doors = honestDoors();
  readonly observers: Observer[] = [];
  readonly operators = new Operators(() => this.controlPlane?.master);
  readonly taskFaults: TaskFaults = {
    launchFailureProbability: 0,
    exitProbability: 0,
    sicknessProbability: 0,
    showsBrokenVersions: true,
  };
  readonly diskFaults: DiskFaults = { durableMsMax: 12, acknowledgedMsMax: 4, isFull: false };
  readonly schedulerFaults: SchedulerFaults = { delayMsMax: 0 };
  checkpointMsMax = 0;
  /** Set while it runs and can be asked; not while it starts or stops. */
  controlPlane: ControlPlane | undefined;
  /** Ids of the agents that the orchestrator was last told to empty. */
  emptied: ReadonlySet<string> = new Set();
  private readonly registry = new MemoryAgentRegistry();
  private schedulerWire: SchedulerWire | undefined;
  private life: Life | undefined;
  private lives = 0;
  private hasTurned = false;
  private crashMsAfterCommit: number | undefined;
  private dueCrash: TimerHandle | undefined;

  constructor(seed: string | number, machineCount: number) {
    this.random = new SeededRandom(seed);
    this.taskRandom = this.random.stream('tasks');
    const diskRandom = this.random.stream('disk');
    this.disk = new SimulatedDisk({
      timers: this.time,
      durableAfterMs: () => randomBelow(diskRandom, this.diskFaults.durableMsMax),
      acknowledgedAfterMs: () => randomBelow(diskRandom, this.diskFaults.acknowledgedMsMax),
    });
    this.network = new SimulatedNetwork(this.time, this.random.stream('network'));
    this.machines = Array.from({ length: machineCount }, (_, index) => new Machine(index, this));
  }

  /** Whether the control plane runs, starts or stops. */
  get isControlPlaneAlive(): boolean {
    return this.life !== undefined;
  }

  /** Whether the orchestrator may have done anything by itself since the last time. */
  takeTurn(): boolean {
    const { hasTurned } = this;
    this.hasTurned = false;
    return hasTurned;
  }

  /** Adds machines, so that there is room for everything that is wanted; their agents are yet to be started. */
  addMachines(count: number): void {
    for (let added = 0; added < count; added += 1) this.machines.push(new Machine(this.machines.length, this));
  }

  /** Ends all faults that are a state of the world; who is down stays down. */
  heal(): void {
    this.network.heal();
    this.taskFaults.exitProbability = 0;
    this.taskFaults.launchFailureProbability = 0;
    this.taskFaults.sicknessProbability = 0;
    this.taskFaults.showsBrokenVersions = false;
    this.diskFaults.isFull = false;
    this.diskFaults.durableMsMax = 12;
    this.diskFaults.acknowledgedMsMax = 4;
    this.schedulerFaults.delayMsMax = 0;
    this.checkpointMsMax = 0;
    this.crashMsAfterCommit = undefined;
    this.dueCrash?.cancel();
    for (const machine of this.machines) machine.checkpointFaults.isFull = false;
  }

  /** Starts master and orchestrator on what the disk holds. Resolves when they run; never, should they die before. */
  async startControlPlane(): Promise<void> {
    if (this.life !== undefined) return;
    this.lives += 1;
    const life = new Life();
    this.life = life;
    this.emptied = new Set();
    const time = life.time(this.time);
    const random = this.random.stream(`control-plane/${String(this.lives)}`);
    const store = this.openStore(life);
    const master = createMaster({
      registry: slowRegistry(this.registry, {
        life,
        time: this.time,
        writeMs: () => {
          const { durableMsMax, acknowledgedMsMax } = this.diskFaults;
          return [randomBelow(random, durableMsMax), randomBelow(random, acknowledgedMsMax)];
        },
      }),
      clock: time,
      timers: time,
      random: random.stream('master'),
      log: silentLogger,
      info: { hostname: 'control', ip: '10.0.1.1', port: 5050, version: '1.11.0' },
      config: { agentReregisterTimeoutMs: 120_000 },
    });
    await master.start();
    this.network.setAcceptor(this.doors.acceptor(master.acceptor));
    const { epoch } = await store.campaign('control');
    const wire = new SchedulerWire({
      connection: master.connect(),
      time,
      random: random.stream('scheduler-wire'),
      faults: this.schedulerFaults,
    });
    this.schedulerWire = wire;
    const tap = tapConnection(wire, {
      onCall: (call) => {
        if (life.isAlive) this.tell((observer) => observer.onCall?.(call));
      },
      onEvent: (event) => {
        if (life.isAlive) this.tell((observer) => observer.onEvent?.(event));
      },
    });
    const engine = createEngine(
      this.doors.engineOptions({
        store,
        epoch,
        connection: tap,
        clock: time,
        // Everything that the engine does by itself begins with one of its timers.
        timers: {
          after: (delayMs, callback) =>
            time.after(delayMs, () => {
              this.hasTurned = true;
              callback();
            }),
        },
        random: random.stream('orchestrator'),
        log: silentLogger,
        onFatal: (error) => {
          if (life.isAlive) this.tell((observer) => observer.onFatal?.(error));
        },
      }),
    );
    engine.events.subscribe((event) => {
      if (life.isAlive) this.tell((observer) => observer.onNews?.(event));
    });
    await engine.start();
    if (!life.isAlive) return;
    this.controlPlane = { master, engine: this.doors.engine(engine) };
    this.hasTurned = true;
    const movers = this.controlPlane.engine;
    const emptyAgents = (ids: ReadonlySet<string>): void => {
      this.emptied = ids;
      movers.emptyAgents(ids);
    };
    followDrains(() => master.view?.upkeep, { emptyAgents }, time);
    this.tell((observer) => observer.afterStart?.());
  }

  /** Master and orchestrator die at this very moment. */
  crashControlPlane(): void {
    if (this.life === undefined) return;
    if (this.controlPlane !== undefined) this.tell((observer) => observer.beforeCrash?.());
    this.life.end();
    this.life = undefined;
    this.schedulerWire = undefined;
    this.controlPlane = undefined;
    this.disk.crash();
    this.network.setAcceptor(undefined);
  }

  /** The connection between orchestrator and master breaks. */
  cutSchedulerWire(): void {
    this.schedulerWire?.cut();
  }

  /** They die so long after the next commit was begun, milliseconds: before it is durable, or before anybody hears. */
  crashInCommit(afterMs: number): void {
    this.crashMsAfterCommit = afterMs;
  }

  /** Master and orchestrator stop in good order. */
  async stopControlPlane(): Promise<void> {
    const { controlPlane, life } = this;
    if (controlPlane === undefined || life === undefined) return;
    this.tell((observer) => observer.beforeCrash?.());
    this.controlPlane = undefined;
    await controlPlane.engine.stop();
    await controlPlane.master.stop();
    // A crash may have come first.
    if (this.life !== life) return;
    life.end();
    this.life = undefined;
    this.schedulerWire = undefined;
    this.disk.crash();
    this.network.setAcceptor(undefined);
  }

  onStart(container: StartedContainer): void {
    this.tell((observer) => observer.onStart?.(container));
  }

  onContainerKill(container: StartedContainer): void {
    this.tell((observer) => observer.onContainerKill?.(container));
  }

  private tell(news: (observer: Observer) => void): void {
    for (const observer of this.observers) news(observer);
  }

  private openStore(life: Life): EmbeddedStore {
    return faultyStore(this.disk.open(), {
      faults: this.diskFaults,
      onCommit: () => {
        if (this.crashMsAfterCommit === undefined) return;
        this.dueCrash = this.time.after(this.crashMsAfterCommit, () => {
          if (life.isAlive) this.crashControlPlane();
        });
        this.crashMsAfterCommit = undefined;
      },
    });
  }
}
