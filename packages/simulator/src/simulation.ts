/** One run: a seed, a number of steps of commands and faults, time to settle, and the verdict of the checkers. */
import { createHash, type Hash } from 'node:crypto';
import { randomBelow, type Random } from '@stadion/base';
import { launchedTasks } from '@stadion/contract/mesos';
import type { EngineView } from '@stadion/orchestrator';
import { capacityChecker } from './checkers/capacity.ts';
import type { Checker, Violate, Violation } from './checkers/checker.ts';
import { convergenceChecker } from './checkers/convergence.ts';
import { drainsChecker } from './checkers/drains.ts';
import { durabilityChecker } from './checkers/durability.ts';
import { ghostsChecker } from './checkers/ghosts.ts';
import { leadershipChecker } from './checkers/leadership.ts';
import { limitsChecker } from './checkers/limits.ts';
import { namesChecker } from './checkers/names.ts';
import { orderChecker } from './checkers/order.ts';
import { patienceChecker } from './checkers/patience.ts';
import { quotasChecker } from './checkers/quotas.ts';
import { resourcesChecker } from './checkers/resources.ts';
import { volumesChecker } from './checkers/volumes.ts';
import { wayBackChecker } from './checkers/way-back.ts';
import { CoverageCounter, type Coverage } from './coverage.ts';
import { FaultInjector } from './faults.ts';
import { Workload } from './workload.ts';
import { World } from './world.ts';

/** How long the cluster may take to settle once all faults are over, and for how long it must stay so. Virtual time. */
const SETTLE_MS_MAX = 45 * 60_000;
const QUIET_MS = 30_000;
/** Machines that are added for settling, for each app: enough for twice its instances, and for a disk of its own for each. */
const SPARE_MACHINES_PER_APP = 2;
/** Whether it has settled is looked at so often. */
const SETTLE_LOOK_MS = 1_000;
/** A run that broke so many promises says nothing new. */
const VIOLATIONS_MAX = 20;
/** More than this happens at one moment only where somebody asks again and again without a pause. */
const EVENTS_AT_ONCE_MAX = 100_000;

/** What to run. */
export interface SimulationOptions {
  readonly seed: string | number;
  /** Commands and faults together. */
  readonly steps: number;
  readonly machines?: number;
  readonly apps?: number;
  /** 1, by default: one process on a disk of its own. More share a ZooKeeper, and one of them leads. */
  readonly servers?: number;
  /** The part of the steps that are faults, 0 to 1; by default the seed decides. */
  readonly faults?: number;
  /** Changes the world before it starts: how tests break an invariant on purpose. */
  readonly sabotage?: (world: World) => void;
  /** Told what happens, a line per event. */
  readonly trace?: (atMs: number, line: string) => void;
}

/** What came of it. */
export interface SimulationReport {
  readonly seed: string | number;
  readonly violations: readonly Violation[];
  /** Digest of every deed with its time: equal seeds give equal digests. */
  readonly digest: string;
  readonly virtualMs: number;
  readonly started: number;
  readonly commands: number;
  readonly faults: number;
  /** What happened, and how often. */
  readonly coverage: Coverage;
}

