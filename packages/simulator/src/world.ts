/** The whole platform in virtual time: its control plane, some machines, a network and disks that all may fail. */
import { SeededRandom, type Random } from '@stadion/base';
import { VirtualTime } from '@stadion/base/testing';
import type { MasterDialer } from '@stadion/contract/agent-link';
import type { ControlPlaneHost, DialingAgent, HostWorld } from './control-plane-host.ts';
import { honestDoors, type Doors } from './doors.ts';
import type { DiskFaults } from './faulty-store.ts';
import { Machine, type MachineWorld } from './machine.ts';
import { SimulatedNetwork } from './network.ts';
import type { Observer } from './observer.ts';
import { Operators } from './operators.ts';
import type { ControlPlane } from './reign.ts';
import type { SchedulerFaults } from './scheduler-wire.ts';
import { Quotas } from './quotas.ts';
import { ServerCluster } from './server-cluster.ts';
import { SingleServer } from './single-server.ts';
import type { StartedContainer } from './started-container.ts';
import type { TaskFaults } from './task-behaviour.ts';

/** One simulated cluster; the same seed gives the same life. */
export class World implements MachineWorld, HostWorld {
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly taskRandom: Random;
  readonly network: SimulatedNetwork;
  readonly machines: Machine[];
  readonly doors: Doors = honestDoors();
  readonly observers: Observer[] = [];
  readonly operators = new Operators(() => this.controlPlane?.master);
  readonly quotas = new Quotas(() => this.controlPlane?.master);
  readonly taskFaults: TaskFaults = {
    launchFailureProbability: 0,
    exitProbability: 0,
    sicknessProbability: 0,
    showsBrokenVersions: true,
  };
  readonly diskFaults: DiskFaults = { durableMsMax: 12, acknowledgedMsMax: 4, isFull: false };
  storeRefusedAt: number | undefined;
  readonly schedulerFaults: SchedulerFaults = { delayMsMax: 0 };
  checkpointMsMax = 0;
  /** How wrong any clock has been, milliseconds, and whether one has run fast or slow. */
  readonly clockFaults = { errorMsMax: 0, haveDrifted: false };
  /** Set while it runs, leads and can be asked; not while it starts or stops. */
  controlPlane: ControlPlane | undefined;
  /** Ids of the agents that the orchestrator was last told to empty. */
  emptied: ReadonlySet<string> = new Set();
  /** What runs the control plane; `cluster` when that is several servers. */
  readonly host: ControlPlaneHost;
  readonly cluster: ServerCluster | undefined;
  private hasTurned = false;

  /** @param serverCount 1: one process on a disk of its own; more share a ZooKeeper */
  constructor(seed: string | number, machineCount: number, serverCount = 1) {
    this.random = new SeededRandom(seed);
    this.taskRandom = this.random.stream('tasks');
    this.network = new SimulatedNetwork(this.time, this.random.stream('network'));
    this.cluster = serverCount === 1 ? undefined : new ServerCluster(this, serverCount);
    this.host = this.cluster ?? new SingleServer(this);
    this.machines = Array.from({ length: machineCount }, (_, index) => new Machine(index, this));
  }

  /** Whether the orchestrator may have done anything by itself since the last time. */
  takeTurn(): boolean {
    const { hasTurned } = this;
    this.hasTurned = false;
    return hasTurned;
  }

  turned(): void {
    this.hasTurned = true;
  }

  toEmpty(ids: ReadonlySet<string>): void {
    this.emptied = ids;
  }

  /** The machine of that name. */
  machineNamed(name: string): Machine | undefined {
    return this.machines.find((machine) => machine.name === name);
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
    this.host.heal();
    for (const machine of this.machines) {
      machine.checkpointFaults.isFull = false;
      machine.clock.set(1, 0);
    }
  }

  /** How an agent finds its master. */
  dialer(agent: DialingAgent): MasterDialer {
    return this.host.dialer(agent);
  }

  onStart(container: StartedContainer): void {
    this.tell((observer) => observer.onStart?.(container));
  }

  onAgentEnd(agent: string): void {
    this.tell((observer) => observer.onAgentEnd?.(agent));
  }

  onContainerKill(container: StartedContainer): void {
    this.tell((observer) => observer.onContainerKill?.(container));
  }

  tell(news: (observer: Observer) => void): void {
    for (const observer of this.observers) news(observer);
  }
}
