/** The deeds of the platform, as they happen in the simulated world: what checkers judge instead of words. */
import type { SchedulerCall, SchedulerEvent } from '@stadion/contract/mesos';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { StartedContainer } from './started-container.ts';

/** Hears of deeds of who leads. All are called at the moment of the deed and must change nothing. */
export interface Observer {
  /** A call leaves the orchestrator for the master. */
  onCall?(call: SchedulerCall): void;
  /** The same of an orchestrator whose reign is over, and that may not know. */
  onStaleCall?(call: SchedulerCall, epoch: number): void;
  /** An agent has opened a link to the master of an epoch. */
  onLink?(agent: string, epoch: number): void;
  /** The process of an agent is gone. */
  onAgentEnd?(agent: string): void;
  /** An event reaches the orchestrator. */
  onEvent?(event: SchedulerEvent): void;
  /** The orchestrator tells its listeners something. */
  onNews?(event: OrchestratorEvent): void;
  /** A container runs. */
  onStart?(container: StartedContainer): void;
  /** An agent ends a container. */
  onContainerKill?(container: StartedContainer): void;
  /** The control plane is about to die, or to be in charge no longer; everything can still be looked at. */
  beforeCrash?(): void;
  /** A control plane has loaded what the disk held, and has not gone on yet. */
  afterStart?(): void;
  /** The control plane says that it cannot go on. */
  onFatal?(error: unknown): void;
}
