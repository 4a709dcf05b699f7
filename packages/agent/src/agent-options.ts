/** What an agent is made of: its ports, who it is, and the settings with their defaults. */
import type { Clock, Logger, Random, Timers } from '@stadion/base';
import type { AgentInfo, MasterDialer } from '@stadion/contract/agent-link';
import type { RevocableCpus } from './core/lending.ts';
import type { Checkpoints } from './ports/checkpoints.ts';
import type { Containerizer } from './ports/containerizer.ts';
import type { Fetcher } from './ports/fetcher.ts';
import type { Prober } from './ports/prober.ts';
import type { Sandboxes } from './ports/sandboxes.ts';
import type { Volumes } from './ports/volumes.ts';

/** Settings; every one has a default. An interval of 0 switches the work off. */
export interface AgentConfig {
  /** The agent's own environment, of which a few names reach the tasks (PATH, HOME, LANG, TZ …). */
  readonly inheritedEnvironment: Readonly<Record<string, string | undefined>>;
  /** With it, custom executors are given tokens and must show them. */
  readonly executorTokenKey?: string | undefined;
  /** Ended sandboxes stay this long on an empty disk. */
  readonly gcDelayMs: number;
  /** The part of the disk that should stay free, 0 to 1. */
  readonly gcDiskHeadroom: number;
  readonly diskWatchIntervalMs: number;
  /** `stdout` and `stderr` are rotated beyond this size; so many older files are kept. */
  readonly logFileBytesMax: number;
  readonly logFilesKept: number;
  readonly logWatchIntervalMs: number;
  /** How many cpus are lent that services leave free, and how often it is looked how many those are. */
  readonly revocableCpus: RevocableCpus;
  readonly revocableLookMs: number;
}

/** The settings of an agent that was told nothing. */
export const AGENT_CONFIG_DEFAULT: AgentConfig = {
  inheritedEnvironment: {},
  gcDelayMs: 7 * 24 * 3600 * 1000,
  gcDiskHeadroom: 0.1,
  diskWatchIntervalMs: 60_000,
  logFileBytesMax: 10 * 1024 * 1024,
  logFilesKept: 2,
  logWatchIntervalMs: 5000,
  revocableCpus: 'off',
  revocableLookMs: 5000,
};

/** Everything an agent needs. */
export interface AgentOptions {
  readonly dialer: MasterDialer;
  readonly containerizer: Containerizer;
  readonly checkpoints: Checkpoints;
  readonly sandboxes: Sandboxes;
  readonly volumes: Volumes;
  readonly fetcher: Fetcher;
  readonly prober: Prober;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Logger;
  /** Who this agent is; id and containerizers are found out. */
  readonly info: Omit<AgentInfo, 'id' | 'containerizers'>;
  readonly config?: Partial<AgentConfig>;
}
