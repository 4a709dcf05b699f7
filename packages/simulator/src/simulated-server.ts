/** One of several servers: the real election, store and reigns in one process, on an ensemble that all share. */
import { delay, silentLogger, type Clock, type Timers } from '@stadion/base';
import { Reigns, type SharedStore } from '@stadion/store';
import type { EnsembleClient, SimulatedEnsemble } from '@stadion/store/simulated-ensemble';
import type { HostWorld } from './control-plane-host.ts';
import { DriftingClock } from './drifting-clock.ts';
import { Life } from './mortal.ts';
import { Reign } from './reign.ts';

/** A server that could not start is started anew after so long, milliseconds. */
const RESTART_MS = 5_000;

/** What a server needs of the cluster. */
export interface ServerSurroundings {
  readonly world: HostWorld;
  readonly ensemble: SimulatedEnsemble;
  client(name: string, life: Life, time: Clock & Timers): EnsembleClient;
  isCurrent(reign: Reign): boolean;
  /** A reign runs: its control plane can be asked. */
  onReady(reign: Reign): void;
  /** A reign is over, or about to die. */
  onOver(reign: Reign): void;
  /** A commit was begun. */
  onCommit(server: SimulatedServer): void;
}

/** See the head of this file. */
export class SimulatedServer {
  readonly name: string;
  readonly clock: DriftingClock;
  private readonly surroundings: ServerSurroundings;
  private life: Life | undefined;
  private lives = 0;
  private reigns: Reigns | undefined;
  private store: SharedStore | undefined;
  /** The one that it is in now. */
  reign: Reign | undefined;
  /** Who leads, as far as it knows. */
  leader: string | undefined;
  /** Whether it takes agents for its own master. */
  isServing = false;

  constructor(name: string, surroundings: ServerSurroundings) {
    this.name = name;
    this.surroundings = surroundings;
    this.clock = new DriftingClock(surroundings.world.time);
  }

  get isUp(): boolean {
    return this.life !== undefined;
  }

  get isSuspended(): boolean {
    return this.life?.isSuspended === true;
  }

  /** Starts the process; it opens the store and stands for election. */
  async start(): Promise<void> {
    if (this.life !== undefined) return;
    const { surroundings, name } = this;
    const { world, ensemble } = surroundings;
    this.lives += 1;
    const life = new Life();
    this.life = life;
    const time = life.time(this.clock);
    let store: SharedStore;
    try {
      store = await ensemble.openStore(surroundings.client(name, life, time));
    } catch {
      // The program says so and ends; whoever keeps it running starts it anew.
      if (this.life === life) this.die();
      world.time.after(RESTART_MS, () => {
        void this.start();
      });
      return;
    }
    this.store = store;
    store.observeLeader((candidate) => {
      this.leader = candidate;
    });
    const reigns = new Reigns({
      election: store,
      candidate: name,
      lead: (epoch, over, end) => this.lead({ store, life, time }, epoch, over, end),
      timers: time,
      log: silentLogger,
    });
    this.reigns = reigns;
    reigns.start();
  }

  /** The process dies at this very moment. */
  crash(): void {
    if (this.life === undefined) return;
    if (this.reign !== undefined) this.surroundings.onOver(this.reign);
    this.die();
  }

  /** The process stops in good order. */
  async stop(): Promise<void> {
    const { life, reigns, store } = this;
    if (life === undefined || life.isSuspended) return;
    await reigns?.stop();
    await store?.close();
    // A last goodbye to the ensemble is under way.
    await delay(life.time(this.surroundings.world.time), 0);
    if (this.life === life) this.die();
  }

  /** The process stands still, and knows nothing of it. */
  suspend(): void {
    this.life?.suspend();
  }

  resume(): void {
    this.life?.resume(this.surroundings.world.time);
  }

  private async lead(
    { store, life, time }: { readonly store: SharedStore; readonly life: Life; readonly time: Clock & Timers },
    epoch: number,
    over: Promise<unknown>,
    end: (reason: unknown) => void,
  ): Promise<void> {
    const { surroundings, name } = this;
    const { world } = surroundings;
    const reign = new Reign({
      world,
      hostname: name,
      store: this.watched(store),
      epoch,
      life,
      time,
      random: world.random.stream(`${name}/${String(this.lives)}/${String(epoch)}`),
      isCurrent: (each) => surroundings.isCurrent(each),
      onFatal: end,
    });
    this.reign = reign;
    try {
      await reign.start();
      const master = reign.controlPlane?.master;
      if (master !== undefined) {
        world.network.listen(name, world.doors.acceptor(master.acceptor), life);
        this.isServing = true;
        surroundings.onReady(reign);
      }
      await over;
    } finally {
      // First nobody reaches it any more, then it is taken apart.
      this.isServing = false;
      this.reign = undefined;
      world.network.stopListening(name);
      surroundings.onOver(reign);
      await reign.stop();
    }
  }

  private watched(store: SharedStore): SharedStore {
    return {
      get: (key) => store.get(key),
      list: (prefix) => store.list(prefix),
      campaign: (candidate, options) => store.campaign(candidate, options),
      observeLeader: (listener) => store.observeLeader(listener),
      close: () => store.close(),
      commit: (operations, epoch) => {
        const committed = store.commit(operations, epoch);
        this.surroundings.onCommit(this);
        return committed;
      },
    };
  }

  private die(): void {
    this.life?.end();
    this.life = undefined;
    this.reigns = undefined;
    this.store = undefined;
    this.reign = undefined;
    this.leader = undefined;
    this.isServing = false;
    this.surroundings.world.network.disconnectServer(this.name);
  }
}
