/** What the command line asks for and keeps at most. */
export const limits = {
  /** How long an ordinary call may take. */
  callTimeoutMs: 30_000,
  /** A definition or config file larger than this is not read. */
  inputBytes: 10 * 1024 * 1024,
  /** The pid file and the like. */
  platformFileBytes: 64 * 1024,
  /** A secret and its file. */
  secretBytes: 4096,
  /** Between two looks at a deployment when no event says that something changed. */
  deploymentPollMs: 1000,
  /** Events closer together than this lead to one look. */
  deploymentEventDelayMs: 100,
  /** Between two looks at log files that are followed. */
  logPollMs: 400,
  /** Between two looks for instances that no event announced. */
  instancePollMs: 5000,
  /** How far back into a log file the last lines are searched. */
  logTailBytes: 4 * 1024 * 1024,
  /** What one read of a log file gives at most (Mesos's own cap). */
  logChunkBytes: 65_536,
  /** Lines of stderr shown for an instance that failed. */
  failureTailLines: 10,
  /** Instances whose logs are read at once. */
  loggedInstances: 100,
  /** Agents that are asked for a task which the master does not know. */
  agentsSearched: 64,
  /** Between two looks at whether a process has ended. */
  stopPollMs: 100,
  /** Between two looks at whether a node is empty. */
  drainPollMs: 500,
  /** Nodes that pull an image at the same time, between two looks at them, and lines about them at once. */
  imagePulls: 16,
  imagePollMs: 1000,
  imagePullLines: 20,
  /** Between two looks at a rebalance, and how many moves under way are shown. */
  rebalancePollMs: 1000,
  rebalanceLines: 20,
  /** How long `down` waits by default. */
  stopTimeoutMs: 60_000,
  /** Between two looks at what tasks use, and how many of them are shown at once. */
  usagePollMs: 2000,
  usageRows: 200,
  /** Names offered by completion. */
  completions: 200,
} as const;
