/** The real clock and timers of this process. */
import { performance } from 'node:perf_hooks';
import type { Clock, TimerHandle, Timers } from './time.ts';

/** Node's timers hold at most 2^31-1 ms; longer waits are chained. */
const TIMEOUT_MS_MAX = 2_147_483_647;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** Node's timers; a pending one keeps the process alive. */
export const systemTimers: Timers = {
  after(delayMs: number, callback: () => void): TimerHandle {
    if (delayMs <= 0) {
      const immediate = setImmediate(callback);
      return { cancel: () => clearImmediate(immediate) };
    }
    if (delayMs <= TIMEOUT_MS_MAX) {
      const timeout = setTimeout(callback, delayMs);
      return { cancel: () => clearTimeout(timeout) };
    }
    let rest: TimerHandle = { cancel: () => undefined };
    const timeout = setTimeout(() => {
      rest = systemTimers.after(delayMs - TIMEOUT_MS_MAX, callback);
    }, TIMEOUT_MS_MAX);
    return {
      cancel() {
        clearTimeout(timeout);
        rest.cancel();
      },
    };
  },
};
