/** The clock, timers and randomness of a program that uses this library and brings none of its own. */
import type { Clock, Random, Timers } from '@stadion/base';
import { SystemRandom, systemClock, systemTimers } from '@stadion/base/system';

/** What everything here takes time and chance from. */
export interface Surroundings {
  readonly time: Clock & Timers;
  readonly random: Random;
}

/** The real ones, or those that a test brings. */
export function surroundingsOf(given: Partial<Surroundings>): Surroundings {
  return {
    time: given.time ?? { ...systemClock, ...systemTimers },
    random: given.random ?? new SystemRandom(),
  };
}
