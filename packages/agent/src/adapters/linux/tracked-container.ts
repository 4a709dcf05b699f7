/** A container that runs, as the linux containerizer keeps it in memory. */
import type { TimerHandle } from '@stadion/base';
import type { ProcessIdentity } from '../process-identity.ts';
import type { ContainerDetails } from './container-details.ts';

/** One of them. */
export interface TrackedContainer {
  readonly containerId: string;
  readonly supervisor: ProcessIdentity;
  /** Undefined when the agent died before it could write them. */
  details: ContainerDetails | undefined;
  /** Its first process, as the machine numbers it; undefined when it never ran. */
  readonly init: number | undefined;
  ended: boolean;
  /** Monotonic time of SIGKILL, once somebody asked for the end. */
  killAt: number | undefined;
  killTimer: TimerHandle | undefined;
}

/** It begins. */
export function trackContainer(
  containerId: string,
  supervisor: ProcessIdentity,
  details: ContainerDetails | undefined,
  init: number | undefined,
): TrackedContainer {
  return {
    containerId,
    supervisor,
    details,
    init,
    ended: false,
    killAt: undefined,
    killTimer: undefined,
  };
}
