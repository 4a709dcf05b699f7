/** One simulated machine: containers that outlive the agent process, its disk, and at most one agent on it. */
import { randomBelow, silentLogger, type Random } from '@stadion/base';
import {
  MemoryCheckpoints,
  MemoryFetcher,
  MemoryProber,
  MemorySandboxes,
  MemoryVolumes,
  createAgent,
  createFakeContainerizer,
  type Agent,
  type AgentOptions,
  type FakeContainerizer,
} from '@stadion/agent';
import type { VirtualTime } from '@stadion/base/testing';
import type { MasterDialer } from '@stadion/contract/agent-link';
import type { Resource } from '@stadion/contract/mesos';
import type { DialingAgent } from './control-plane-host.ts';
import type { Doors } from './doors.ts';
import { DriftingClock } from './drifting-clock.ts';
import { Life } from './mortal.ts';
import type { SimulatedNetwork } from './network.ts';
import type { StartedContainer } from './started-container.ts';
import { slowCheckpoints, type CheckpointFaults } from './slow-checkpoints.ts';
import { answerProbe, drawBehaviour, drawSickness, type TaskFaults } from './task-behaviour.ts';

/** What every simulated machine has: cores and MiB. */
export const MACHINE_CPUS = 8;
export const MACHINE_MEM = 8_192;
const MACHINE_DISK = 100_000;
/** Disks that are had as a whole, each larger than any volume. */
const MACHINE_MOUNTS = 6;
/** Inclusive. */
const MACHINE_PORTS = { begin: 31_000, end: 31_200 };
/** What a launch may take before, and after, the moment from which the container exists. */
const LAUNCH_MS_MAX = 150;
const PROBE_MS_MAX = 100;

/** What a machine needs from the world around it. */
export interface MachineWorld {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly taskRandom: Random;
  readonly taskFaults: TaskFaults;
  readonly network: SimulatedNetwork;
  dialer(agent: DialingAgent): MasterDialer;
  readonly doors: Doors;
  /** A write of an agent takes up to so long, milliseconds. */
  readonly checkpointMsMax: number;
  /** Called when a container has started. */
  onStart(container: StartedContainer): void;
  /** Called when the process of an agent has died. */
  onAgentEnd(machine: string): void;
  /** Called when an agent ends a container. */
  onContainerKill(container: StartedContainer): void;
}

type Spec = Parameters<AgentOptions['containerizer']['launch']>[0];

/** A machine of the simulated cluster. */
export class Machine {
  readonly name: string;
  readonly containers: FakeContainerizer;
  readonly clock: DriftingClock;
  readonly checkpointFaults: CheckpointFaults = { isFull: false };
  private readonly started = new Map<string, StartedContainer>();
  private readonly checkpoints = new MemoryCheckpoints();
  /** The directories of persistent volumes: they outlive agents and power cuts. */
  readonly volumes = new MemoryVolumes();
  private readonly index: number;
  private readonly world: MachineWorld;
  private readonly random: Random;
  private life = new Life();
  private agent: Agent | undefined;

  constructor(index: number, world: MachineWorld) {
    this.index = index;
    this.name = `machine-${String(index)}`;
    this.world = world;
    this.clock = new DriftingClock(world.time);
    this.random = world.random.stream(this.name);
    this.containers = createFakeContainerizer({
      clock: world.time,
      timers: world.time,
      behave: (spec) => drawBehaviour(world.taskRandom, world.taskFaults, spec.environment['BROKEN']),
    });
  }

  /** Whether an agent process is there. */
  get isUp(): boolean {
    return this.agent !== undefined;
  }

  /** Ids of the persistent volumes that are here. */
  volumeIds(): string[] {
    return [...this.volumes.made.keys()].map(idOfVolume);
  }

  /** Which making of a volume is here; undefined: it is not. */
  makingOf(volumeId: string): number | undefined {
    for (const [key, making] of this.volumes.made) {
      if (key.endsWith(volumeId) && idOfVolume(key) === volumeId) return making;
    }
    return undefined;
  }

  /** Starts the agent; it recovers what runs here. */
  async start(): Promise<void> {
    if (this.agent !== undefined) return;
    this.life = new Life();
    this.agent = createAgent(this.world.doors.agent(this.agentOptions(this.life), this.name));
    await this.agent.start();
  }

  /** The agent process dies; containers run on. */
  async crash(): Promise<void> {
    if (this.agent === undefined) return;
    this.agent = undefined;
    this.life.end();
    this.world.network.disconnect(this.name);
    this.world.onAgentEnd(this.name);
    await this.containers.close();
    await this.checkpoints.close();
  }

