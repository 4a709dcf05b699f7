/** One run: a seed, a number of steps of commands and faults, time to settle, and the verdict of the checkers. */
import { createHash } from 'node:crypto';
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import { capacityChecker } from './checkers/capacity.ts';
import type { Checker, Violation } from './checkers/checker.ts';
import { convergenceChecker, unsettled } from './checkers/convergence.ts';
import { durabilityChecker } from './checkers/durability.ts';
import { ghostsChecker } from './checkers/ghosts.ts';
import { patienceChecker } from './checkers/patience.ts';
import { resourcesChecker } from './checkers/resources.ts';
import { Workload } from './workload.ts';
import { World } from './world.ts';

/** How long the cluster may take to settle once all faults are over, virtual milliseconds. */
const SETTLE_LIMIT_MS = 45 * 60_000;
/** A run that broke so many promises says nothing new. */
const VIOLATIONS_MAX = 20;

/** What to run. */
export interface SimulationOptions {
  readonly seed: string | number;
  readonly steps: number;
  readonly machines?: number;
  readonly apps?: number;
  /** Changes the world before it starts: how tests break an invariant on purpose. */
  readonly sabotage?: (world: World) => void;
  /** Told what happens, a line per event. */
  readonly trace?: (atMs: number, line: string) => void;
}

/** What came of it. */
export interface SimulationReport {
  readonly seed: string | number;
  readonly violations: readonly Violation[];
  /** Digest of every call and start with its time: equal seeds give equal digests. */
  readonly digest: string;
  readonly virtualMs: number;
  readonly started: number;
  readonly commands: number;
  readonly faults: number;
}

/** Runs it. The same options give the same report. */
export async function simulate(options: SimulationOptions): Promise<SimulationReport> {
  const run = new Simulation(options);
  return run.execute();
}

class Simulation {
  private readonly options: SimulationOptions;
  private readonly world: World;
  private readonly workload: Workload;
  private readonly random: Random;
  private readonly checkers: Checker[] = [];
  private readonly violations: Violation[] = [];
  private readonly durability: ReturnType<typeof durabilityChecker>;
  private readonly hash = createHash('sha256');
  private readonly weights: FaultWeights;
  private started = 0;
  private commands = 0;
  private faults = 0;

  constructor(options: SimulationOptions) {
    this.options = options;
    this.world = new World(options.seed, options.machines ?? 5);
    this.workload = new Workload(this.world.random.stream('workload'), options.apps ?? 6);
    this.random = this.world.random.stream('faults');
    this.weights = drawWeights(this.random);
    const { world, workload } = this;
    this.durability = durabilityChecker(world, workload, this.violate('2 durability'));
    const capacity = capacityChecker(world, workload, this.violate('5 capacity'));
    const patience = patienceChecker(world, this.violate('6 patience'));
    this.checkers.push(
      resourcesChecker(world, this.violate('1 resources')),
      this.durability,
      ghostsChecker(world, this.violate('4 ghosts')),
      capacity,
      patience,
      convergenceChecker(world, this.violate('9 convergence')),
    );
    world.listener = {
      onCall: (call) => {
        if (call.type === 'KILL') this.note(`kill ${call.kill.task_id.value}`);
        else if (call.type === 'ACCEPT') this.note(`accept ${JSON.stringify(call.accept.offer_ids)}`);
        capacity.onCall(call);
        patience.onCall(call);
      },
      onStart: (container) => {
        this.started += 1;
        this.note(`start ${container.taskId} on ${container.machine}`);
        this.durability.onStart(container);
      },
      onFatal: (error) => {
        this.violate('the control plane gave up')(String(error));
      },
    };
    options.sabotage?.(world);
  }

  async execute(): Promise<SimulationReport> {
    const { world } = this;
    await world.startControlPlane();
    for (const machine of world.machines) await machine.start();
    await this.pass(2_000);
    const engine = world.controlPlane?.engine;
    if (engine !== undefined) this.fire(this.workload.deployUntouched(engine));
    await this.pass(20_000);
    for (let step = 0; step < this.options.steps && this.violations.length < VIOLATIONS_MAX; step += 1) {
      await this.step();
    }
    await this.settle();
    return {
      seed: this.options.seed,
      violations: this.violations,
      digest: this.hash.digest('hex'),
      virtualMs: world.time.monotonic(),
      started: this.started,
      commands: this.commands,
      faults: this.faults,
    };
  }

  private async step(): Promise<void> {
    const { world, random } = this;
    if (randomFraction(random) < this.weights.fault) {
      this.faults += 1;
      await this.fault();
    } else if (world.controlPlane !== undefined) {
      this.commands += 1;
      this.fire(this.workload.act(world.controlPlane.engine));
    }
    await this.pass(randomBelow(random, randomBelow(random, 4) === 0 ? 30_000 : 2_000));
  }

