/** One reign of one server: the real master and orchestrator under an epoch, with everybody who watches them. */
import { silentLogger, type Clock, type Random, type Timers } from '@stadion/base';
import { createMaster, type Master } from '@stadion/master';
import { createEngine, followDrains, type Engine } from '@stadion/orchestrator';
import { StoredAgentRegistry, StoredSettingsRegistry } from '@stadion/server/parts';
import type { Store } from '@stadion/store';
import { tapConnection } from './connection-tap.ts';
import type { Doors } from './doors.ts';
import type { Life } from './mortal.ts';
import type { Observer } from './observer.ts';
import { SchedulerWire, type SchedulerFaults } from './scheduler-wire.ts';

/** What decides; both live in one process. */
export interface ControlPlane {
  readonly master: Master;
  readonly engine: Engine;
}

/** What a reign needs of the world around it. */
export interface ReignWorld {
  readonly doors: Doors;
  readonly schedulerFaults: SchedulerFaults;
  tell(news: (observer: Observer) => void): void;
  /** The orchestrator may have done something by itself. */
  turned(): void;
  /** Agents that the orchestrator was told to empty. */
  toEmpty(ids: ReadonlySet<string>): void;
}

/** What it is made of. */
export interface ReignParts {
  readonly world: ReignWorld;
  readonly hostname: string;
  readonly store: Store;
  readonly epoch: number;
  readonly life: Life;
  /** Time as the server sees it, which ends with its process. */
  readonly time: Clock & Timers;
  readonly random: Random;
  /** Whether this is the reign that counts: of those that are over, watchers hear in another way. */
  readonly isCurrent: (reign: Reign) => boolean;
  /** Agents may come once the master is there; absent: they come when everything is. */
  readonly onMaster?: (master: Master) => void;
  readonly onFatal: (reason: unknown) => void;
}

/** See the head of this file. */
export class Reign {
  readonly epoch: number;
  /** Set once everything runs, as its users see it. */
  controlPlane: ControlPlane | undefined;
  private readonly parts: ReignParts;
  private master: Master | undefined;
  private engine: Engine | undefined;
  private wire: SchedulerWire | undefined;

  constructor(parts: ReignParts) {
    this.parts = parts;
    this.epoch = parts.epoch;
  }

  /** Starts everything on what the store holds. Never resolves, should the process die before. */
  async start(): Promise<void> {
    const { world, hostname, store, epoch, life, time, random, onMaster, onFatal } = this.parts;
    const master = createMaster({
      registry: world.doors.registry(new StoredAgentRegistry(store, epoch, silentLogger)),
      settings: world.doors.settings(new StoredSettingsRegistry(store, epoch)),
      clock: time,
      timers: time,
      random: random.stream('master'),
      log: silentLogger,
      info: { hostname, ip: '10.0.1.1', port: 5050, version: '1.11.0' },
      config: { agentReregisterTimeoutMs: 120_000 },
    });
    this.master = master;
    await master.start();
    onMaster?.(master);
    const wire = new SchedulerWire({
      connection: master.connect(),
      time,
      random: random.stream('scheduler-wire'),
      faults: world.schedulerFaults,
    });
    this.wire = wire;
    const tap = tapConnection(wire, {
      onCall: (call) => {
        this.tell(
          (observer) => observer.onCall?.(call),
          (observer) => observer.onStaleCall?.(call, this.epoch),
        );
      },
      onEvent: (event) => {
        this.tell((observer) => observer.onEvent?.(event));
      },
    });
    const engine = createEngine(
      world.doors.engineOptions({
        store,
        epoch,
        connection: tap,
        clock: time,
        // Everything that the engine does by itself begins with one of its timers.
        timers: {
          after: (delayMs, callback) =>
            time.after(delayMs, () => {
              world.turned();
              callback();
            }),
        },
        random: random.stream('orchestrator'),
        log: silentLogger,
        onFatal: (error) => {
          this.tell((observer) => observer.onFatal?.(error));
          onFatal(error);
        },
      }),
    );
    this.engine = engine;
    engine.events.subscribe((event) => {
      this.tell((observer) => observer.onNews?.(event));
    });
    await engine.start();
    if (!life.isAlive) return;
    const shown = { master, engine: world.doors.engine(engine) };
    this.controlPlane = shown;
    world.turned();
    const emptyAgents = (ids: ReadonlySet<string>): void => {
      if (this.parts.isCurrent(this)) world.toEmpty(ids);
      shown.engine.emptyAgents(ids);
    };
    followDrains(() => master.view?.upkeep, { emptyAgents }, time);
  }

  /** Stops what runs, in order. */
  async stop(): Promise<void> {
    this.controlPlane = undefined;
    await this.engine?.stop();
    await this.master?.stop();
  }

  /** Somebody asks this orchestrator for something; it hears of it when its process can hear. */
  receive(ask: (engine: Engine) => void): void {
    this.parts.life.run(() => {
      if (this.controlPlane !== undefined) ask(this.controlPlane.engine);
    });
  }

  /** The connection between orchestrator and master breaks. */
  cutWire(): void {
    this.wire?.cut();
  }

  private tell(news: (observer: Observer) => void, staleNews?: (observer: Observer) => void): void {
    const { world, life, isCurrent } = this.parts;
    if (!life.isAlive) return;
    if (isCurrent(this)) world.tell(news);
    else if (staleNews !== undefined) world.tell(staleNews);
  }
}
