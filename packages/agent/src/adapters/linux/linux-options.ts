/** What the linux containerizer is told. */
import type { Clock, Logger, Timers } from '@stadion/base';
import type { BundleLimits } from './bundle.ts';
import type { GpuOptions } from './gpu-devices.ts';

/** Options of `createLinuxContainerizer`. */
export interface LinuxContainerizerOptions {
  /** Where it keeps what it knows of its containers, and images; on the local disk, the agent's own. */
  readonly runtimeDirectory: string;
  /**
   * After what its control groups and network links are named, which all agents of a machine have in the same places: the
   * same after a restart, and nobody else's. Default: the runtime directory.
   */
  readonly ownName?: string;
  /** Directories of the platform that containers do not see. */
  readonly hiddenDirectories: readonly string[];
  /** A directory of its own in memory, for configurations of containers; absent: they are on the disk. */
  readonly memoryDirectory?: string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Logger;
  /** The OCI runtime; default `runc`. */
  readonly runtime?: string;
  readonly limits?: Partial<BundleLimits>;
  /** A directory of networks for CNI (`.conflist`, `.conf`); absent: there is the agent's own bridge alone. */
  readonly networkConfigDirectory?: string;
  /** How long an image that nobody uses is kept; default a week. */
  readonly imageKeepMs?: number;
  /** Capabilities that tasks may ask for beside those that every container has, e.g. `CAP_NET_ADMIN`. */
  readonly moreCapabilities?: readonly string[];
  /** Where profiles for seccomp are that tasks may name. */
  readonly seccompDirectory?: string;
  readonly gpus?: GpuOptions;
}

/** Limits of a containerizer that was told nothing. */
export const LIMITS_DEFAULT: BundleLimits = {
  pidsMax: 4096,
  filesMax: 65_536,
  shmBytes: 64 * 1024 * 1024,
  hardCpuLimit: false,
};
export const IMAGE_MS_DEFAULT = 7 * 24 * 3600 * 1000;
