/** The ports of this process that every room is given. */
import type { Clock, Random, Timers } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';

/** The process's own time and randomness. */
export interface SystemPorts {
  readonly time: Clock & Timers;
  readonly random: Random;
}

/** The real ones. */
export function systemPorts(): SystemPorts {
  return { time: { ...systemClock, ...systemTimers }, random: new SystemRandom() };
}
