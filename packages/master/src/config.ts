/** The settings of a master and what Mesos calls them. */

/** Times in milliseconds. */
export interface MasterConfig {
  /** Between two pings of one agent (Mesos `agent_ping_timeout`, 15 s there). */
  readonly agentPingIntervalMs: number;
  /** Unanswered pings until an agent counts as lost (Mesos `max_agent_ping_timeouts`). */
  readonly agentPingMissesMax: number;
  /**
   * How long an agent that answers at its own address may say nothing over its link until it counts as lost all the same:
   * nobody can tell it anything. And how long after a start of the master one that does not answer there may stay away.
   */
  readonly agentAnswersWithoutLinkMs: number;
  /** How long an agent has to be started again that was stopped in good order while its tasks run on, and its machine is there. */
  readonly agentSuspendedMs: number;
  /** How long known agents have to come back after a start of the master (Mesos `agent_reregister_timeout`). */
  readonly agentReregisterTimeoutMs: number;
  /**
   * Agents that may be marked unreachable at once: so many, or this share of all that are known, whichever is more. From then
   * on one per `agentRemovalIntervalMs`, or as many as make the share in `agentRemovalShareMs`.
   */
  readonly agentRemovalBurst: number;
  readonly agentRemovalShare: number;
  readonly agentRemovalIntervalMs: number;
  readonly agentRemovalShareMs: number;
  /** From this number of agents on, removals stop while more than half of them are silent. */
  readonly agentRemovalHoldFrom: number;
  /** Between two HEARTBEAT events; advertised to frameworks. Below 10 s some Mesos clients need it (see their probes). */
  readonly heartbeatIntervalMs: number;
  /** The batch allocation that backs up the event-driven one (Mesos `allocation_interval`). */
  readonly allocationIntervalMs: number;
  /** How long allocation waits for more to come before it runs. */
  readonly allocationDelayMs: number;
  /** Takes back offers that nobody answers; undefined: never, as Mesos has it by default (`offer_timeout`). */
  readonly offerTimeoutMs: number | undefined;
  /** Weights of roles by full name; 1 when absent. */
  readonly weights: Readonly<Record<string, number>>;
  /** Finished tasks kept for reading, per framework (Mesos `max_completed_tasks_per_framework`). */
  readonly completedTasksPerFramework: number;
  /** Removed frameworks kept for reading (Mesos `max_completed_frameworks`). */
  readonly completedFrameworks: number;
}

/** The settings that hold where nothing else is given. */
export const DEFAULT_MASTER_CONFIG: MasterConfig = {
  agentPingIntervalMs: 3_000,
  agentPingMissesMax: 3,
  agentAnswersWithoutLinkMs: 60_000,
  agentSuspendedMs: 60_000,
  agentReregisterTimeoutMs: 600_000,
  agentRemovalBurst: 3,
  agentRemovalShare: 0.05,
  agentRemovalIntervalMs: 1_000,
  agentRemovalShareMs: 60_000,
  agentRemovalHoldFrom: 4,
  heartbeatIntervalMs: 5_000,
  allocationIntervalMs: 1_000,
  allocationDelayMs: 1,
  offerTimeoutMs: 300_000,
  weights: {},
  completedTasksPerFramework: 1_000,
  completedFrameworks: 50,
};
