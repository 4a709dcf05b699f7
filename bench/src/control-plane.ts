/** The real master and orchestrator over a store on disk, with light agents: what the benchmarks measure. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger, type Clock, type Timers } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';
import { createMaster, MemoryAgentRegistry, type Master, type MasterOptions } from '@stadion/master';
import { createEngine, type Engine } from '@stadion/orchestrator';
import { LightAgent } from '@stadion/simulator';
import { openLmdbStore } from '@stadion/store';
import type { Cable } from './cable.ts';

/** Something to measure, and its end. */
export interface ControlPlane {
  engine: Engine;
  readonly master: Master;
  readonly agents: readonly LightAgent[];
  /** Ends the orchestrator and starts another on the same store. @returns how long the start took, milliseconds */
  restartEngine(): Promise<number>;
  stop(): Promise<void>;
}

/** The process's own time, as one object. */
export const systemTime: Clock & Timers = { ...systemClock, ...systemTimers };

/** Agents stand in so many racks, in turn. */
export const RACKS = 40;

/** Starts everything and waits until all agents are registered. */
export async function startControlPlane(
  agentCount: number,
  cpusPerAgent: number,
  more: {
    /** Of each agent, the connection that it has. */
    readonly cables?: readonly Cable[];
    readonly probeAgent?: NonNullable<MasterOptions['probeAgent']>;
  } = {},
): Promise<ControlPlane> {
  const { cables = [], probeAgent } = more;
  const directory = await mkdtemp(join(tmpdir(), 'stadion-bench-'));
  const random = new SystemRandom();
  const store = await openLmdbStore({ directory, timers: systemTimers, log: silentLogger });
  const leadership = await store.campaign('bench');
  const master = createMaster({
    registry: new MemoryAgentRegistry(),
    ...(probeAgent !== undefined && { probeAgent }),
    clock: systemClock,
    timers: systemTimers,
    random,
    log: silentLogger,
    info: { hostname: 'localhost', ip: '127.0.0.1', port: 5050, version: '1.11.0' },
  });
  await master.start();
  const agents = Array.from(
    { length: agentCount },
    (_, index) =>
      new LightAgent(
        {
          hostname: `agent-${index}`,
          cpus: cpusPerAgent,
          mem: cpusPerAgent * 4096,
          disk: 100_000,
          ports: [31_000, 32_000],
          rack: `rack-${index % RACKS}`,
        },
        systemTime,
      ),
  );
  for (const [index, agent] of agents.entries()) {
    agent.connect(cables[index]?.to(master.acceptor) ?? master.acceptor);
  }
  await until(() => agents.every((agent) => agent.registered));
  const newEngine = (): Engine =>
    createEngine({
      store,
      epoch: leadership.epoch,
      connection: master.connect(),
      clock: systemClock,
      timers: systemTimers,
      random,
      log: silentLogger,
      // As Marathon's own performance tests set it: writes are measured, not the limit on them.
      config: { maxRunningDeployments: 10_000 },
      onFatal: (error) => {
        throw error;
      },
    });
  const first = newEngine();
  await first.start();
  await until(() => first.view.frameworkId !== undefined);
  const plane: ControlPlane = {
    engine: first,
    master,
    agents,
    async restartEngine() {
      await plane.engine.stop();
      const startedAt = systemClock.monotonic();
      plane.engine = newEngine();
      await plane.engine.start();
      return systemClock.monotonic() - startedAt;
    },
    async stop() {
      await plane.engine.stop();
      await master.stop();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return plane;
}

/** Resolves once the condition holds; looks every few milliseconds. */
export function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (condition()) resolve();
      else systemTimers.after(2, look);
    };
    look();
  });
}
