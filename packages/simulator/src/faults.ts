/** What goes wrong, and what operators do to machines: each run draws how likely each kind is, some not at all. */
import { randomBelow, randomFraction, type Random } from '@stadion/base';
import { CLUSTER_FAULTS } from './cluster-faults.ts';
import type { Fault, FaultContext } from './fault.ts';
import type { Partition } from './network.ts';
import { pick } from './pick.ts';
import { randomQuotas } from './quotas.ts';

const PARTITIONS: readonly Partition[] = [
  { toMaster: true, toAgent: true },
  { toMaster: true, toAgent: true },
  { toMaster: true, toAgent: false },
  { toMaster: false, toAgent: true },
];

/** Milliseconds that a clock counts for each true one, and how far its time of day is off, milliseconds. */
const CLOCK_RATES = [1, 1, 0.99, 1.01, 0.7, 1.5];
const CLOCK_ERRORS_MS = [0, 0, 200, -2_000, 3_600_000, -3_600_000];

/** Every kind of fault, by name. */
const FAULTS: Readonly<Record<string, Fault>> = {
  controlPlane: (random, _machine, { world, note, count, fire }) => {
    if (!world.host.isAlive) {
      note('the control plane starts');
      fire(world.host.start());
      return;
    }
    count('crashes');
    switch (randomBelow(random, 4)) {
      case 0:
        note('the control plane will crash in its next commit');
        world.host.crashInCommit(
          randomBelow(random, world.diskFaults.durableMsMax + world.diskFaults.acknowledgedMsMax),
        );
        return;
      case 1:
        note('the control plane stops in good order');
        fire(world.host.stop());
        return;
      default:
        note('the control plane crashes');
        world.host.crash();
        if (randomBelow(random, 2) === 0) return;
        note('the control plane starts at once');
        fire(world.host.start());
    }
  },
  agent: async (random, machine, { note, count, fire }) => {
    if (machine.isUp) count('agentCrashes');
    if (!machine.isUp) {
      note(`the agent of ${machine.name} comes back`);
      fire(machine.start());
    } else if (randomBelow(random, 4) === 0) {
      note(`${machine.name} loses power`);
      await machine.reboot();
      if (randomBelow(random, 2) === 0) fire(machine.start());
    } else {
      note(`the agent of ${machine.name} crashes`);
      await machine.crash();
      if (randomBelow(random, 2) === 0) fire(machine.start());
    }
  },
  partition: (random, machine, { world, note, count }) => {
    const partition = randomBelow(random, 2) === 0 ? undefined : PARTITIONS[randomBelow(random, PARTITIONS.length)];
    note(`${machine.name} is ${partition === undefined ? 'connected' : `cut off: ${JSON.stringify(partition)}`}`);
    if (partition !== undefined) count('partitions');
    world.network.setPartition(machine.name, partition);
  },
  weather: (random, _machine, { world, note }) => {
    const { faults } = world.network;
    faults.delayMsMax = pick(random, [5, 50, 1_000, 10_000]);
    faults.lossProbability = pick(random, [0, 0.02, 0.2]);
    faults.duplicateProbability = pick(random, [0, 0.05, 0.3]);
    note(`the network is now ${JSON.stringify(faults)}`);
  },
  clocks: (random, machine, { world, note, count }) => {
    const servers = world.cluster?.servers ?? [];
    const server = servers[randomBelow(random, servers.length + 1)];
    const { name, clock } = server ?? machine;
    const rate = pick(random, CLOCK_RATES);
    const errorMs = pick(random, CLOCK_ERRORS_MS);
    note(`the clock of ${name} runs at ${String(rate)} and is ${String(errorMs)} ms off`);
    count('clockFaults');
    world.clockFaults.errorMsMax = Math.max(world.clockFaults.errorMsMax, Math.abs(errorMs));
    world.clockFaults.haveDrifted ||= rate !== 1;
    clock.set(rate, errorMs);
  },
  schedulerWire: (random, _machine, { world, note }) => {
    if (randomBelow(random, 2) === 0) {
      note('the connection between orchestrator and master breaks');
      world.host.cutSchedulerWire();
    } else {
      world.schedulerFaults.delayMsMax = pick(random, [0, 20, 500, 5_000]);
      note(`calls and events now take up to ${String(world.schedulerFaults.delayMsMax)} ms`);
    }
  },
  tasks: (random, _machine, { world, note }) => {
    const { taskFaults } = world;
    taskFaults.exitProbability = pick(random, [0, 0.1, 0.4]);
    taskFaults.launchFailureProbability = pick(random, [0, 0.1]);
    taskFaults.sicknessProbability = pick(random, [0, 0.1, 0.5]);
    note(`tasks now behave so: ${JSON.stringify(taskFaults)}`);
  },
  upkeep: (random, machine, { world, note }) => {
    const kind = randomBelow(random, 4);
    const now = world.time.now();
    const deadline = now + pick(random, [0, 30_000, 300_000, 3_600_000]);
    const drain = { startedAt: now, deadline, markGone: false };
    const isKnown = world.operators.treat(machine, kind === 0 ? undefined : kind === 1 ? {} : { drain });
    if (!isKnown) return;
    const drained = `drained, with ${String(deadline - now)} ms for it`;
    note(`${machine.name} is now ${['as any other', 'kept free of new work', drained][Math.min(kind, 2)] ?? ''}`);
  },
  quotas: (random, _machine, { world, note, count, fire }) => {
    const wanted = randomQuotas(random);
    note(`quotas are set: ${JSON.stringify(wanted)}`);
    count('quotas');
    fire(world.quotas.set(wanted));
  },
  disks: (random, machine, { world, note }) => {
    world.diskFaults.durableMsMax = pick(random, [1, 12, 100, 3_000]);
    world.diskFaults.acknowledgedMsMax = pick(random, [1, 4, 1_000]);
    world.diskFaults.isFull = randomBelow(random, 8) === 0;
    world.checkpointMsMax = pick(random, [0, 0, 30, 2_000]);
    machine.checkpointFaults.isFull = randomBelow(random, 8) === 0;
    note(`disks are now ${JSON.stringify(world.diskFaults)}, checkpoints take ${String(world.checkpointMsMax)} ms`);
  },
};

/** Draws faults one after the other. */
export class FaultInjector {
  /** The part of the steps that are faults, 0 to 1. */
  readonly probability: number;
  private readonly random: Random;
  private readonly context: FaultContext;
  private readonly weights: readonly { readonly fault: Fault; readonly weight: number }[];

  constructor(random: Random, context: FaultContext, probability?: number) {
    this.random = random;
    this.context = context;
    this.probability = probability ?? pick(random, [0.02, 0.1, 0.2, 0.4]);
    const faults = { ...FAULTS, ...(context.world.cluster !== undefined && CLUSTER_FAULTS) };
    this.weights = Object.values(faults).map((fault) => ({
      fault,
      weight: randomBelow(random, 3) === 0 ? 0 : 0.05 + randomFraction(random),
    }));
  }

  /** Whether the next step is a fault. */
  isDue(): boolean {
    return randomFraction(this.random) < this.probability;
  }

  /** Makes something go wrong, or a little better. */
  async inject(): Promise<void> {
    const { random, context, weights } = this;
    const machine = context.world.machines[randomBelow(random, context.world.machines.length)];
    let point = randomFraction(random) * weights.reduce((sum, { weight }) => sum + weight, 0);
    for (const { fault, weight } of weights) {
      point -= weight;
      if (point >= 0 || machine === undefined) continue;
      await fault(random, machine, context);
      return;
    }
  }
}
