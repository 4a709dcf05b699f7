/** The browser's clock and timers behind the ports of base. */
import type { Clock, TimerHandle, Timers } from '@stadion/base';

/** This browser's time. */
export const time: Clock & Timers = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs: number, callback: () => void): TimerHandle {
    const id = setTimeout(callback, delayMs);
    return {
      cancel: () => {
        clearTimeout(id);
      },
    };
  },
};