  /** The machine loses power: the agent dies and every container with it. */
  async reboot(): Promise<void> {
    await this.crash();
    this.containers.reboot();
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

  private agentOptions(life: Life): AgentOptions {
    const { world, random } = this;
    const time = life.time(this.clock);
    return {
      dialer: world.dialer({ name: this.name, index: this.index, life, time }),
      containerizer: this.containerizer(life),
      checkpoints: slowCheckpoints(this.checkpoints, {
        life,
        time: world.time,
        faults: this.checkpointFaults,
        writeMs: () => (world.checkpointMsMax === 0 ? 0 : randomBelow(random, world.checkpointMsMax)),
      }),
      sandboxes: new MemorySandboxes(),
      volumes: this.volumes,
      fetcher: new MemoryFetcher(),
      prober: new MemoryProber(async (request) => {
        await life.pause(world.time, randomBelow(random, PROBE_MS_MAX));
        const target = this.running().find((container) =>
          request.kind === 'command'
            ? container.containerId === request.containerId
            : container.ports.includes(request.port),
        );
        return answerProbe(request, target, world.taskFaults, world.time.monotonic());
      }),
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
    };
  }

  /** The containers as one life of the agent sees them. A dead agent starts and ends nothing. */
  private containerizer(life: Life): AgentOptions['containerizer'] {
    const { containers, world, random } = this;
    return {
      name: containers.name,
      fingerprint: () => containers.fingerprint(),
      recover: (onExit) => life.whileAlive(() => containers.recover(onExit)),
      launch: async (spec) => {
        await life.pause(world.time, randomBelow(random, LAUNCH_MS_MAX));
        const outcome = await containers.launch(spec);
        if (outcome.ok) this.remember(spec);
        await life.pause(world.time, randomBelow(random, LAUNCH_MS_MAX));
        return outcome;
      },
      kill: (containerId, graceMs) => {
        const container = this.started.get(containerId);
        if (!life.isAlive) return;
        if (container !== undefined) world.onContainerKill(container);
        containers.kill(containerId, graceMs);
      },
      usage: () => containers.usage(),
      remove: (containerId) => life.whileAlive(() => containers.remove(containerId)),
      close: () => containers.close(),
    };
  }

  private remember({ containerId, environment, mounts = [] }: Spec): void {
    const { taskRandom, taskFaults, time } = this.world;
    const container: StartedContainer = {
      machine: this.name,
      containerId,
      taskId: environment['MESOS_TASK_ID'] ?? '',
      appId: environment['MARATHON_APP_ID'] ?? '',
      cpus: Number(environment['MARATHON_APP_RESOURCE_CPUS'] ?? environment['MARATHON_CONTAINER_RESOURCE_CPUS'] ?? 0),
      mem: Number(environment['MARATHON_APP_RESOURCE_MEM'] ?? environment['MARATHON_CONTAINER_RESOURCE_MEM'] ?? 0),
      ports: (environment['PORTS'] ?? '')
        .split(',')
        .filter((text) => text !== '')
        .map(Number),
      volumes: mounts.flatMap(({ source }) => {
        const id = source.slice(source.lastIndexOf('/') + 1);
        return id.includes('#') ? [{ id, making: this.makingOf(id) }] : [];
      }),
      broken: environment['BROKEN'],
      startedAt: time.monotonic(),
      sickness: environment['ROBUST'] === undefined ? drawSickness(taskRandom, taskFaults) : undefined,
      readyAfterMs: randomBelow(taskRandom, 8_000),
    };
    this.started.set(containerId, container);
    this.world.onStart(container);
  }
}

/** Volumes go by role and id. */
function idOfVolume(key: string): string {
  return key.slice(key.indexOf('\0') + 1);
}

/** The disks of their own of every machine: how many MiB, by their place. */
export const MACHINE_DISKS: ReadonlyMap<string, number> = new Map([
  ['/srv/parts', MACHINE_DISK],
  ...Array.from({ length: MACHINE_MOUNTS }, (_, index): [string, number] => [
    `/mnt/disk-${String(index)}`,
    200 + index,
  ]),
]);

function machineResources(): Resource[] {
  return [
    { name: 'cpus', type: 'SCALAR', scalar: { value: MACHINE_CPUS } },
    { name: 'mem', type: 'SCALAR', scalar: { value: MACHINE_MEM } },
    { name: 'disk', type: 'SCALAR', scalar: { value: MACHINE_DISK } },
    { name: 'ports', type: 'RANGES', ranges: { range: [MACHINE_PORTS] } },
    ...[...MACHINE_DISKS].map(([root, mib]) =>
      ownDisk(mib, root.startsWith('/mnt') ? { type: 'MOUNT', mount: { root } } : { type: 'PATH', path: { root } }),
    ),
  ];
}

function ownDisk(value: number, source: NonNullable<NonNullable<Resource['disk']>['source']>): Resource {
  return { name: 'disk', type: 'SCALAR', scalar: { value }, disk: { source } };
}
