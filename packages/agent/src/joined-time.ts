/** A clock and timers as one object, which most parts take. */
import type { Clock, Timers } from '@stadion/base';

/** Both as one. */
export function joinTime(clock: Clock, timers: Timers): Clock & Timers {
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    after: (delayMs, callback) => timers.after(delayMs, callback),
  };
}