  private async fault(): Promise<void> {
    const { world, random, weights } = this;
    const machine = world.machines[randomBelow(random, world.machines.length)];
    if (machine === undefined) return;
    const choice = randomFraction(random);
    if (choice < weights.controlPlane) {
      if (world.controlPlane === undefined) await this.restartControlPlane();
      else {
        this.note('the control plane crashes');
        world.crashControlPlane();
        if (randomBelow(random, 2) === 0) {
          await this.pass(randomBelow(random, 20_000));
          await this.restartControlPlane();
        }
      }
    } else if (choice < weights.controlPlane + weights.agent) {
      if (machine.isUp) {
        this.note(`the agent of ${machine.name} crashes`);
        await machine.crash();
      } else {
        this.note(`the agent of ${machine.name} comes back`);
        this.fire(machine.start());
      }
    } else if (choice < weights.controlPlane + weights.agent + weights.partition) {
      const cut = randomBelow(random, 2) === 0;
      this.note(`${machine.name} is ${cut ? 'cut off' : 'connected'}`);
      world.network.setPartitioned(machine.name, cut);
    } else {
      world.network.faults.delayMsMax = [5, 50, 1_000][randomBelow(random, 3)] ?? 5;
      world.network.faults.lossProbability = [0, 0.02, 0.2][randomBelow(random, 3)] ?? 0;
      world.network.faults.duplicateProbability = [0, 0.05, 0.3][randomBelow(random, 3)] ?? 0;
      world.taskFaults.exitProbability = [0, 0.1, 0.4][randomBelow(random, 3)] ?? 0;
      world.taskFaults.launchFailureProbability = [0, 0.1][randomBelow(random, 2)] ?? 0;
      this.note(`the network is now ${JSON.stringify(world.network.faults)}`);
    }
  }

  private async restartControlPlane(): Promise<void> {
    this.note('the control plane starts');
    await this.world.startControlPlane();
    this.durability.afterRestart();
  }

  /** All faults end; the cluster has bounded time to become what is wanted. */
  private async settle(): Promise<void> {
    const { world } = this;
    this.note('all faults end');
    world.network.heal();
    world.network.faults.delayMsMax = 5;
    world.taskFaults.exitProbability = 0;
    world.taskFaults.launchFailureProbability = 0;
    if (world.controlPlane === undefined) await this.restartControlPlane();
    for (const machine of world.machines) if (!machine.isUp) this.fire(machine.start());
    // Settled means settled: not for a moment only.
    let quietSince: number | undefined;
    await world.time.advanceUntil(() => {
      this.check();
      if (unsettled(world) !== undefined) quietSince = undefined;
      else quietSince ??= world.time.monotonic();
      return quietSince !== undefined && world.time.monotonic() - quietSince > 60_000;
    }, SETTLE_LIMIT_MS);
    for (const checker of this.checkers) checker.atEnd?.();
  }

  /** Lets virtual time go by, with the checkers looking at every event. */
  private async pass(durationMs: number): Promise<void> {
    const { time } = this.world;
    const end = time.monotonic() + durationMs;
    await time.advanceUntil(() => {
      this.check();
      return false;
    }, durationMs);
    await time.advance(Math.max(0, end - time.monotonic()));
  }

  private check(): void {
    for (const checker of this.checkers) checker.afterEvent?.();
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

  private violate(checker: string): (message: string) => void {
    return (message) => {
      if (this.violations.length >= VIOLATIONS_MAX) return;
      if (this.violations.some((known) => known.checker === checker && known.message === message)) return;
      this.violations.push({ checker, atMs: this.world.time.monotonic(), message });
      this.note(`VIOLATION of ${checker}: ${message}`);
    };
  }
}

/** How likely each kind of fault is in one run; each seed draws its own, some zero. */
interface FaultWeights {
  readonly fault: number;
  readonly controlPlane: number;
  readonly agent: number;
  readonly partition: number;
}

function drawWeights(random: Random): FaultWeights {
  const draw = (): number => (randomBelow(random, 4) === 0 ? 0 : randomFraction(random));
  const [controlPlane, agent, partition, weather] = [draw(), draw(), draw(), draw() + 0.05];
  const sum = controlPlane + agent + partition + weather;
  return {
    fault: [0.02, 0.1, 0.2, 0.4][randomBelow(random, 4)] ?? 0.1,
    controlPlane: controlPlane / sum,
    agent: agent / sum,
    partition: partition / sum,
  };
}
