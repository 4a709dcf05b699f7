/** Settings of the engine, with Marathon's defaults unless a comment says otherwise. */

/** Times in milliseconds unless the name says seconds. */
export interface EngineConfig {
  readonly frameworkName: string;
  readonly role: string;
  /** The role in which resources are reserved where `role` is `*`, for which nothing can be reserved. */
  readonly reservationRole: string;
  /** The user tasks run as unless their app says otherwise. */
  readonly user: string;
  readonly hostname: string;
  /** Where people reach this orchestrator; shown by the master. */
  readonly webuiUrl: string | undefined;
  readonly failoverTimeoutSeconds: number;
  readonly reconcileIntervalMs: number;
  /** How long after a start to wait for the master's word on known tasks before deployments go on. */
  readonly reconcileGraceMs: number;
  /** What the master has not answered is asked again after the first of these, then less and less often. */
  readonly reconcileRetryMinMs: number;
  readonly reconcileRetryMaxMs: number;
  /**
   * How long after a subscription the master is asked for every task: a new master learns of tasks only as agents register,
   * and those that we do not know of are ended.
   */
  readonly reconcileEverythingAfterMs: readonly number[];
  readonly scaleAppsIntervalMs: number;
  readonly taskLaunchTimeoutMs: number;
  /** Launched tasks that nothing was heard of for so long are asked about. */
  readonly launchConfirmMs: number;
  /** How long an instance that serves still runs after it was announced as going. Marathon kills at once. */
  readonly drainMs: number;
  readonly killRetryMs: number;
  /** Marathon has 100, which makes stopping 10,000 instances take minutes. */
  readonly killsInFlightMax: number;
  /** Marathon has 100, which refuses most of a thousand apps posted at once. */
  readonly maxRunningDeployments: number;
  readonly maxVersionsPerApp: number;
  /** Marathon has 5, which multiplies the rounds through the allocator. */
  readonly maxInstancesPerOffer: number;
  /** How long offers that do not fit are refused while something waits. */
  readonly declineSeconds: number;
  /** How long offers are refused while nothing waits; a REVIVE ends it. */
  readonly declineIdleSeconds: number;
  readonly reviveIntervalMinMs: number;
  /** The first and the longest pause before the master is dialled again. */
  readonly resubscribeMinMs: number;
  readonly resubscribeMaxMs: number;
}

/** The settings that apply where none are given. */
export const DEFAULT_ENGINE_CONFIG: EngineConfig = {
  frameworkName: 'marathon',
  role: '*',
  reservationRole: 'marathon',
  user: 'root',
  hostname: 'localhost',
  webuiUrl: undefined,
  failoverTimeoutSeconds: 604_800,
  reconcileIntervalMs: 600_000,
  reconcileGraceMs: 5_000,
  reconcileRetryMinMs: 100,
  reconcileRetryMaxMs: 15_000,
  reconcileEverythingAfterMs: [15_000, 60_000],
  scaleAppsIntervalMs: 300_000,
  taskLaunchTimeoutMs: 300_000,
  launchConfirmMs: 15_000,
  drainMs: 10_000,
  killRetryMs: 30_000,
  killsInFlightMax: 5_000,
  maxRunningDeployments: 5_000,
  maxVersionsPerApp: 25,
  maxInstancesPerOffer: 100,
  declineSeconds: 5,
  declineIdleSeconds: 120,
  reviveIntervalMinMs: 200,
  resubscribeMinMs: 200,
  resubscribeMaxMs: 15_000,
};
