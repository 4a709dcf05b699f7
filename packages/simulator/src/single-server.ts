/** One process with the whole control plane, on a disk of its own: what `stadion up` is. */
import { randomBelow, type TimerHandle } from '@stadion/base';
import type { MasterDialer } from '@stadion/contract/agent-link';
import { SimulatedDisk, type EmbeddedStore, type JsonValue } from '@stadion/store';
import type { ControlPlaneHost, DialingAgent, HostWorld } from './control-plane-host.ts';
import { DriftingClock } from './drifting-clock.ts';
import { faultyStore } from './faulty-store.ts';
import { Life } from './mortal.ts';
import { Reign } from './reign.ts';

const NAME = 'control';

/** See the head of this file. */
export class SingleServer implements ControlPlaneHost {
  private readonly world: HostWorld;
  private readonly disk: SimulatedDisk;
  private readonly clock: DriftingClock;
  private life: Life | undefined;
  private lives = 0;
  private reign: Reign | undefined;
  private crashMsAfterCommit: number | undefined;
  private dueCrash: TimerHandle | undefined;

  constructor(world: HostWorld) {
    this.world = world;
    this.clock = new DriftingClock(world.time);
    const random = world.random.stream('disk');
    this.disk = new SimulatedDisk({
      timers: world.time,
      durableAfterMs: () => randomBelow(random, world.diskFaults.durableMsMax),
      acknowledgedAfterMs: () => randomBelow(random, world.diskFaults.acknowledgedMsMax),
    });
  }

  get isAlive(): boolean {
    return this.life !== undefined;
  }

  get standsStill(): boolean {
    return this.life?.isSuspended === true;
  }

  async start(): Promise<void> {
    if (this.life !== undefined) return;
    const { world } = this;
    this.lives += 1;
    const life = new Life();
    this.life = life;
    world.toEmpty(new Set());
    const store = this.openStore(life);
    const { epoch } = await store.campaign(NAME);
    const reign = new Reign({
      world,
      hostname: NAME,
      store,
      epoch,
      life,
      time: life.time(this.clock),
      random: world.random.stream(`control-plane/${String(this.lives)}`),
      isCurrent: () => life.isAlive,
      onMaster: (master) => {
        world.network.listen(NAME, world.doors.acceptor(master.acceptor), life);
      },
      // Whoever watches has heard of it.
      onFatal: () => undefined,
    });
    this.reign = reign;
    await reign.start();
    if (!life.isAlive) return;
    world.controlPlane = reign.controlPlane;
    world.tell((observer) => observer.afterStart?.());
  }

  crash(): void {
    const { world, life } = this;
    if (life === undefined) return;
    if (world.controlPlane !== undefined) world.tell((observer) => observer.beforeCrash?.());
    this.die(life);
  }

  cutSchedulerWire(): void {
    this.reign?.cutWire();
  }

  crashInCommit(afterMs: number): void {
    this.crashMsAfterCommit = afterMs;
  }

  async stop(): Promise<void> {
    const { world, life, reign } = this;
    if (world.controlPlane === undefined || life === undefined || reign === undefined) return;
    world.tell((observer) => observer.beforeCrash?.());
    world.controlPlane = undefined;
    await reign.stop();
    // A crash may have come first.
    if (this.life === life) this.die(life);
  }

  heal(): void {
    this.crashMsAfterCommit = undefined;
    this.dueCrash?.cancel();
  }

  dialer({ name, life }: DialingAgent): MasterDialer {
    const caller = { agent: name, life };
    return {
      // An open that fails is a dial that fails.
      dial: async (receiver) => this.world.network.open(caller, [NAME], receiver),
    };
  }

  durableKeys(): Iterable<string> {
    return this.disk.durableKeys();
  }

  durableValue(key: string): JsonValue | undefined {
    return this.disk.durableValue(key);
  }

  private die(life: Life): void {
    life.end();
    this.life = undefined;
    this.reign = undefined;
    this.world.controlPlane = undefined;
    this.disk.crash();
    this.world.network.disconnectServer(NAME);
  }

  private openStore(life: Life): EmbeddedStore {
    return faultyStore(this.disk.open(), {
      faults: this.world.diskFaults,
      onCommit: () => {
        if (this.crashMsAfterCommit === undefined) return;
        this.dueCrash = this.world.time.after(this.crashMsAfterCommit, () => {
          if (life.isAlive) this.crash();
        });
        this.crashMsAfterCommit = undefined;
      },
      onRefusal: () => {
        this.world.storeRefusedAt = this.world.time.monotonic();
      },
    });
  }
}
