/** What an engine is given, and what it is to whoever runs one. */
import type { Clock, Logger, Random, Service, Timers } from '@stadion/base';
import type { SchedulerConnection } from '@stadion/contract/mesos';
import type { Store } from '@stadion/store';
import type { OrchestratorEngine } from '../engine.ts';
import type { EngineConfig } from './config.ts';
import type { UnusedTasks } from './drain-watch.ts';

/** What the engine is given. */
export interface EngineOptions {
  readonly store: Store;
  /** The epoch of the won election; every write carries it. */
  readonly epoch: number;
  readonly connection: SchedulerConnection;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  readonly config?: Partial<EngineConfig>;
  /** Says whether anybody still uses what drains; absent: every instance drains for its whole time. */
  readonly unusedTasks?: UnusedTasks;
  /**
   * The engine has stopped acting and cannot go on: the store refused a write, the master refused us, or the engine
   * itself is broken. The process should end; the next one loads the state and goes on.
   */
  readonly onFatal: (error: unknown) => void;
}

/** An engine: construct, start, stop. */
export interface Engine extends OrchestratorEngine, Service {
  /**
   * From now on instances leave these agents as far as their apps can spare them: another is up elsewhere first.
   * Whoever places tasks must offer nothing of these agents any more.
   */
  emptyAgents(agentIds: ReadonlySet<string>): void;
}
