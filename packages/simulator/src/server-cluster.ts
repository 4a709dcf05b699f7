/** Several servers that meet in an ensemble: one leads, the others wait, and pass agents on to who leads. */
import {
  PlatformError,
  randomBelow,
  randomFraction,
  silentLogger,
  type Clock,
  type Random,
  type Timers,
} from '@stadion/base';
import type { MasterDialer } from '@stadion/contract/agent-link';
import { newestMasterDialer, type ReachedMaster } from '@stadion/server/parts';
import type { JsonValue } from '@stadion/store';
import { SimulatedEnsemble, type EnsembleClient, type EnsembleLink } from '@stadion/store/simulated-ensemble';
import type { ControlPlaneHost, DialingAgent, HostWorld } from './control-plane-host.ts';
import type { Life } from './mortal.ts';
import type { Reign } from './reign.ts';
import { SimulatedServer, type ServerSurroundings } from './simulated-server.ts';

/** The ensemble's name on the network. */
export const ENSEMBLE = 'zookeeper';

const SESSION_TIMEOUT_MS = 6_000;
/** How long an agent waits for a server that says nothing, milliseconds. */
const DIAL_ANSWER_MS_MAX = 5_000;
const DIAL_MS_MAX = 20;

/** How bad the way to the ensemble is, and how slow it answers. */
export interface EnsembleFaults {
  delayMsMax: number;
  /** How likely a connection breaks while an answer is on its way. */
  breakProbability: number;
}

/** A reign that was over before it ended, and the JSON of every record at that moment. */
export interface StaleReign {
  readonly reign: Reign;
  readonly durable: ReadonlyMap<string, string>;
}

/** See the head of this file. */
export class ServerCluster implements ControlPlaneHost, ServerSurroundings {
  readonly world: HostWorld;
  readonly ensemble: SimulatedEnsemble;
  readonly servers: readonly SimulatedServer[];
  readonly faults: EnsembleFaults = { delayMsMax: 4, breakProbability: 0 };
  private readonly random: Random;
  /** Reigns whose epoch is not the newest any more, and who may not know. */
  private stale: StaleReign[] = [];
  private crashMsAfterCommit: number | undefined;

  constructor(world: HostWorld, servers: number) {
    this.world = world;
    this.random = world.random.stream('cluster');
    this.ensemble = new SimulatedEnsemble({
      time: world.time,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      log: silentLogger,
    });
    this.ensemble.observers.push({
      onEpoch: () => {
        this.depose();
      },
    });
    this.servers = Array.from({ length: servers }, (_, index) => new SimulatedServer(`server-${String(index)}`, this));
  }

  get isAlive(): boolean {
    return this.servers.some(({ isUp }) => isUp);
  }

  get standsStill(): boolean {
    return this.leading()?.isSuspended === true;
  }

  /** Reigns that go on although another server was elected. */
  get staleReigns(): readonly StaleReign[] {
    return this.stale;
  }

  async start(): Promise<void> {
    for (const server of this.servers) server.resume();
    await Promise.all(this.servers.map((server) => server.start()));
  }

  crash(): void {
    this.leading()?.crash();
  }

  async stop(): Promise<void> {
    await this.leading()?.stop();
  }

  crashInCommit(afterMs: number): void {
    this.crashMsAfterCommit = afterMs;
  }

  cutSchedulerWire(): void {
    this.leading()?.reign?.cutWire();
  }

  heal(): void {
    this.faults.delayMsMax = 4;
    this.faults.breakProbability = 0;
    this.crashMsAfterCommit = undefined;
    this.ensemble.start();
    for (const server of this.servers) {
      server.clock.set(1, 0);
      server.resume();
    }
  }

  /** Every other agent follows the leader in the ensemble; the rest was given the addresses of all servers. */
  dialer({ name, index, life, time }: DialingAgent): MasterDialer {
    let leader: string | undefined;
    const follows = index % 2 === 0;
    if (follows) {
      this.ensemble.watchLeader(this.client(name, life, time)).observeLeader((candidate) => {
        leader = candidate;
      });
    }
    const names = this.servers.map((server) => server.name);
    return newestMasterDialer({
      masters: () => (follows ? (leader === undefined ? [] : [leader]) : names),
      reach: (server) => this.reach({ agent: name, life }, server, time),
    });
  }