/** Runs it. The same options give the same report. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  return new Simulation(options).execute();
}

class Simulation {
  private readonly options: SimulationOptions;
  private readonly world: World;
  private readonly workload: Workload;
  private readonly random: Random;
  private readonly faults: FaultInjector;
  private readonly checkers: readonly Checker[];
  /** Those that look after events in which the orchestrator did nothing. */
  private readonly checkersOfEvents: readonly Checker[];
  private readonly violations: Violation[] = [];
  private readonly hash: Hash = createHash('sha256');
  private readonly covered = new CoverageCounter();
  private readonly counts = { started: 0, commands: 0, faults: 0 };
  /** The events since time went on last. */
  private readonly moment = { at: 0, events: 0 };

  constructor(options: SimulationOptions) {
    this.options = options;
    const world = new World(options.seed, options.machines ?? 5, options.servers ?? 1);
    this.world = world;
    this.random = world.random.stream('steps');
    this.workload = new Workload(world.random.stream('workload'), options.apps ?? 6, this.violate('2 durability'));
    this.faults = new FaultInjector(
      world.random.stream('faults'),
      {
        world,
        note: (line) => {
          this.note(line);
        },
        count: this.covered.count,
        fire: (work) => {
          this.fire(work);
        },
      },
      options.faults,
    );
    const { promises } = this.workload;
    const view = (): EngineView | undefined => world.controlPlane?.engine.view;
    const explain = (appId: string): void => {
      const root = view()?.root;
      if (root !== undefined) promises.explain(root, appId);
    };
    const wayBack = {
      look: view,
      standsStill: () => world.host.standsStill,
      now: () => world.time.now(),
      appIds: promises.appIds,
      toleranceMs: (periodMs: number): number => {
        const { errorMsMax, haveDrifted } = world.clockFaults;
        return 2 * errorMsMax + (haveDrifted ? periodMs : 0);
      },
      explain,
    };
    this.checkers = [
      // First of all: what the platform changes by itself is in the books before others look there.
      wayBackChecker(wayBack, this.violate('12 way back')),
      resourcesChecker(world, this.violate('1 resources')),
      quotasChecker(world, this.violate('1 quotas')),
      leadershipChecker(world, this.violate('3 leadership')),
      durabilityChecker(world, promises, this.violate('2 durability')),
      ghostsChecker(world, this.violate('4 ghosts')),
      capacityChecker(world, promises, this.violate('5 capacity')),
      patienceChecker(world, this.violate('6 patience')),
      namesChecker(world, this.violate('8 names')),
      limitsChecker(world, this.violate('10 limits')),
      orderChecker(view, this.violate('14 order')),
      volumesChecker(world, promises, this.violate('11 volumes')),
      drainsChecker(world, this.violate('13 drains')),
      convergenceChecker(world, this.violate('9 convergence')),
    ];
    this.checkersOfEvents = this.checkers.filter((checker) => 'afterEvent' in checker);
    this.watch();
    this.countElections();
    options.sabotage?.(world);
  }

  async execute(): Promise<SimulationReport> {
    const { world } = this;
    this.fire(world.host.start());
    for (const machine of world.machines) this.fire(machine.start());
    await this.pass(2_000);
    // The first election may take its time.
    for (let waited = 0; world.controlPlane === undefined && waited < 30; waited += 1) await this.pass(1_000);
    const engine = world.controlPlane?.engine;
    if (engine !== undefined) this.fire(this.workload.deployUntouched(engine));
    await this.pass(20_000);
    for (let step = 0; step < this.options.steps && !this.isOver; step += 1) await this.step();
    if (!this.isOver) await this.settle();
    return {
      seed: this.options.seed,
      violations: this.violations,
      digest: this.hash.digest('hex'),
      virtualMs: world.time.monotonic(),
      ...this.counts,
      coverage: this.covered.coverage,
    };
  }

  private get isOver(): boolean {
    return this.violations.length >= VIOLATIONS_MAX || this.standsStill;
  }

  /** Time does not go on any more, and would not ever: whatever happens has the next happen at once. */
  private get standsStill(): boolean {
    return this.moment.events >= EVENTS_AT_ONCE_MAX;
  }

  private async step(): Promise<void> {
    const { world, random } = this;
    const stale = world.cluster?.staleReigns[0];
    if (this.faults.isDue()) {
      this.counts.faults += 1;
      await this.faults.inject();
    } else if (stale !== undefined && randomBelow(random, 2) === 0) {
      this.covered.count('staleCommands');
      stale.reign.receive((engine) => {
        this.fire(this.workload.actOnStale(engine, this.violate('3 leadership')));
      });
    } else if (world.controlPlane !== undefined && !world.host.standsStill) {
      this.counts.commands += 1;
      this.fire(this.workload.act(world.controlPlane.engine));
      // A command, and what happens next by itself, are not to be taken for one thing.
      this.look(true);
    }
    await this.pass(randomBelow(random, randomBelow(random, 4) === 0 ? 30_000 : 2_000));
  }

  /** All faults end; the cluster has bounded time to become what is wanted. */
  private async settle(): Promise<void> {
    const { world, checkers } = this;
    this.note('all faults end');
    world.heal();
    // It may be stopping, which is to be over first.
    if (world.controlPlane === undefined) await this.pass(10_000);
    this.fire(world.host.start());
    // What was wanted may never have fitted; that is no fault of the platform.
    world.addMachines(SPARE_MACHINES_PER_APP * this.workload.promises.appIds.length);
    for (const machine of world.machines) this.fire(machine.start());
    // Settled means settled: not for a moment only.
    let quietSince = Infinity;
    const end = world.time.monotonic() + SETTLE_MS_MAX;
    while (world.time.monotonic() < end && world.time.monotonic() - quietSince <= QUIET_MS) {
      await this.pass(SETTLE_LOOK_MS);
      if (this.standsStill) return;
      const engine = world.controlPlane?.engine;
      if (engine !== undefined) {
        this.fire(this.workload.release(engine));
        this.fire(world.quotas.lift());
        const { view } = engine;
        world.operators.release(world.machines, () => {
          return [...view.root.specs()].flatMap(({ id }) => view.instances(id));
        });
      }
      const isQuiet = checkers.every((checker) => checker.pending?.() === undefined);
      quietSince = isQuiet ? Math.min(quietSince, world.time.monotonic()) : Infinity;
    }
    for (const checker of checkers) checker.atEnd?.();
  }

  /** Lets virtual time go by, with the checkers looking at every event. */
  private async pass(durationMs: number): Promise<void> {
    const { time } = this.world;
    const end = time.monotonic() + durationMs;
    const standsStill = await time.advanceUntil(() => {
      this.look(this.world.takeTurn());
      this.countEvent(time.monotonic());
      return this.standsStill;
    }, durationMs);
    if (standsStill) return;
    await time.advance(Math.max(0, end - time.monotonic()));
  }

  private countEvent(now: number): void {
    const { moment } = this;
    if (now > moment.at) {
      moment.at = now;
      moment.events = 0;
    }
    moment.events += 1;
    if (this.standsStill) this.violate('time goes on')(`${String(moment.events)} events at one moment, and no end`);
  }

  /** @param hasTurned whether the orchestrator may have done anything since the last look */
  private look(hasTurned: boolean): void {
    for (const checker of hasTurned ? this.checkers : this.checkersOfEvents) {
      checker.afterEvent?.();
      if (hasTurned) checker.afterTurn?.();
    }
  }

  /** Checkers first: the trace then shows the deed after what it broke. */
  private watch(): void {
    this.world.observers.push(...this.checkers, {
      onCall: (call) => {
        if (call.type === 'KILL') this.note(`kill ${call.kill.task_id.value}`);
        if (call.type !== 'ACCEPT') return;
        for (const task of call.accept.operations.flatMap(launchedTasks)) {
          this.note(`launch ${task.task_id.value} on agent ${task.agent_id.value}`);
        }
      },
      onEvent: (event) => {
        if (event.type !== 'UPDATE') return;
        const { task_id, state, reason, healthy } = event.update.status;
        this.note(`${task_id.value} is ${state} (${reason ?? 'no reason'}), healthy: ${String(healthy)}`);
      },
      onNews: (event) => {
        if (event.eventType === 'deployment_info') this.note(`deployment step ${JSON.stringify(event.currentStep)}`);
      },
      onStart: (container) => {
        this.counts.started += 1;
        this.note(`start ${container.taskId} on ${container.machine}`);
      },
      onFatal: (error) => {
        // One of several steps down, and another leads.
        if (this.world.cluster !== undefined) return;
        this.violate('the control plane gave up')(String(error));
      },
    });
  }

  private countElections(): void {
    const { count } = this.covered;
    this.world.cluster?.ensemble.observers.push({
      onEpoch: (epoch, server) => {
        count('elections');
        this.note(`${server} leads under epoch ${String(epoch)}`);
        if ((this.world.cluster?.staleReigns.length ?? 0) > 0) count('staleLeaders');
      },
      onExpiry: (client) => {
        count('sessionLosses');
        this.note(`the session of ${client} has expired`);
      },
    });
  }

  /** A promise that a crash may leave open for ever; its failure is a violation. */
  private fire(promise: Promise<unknown>): void {
    promise.catch((error: unknown) => {
      this.violate('nothing crashes')(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
  }

  private note(line: string): void {
    const atMs = this.world.time.monotonic();
    this.hash.update(`${String(atMs)} ${line}\n`);
    this.options.trace?.(atMs, line);
  }

  private violate(checker: string): Violate {
    return (message) => {
      if (this.violations.length >= VIOLATIONS_MAX) return;
      if (this.violations.some((known) => known.checker === checker && known.message === message)) return;
      this.violations.push({ checker, atMs: this.world.time.monotonic(), message });
      this.note(`VIOLATION of ${checker}: ${message}`);
    };
  }
}
