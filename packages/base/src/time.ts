/** The ports for time. Nothing outside the adapters reads a clock or starts a timer of its own. */

/** Two kinds of time: wall clock for people and records, monotonic for waiting and measuring. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump. */
  now(): number;
  /** Milliseconds since an arbitrary start. Never goes backwards. */
  monotonic(): number;
}

/** A pending timer. Cancelling twice, or after it fired, does nothing. */
export interface TimerHandle {
  cancel(): void;
}

/** Starts timers. Callbacks must not throw. */
export interface Timers {
  /** Calls `callback` once, `delayMs` from now (0: as soon as the current turn of the event loop is over). */
  after(delayMs: number, callback: () => void): TimerHandle;
}

/** A callback every `intervalMs`, first after one interval, until cancelled. Runs never overlap or pile up. */
export function every(timers: Timers, intervalMs: number, callback: () => void): TimerHandle {
  let cancelled = false;
  let pending: TimerHandle | undefined;
  const arm = (): void => {
    pending = timers.after(intervalMs, () => {
      callback();
      // The callback itself may have cancelled the repetition.
      if (!cancelled) arm();
    });
  };
  arm();
  return {
    cancel() {
      cancelled = true;
      pending?.cancel();
    },
  };
}

/** Resolves after `delayMs`. For shells only: a `core/` never waits. */
export function delay(timers: Timers, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(delayMs, resolve);
  });
}