  durableKeys(): Iterable<string> {
    return this.ensemble.durableKeys();
  }

  durableValue(key: string): JsonValue | undefined {
    return this.ensemble.durableValue(key);
  }

  client(name: string, life: Life, time: Clock & Timers): EnsembleClient {
    const { network } = this.world;
    const { random, faults } = this;
    const link: EnsembleLink = {
      isCut: (way) => (way === 'there' ? network.isCut(name, ENSEMBLE) : network.isCut(ENSEMBLE, name)),
      delayMs: () => randomBelow(random, faults.delayMsMax),
      isBreaking: () => faults.breakProbability > 0 && randomFraction(random) < faults.breakProbability,
    };
    return {
      name,
      clock: time,
      timers: time,
      link,
      receive: (work) => {
        life.run(work);
      },
    };
  }

  isCurrent(reign: Reign): boolean {
    return reign.epoch === this.ensemble.epoch;
  }

  onReady(reign: Reign): void {
    if (!this.isCurrent(reign)) return;
    this.world.controlPlane = reign.controlPlane;
    this.world.tell((observer) => observer.afterStart?.());
  }

  onOver(reign: Reign): void {
    this.stale = this.stale.filter((each) => each.reign !== reign);
    const { world } = this;
    if (world.controlPlane === undefined || world.controlPlane !== reign.controlPlane) return;
    world.tell((observer) => observer.beforeCrash?.());
    world.controlPlane = undefined;
  }

  onCommit(server: SimulatedServer): void {
    if (this.crashMsAfterCommit === undefined) return;
    const { reign } = server;
    this.world.time.after(this.crashMsAfterCommit, () => {
      if (reign !== undefined && server.reign === reign) server.crash();
    });
    this.crashMsAfterCommit = undefined;
  }

  /** The one that leads, or last did and does not know better; undefined: none does. */
  leading(): SimulatedServer | undefined {
    return this.servers.find(({ reign }) => reign !== undefined && this.isCurrent(reign));
  }

  /** Another server was elected: whoever leads under an older epoch leads no longer, known to it or not. */
  private depose(): void {
    const { world } = this;
    if (world.controlPlane !== undefined) world.tell((observer) => observer.beforeCrash?.());
    world.controlPlane = undefined;
    world.toEmpty(new Set());
    const known = new Set(this.stale.map(({ reign }) => reign));
    const durable = this.ensemble.snapshot();
    for (const { reign } of this.servers) {
      if (reign !== undefined && !known.has(reign)) this.stale.push({ reign, durable });
    }
  }

  private async reach(
    caller: { readonly agent: string; readonly life: Life },
    name: string,
    time: Timers,
  ): Promise<ReachedMaster> {
    const { network } = this.world;
    await caller.life.pause(this.world.time, randomBelow(this.random, DIAL_MS_MAX));
    const server = this.servers.find((each) => each.name === name);
    const isSilent =
      server?.isSuspended === true || network.isCut(caller.agent, name) || network.isCut(name, caller.agent);
    if (isSilent) await caller.life.pause(time, DIAL_ANSWER_MS_MAX);
    const route = server === undefined || isSilent ? undefined : this.routeFrom(server);
    const epoch = route?.leading.reign?.epoch;
    if (route === undefined || epoch === undefined) {
      throw new PlatformError('master-unreachable', `${name} knows no master.`, { retryable: true });
    }
    return {
      epoch,
      abandon: () => undefined,
      open: (receiver) => {
        const link = network.open(caller, route.names, receiver);
        this.world.tell((observer) => observer.onLink?.(caller.agent, epoch));
        return link;
      },
    };
  }

  /** Over which servers one gets to the master; undefined: not from there. */
  private routeFrom(
    server: SimulatedServer,
  ): { readonly names: readonly string[]; readonly leading: SimulatedServer } | undefined {
    if (!server.isUp || server.isSuspended) return undefined;
    if (server.isServing) return { names: [server.name], leading: server };
    const leading = this.servers.find(({ name }) => name === server.leader);
    if (leading === undefined || leading === server || !leading.isServing || leading.isSuspended) return undefined;
    return { names: [server.name, leading.name], leading };
  }
}
