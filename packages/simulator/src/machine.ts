/** One simulated machine: containers that outlive the agent process, its disk, and at most one agent on it. */
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import {
  MemoryCheckpoints,
  MemoryFetcher,
  MemoryProber,
  MemorySandboxes,
  createAgent,
  createFakeContainerizer,
  type Agent,
  type FakeBehaviour,
  type FakeContainerizer,
} from '@stadion/agent';
import { silentLogger } from '@stadion/base';
import type { VirtualTime } from '@stadion/base/testing';
import type { Resource } from '@stadion/contract/mesos';
import { Life } from './mortal.ts';
import type { SimulatedNetwork } from './network.ts';

/** What every simulated machine has: cores and MiB. */
export const MACHINE_CPUS = 8;
const MACHINE_MEM = 8_192;
const MACHINE_DISK = 100_000;

/** A container that was started, as checkers see it. */
export interface StartedContainer {
  readonly machine: string;
  readonly containerId: string;
  readonly taskId: string;
  readonly appId: string;
  readonly cpus: number;
}

/** How tasks misbehave by themselves. */
export interface TaskFaults {
  launchFailureProbability: number;
  exitProbability: number;
}

/** A machine of the simulated cluster. */
export class Machine {
  readonly name: string;
  readonly containers: FakeContainerizer;
  readonly started = new Map<string, StartedContainer>();
  private readonly checkpoints = new MemoryCheckpoints();
  private readonly index: number;
  private readonly world: MachineWorld;
  private life = new Life();
  private agent: Agent | undefined;

  constructor(index: number, world: MachineWorld) {
    this.index = index;
    this.name = `machine-${String(index)}`;
    this.world = world;
    this.containers = createFakeContainerizer({
      clock: world.time,
      timers: world.time,
      behave: (spec) => {
        this.remember(spec.containerId, spec.environment);
        return this.behaviour();
      },
    });
  }

  /** Whether an agent process is there. */
  get isUp(): boolean {
    return this.agent !== undefined;
  }

  /** Starts the agent; it recovers what runs here. */
  async start(): Promise<void> {
    if (this.agent !== undefined) return;
    const { world } = this;
    const life = new Life();
    const time = life.time(world.time);
    this.life = life;
    const agent = createAgent({
      dialer: world.network.dialer(this.name),
      containerizer: this.containers,
      checkpoints: life.checkpoints(this.checkpoints),
      sandboxes: new MemorySandboxes(),
      fetcher: new MemoryFetcher(),
      prober: new MemoryProber(),
      clock: time,
      timers: time,
      random: world.random.stream(`${this.name}/${String(world.time.monotonic())}`),
      log: silentLogger,
      info: {
        hostname: this.name,
        ip: `10.0.0.${String(this.index + 1)}`,
        port: 5051,
        resources: machineResources(),
        attributes: [{ name: 'rack', type: 'TEXT', text: { value: `rack-${String(this.index % 3)}` } }],
        version: '1.11.0',
      },
    });
    this.agent = agent;
    await agent.start();
  }

  /** The agent process dies; containers run on. */
  async crash(): Promise<void> {
    if (this.agent === undefined) return;
    this.agent = undefined;
    this.life.end();
    this.world.network.disconnect(this.name);
    await this.containers.close();
    await this.checkpoints.close();
  }

  /** What runs here now. */
  running(): StartedContainer[] {
    const running: StartedContainer[] = [];
    for (const containerId of this.containers.running()) {
      const container = this.started.get(containerId);
      if (container !== undefined) running.push(container);
    }
    return running;
  }

  private remember(containerId: string, environment: Readonly<Record<string, string>>): void {
    const container: StartedContainer = {
      machine: this.name,
      containerId,
      taskId: environment['MESOS_TASK_ID'] ?? '',
      appId: environment['MARATHON_APP_ID'] ?? '',
      cpus: Number(environment['MARATHON_APP_RESOURCE_CPUS'] ?? 0),
    };
    this.started.set(containerId, container);
    this.world.onStart(container);
  }

  private behaviour(): FakeBehaviour {
    const { taskRandom: random, taskFaults } = this.world;
    const startDelayMs = randomBelow(random, 200);
    if (randomFraction(random) < taskFaults.launchFailureProbability) {
      return { startDelayMs, launchFailure: 'The simulated launch failed' };
    }
    const onTerminate = { afterMs: randomBelow(random, 5_000), exit: { kind: 'exited', code: 0 } } as const;
    if (randomFraction(random) < taskFaults.exitProbability) {
      return {
        startDelayMs,
        onTerminate,
        exit: { afterMs: randomBelow(random, 120_000), exit: { kind: 'exited', code: randomBelow(random, 2) } },
      };
    }
    return { startDelayMs, onTerminate: randomBelow(random, 10) === 0 ? 'ignore' : onTerminate };
  }
}

/** What a machine needs from the world around it. */
export interface MachineWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly taskRandom: Random;
  readonly taskFaults: TaskFaults;
  readonly network: SimulatedNetwork;
  /** Called when a container is about to start. */
  onStart(container: StartedContainer): void;
}

function machineResources(): Resource[] {
  return [
    { name: 'cpus', type: 'SCALAR', scalar: { value: MACHINE_CPUS } },
    { name: 'mem', type: 'SCALAR', scalar: { value: MACHINE_MEM } },
    { name: 'disk', type: 'SCALAR', scalar: { value: MACHINE_DISK } },
    { name: 'ports', type: 'RANGES', ranges: { range: [{ begin: 31_000, end: 31_200 }] } },
  ];
}
