/** Waits that can be cut short: by time, by a signal, or by a nudge that something happened. */
import type { Timers } from '@stadion/base';

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted before. */
export function waitFor(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(reasonOf(signal));
    };
    const timer = timers.after(delayMs, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** A bell that cuts a wait short. Ringing it while nobody waits shortens the next wait. */
export class Bell {
  private isRung = false;
  private wake: (() => void) | undefined;

  ring(): void {
    this.isRung = true;
    this.wake?.();
  }

  /** Resolves after `delayMs`, or soon after the bell; rejects with the signal's reason when it is aborted. */
  async wait(timers: Timers, delayMs: number, signal: AbortSignal): Promise<void> {
    if (!this.isRung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          timer.cancel();
          signal.removeEventListener('abort', done);
          this.wake = undefined;
          resolve();
        };
        const timer = timers.after(delayMs, done);
        this.wake = done;
        signal.addEventListener('abort', done);
      });
    }
    this.isRung = false;
    if (signal.aborted) throw reasonOf(signal);
  }
}

/** A signal that is aborted with `reason()` after a time, or with the parent's reason before. */
export function withDeadline(
  timers: Timers,
  parent: AbortSignal,
  delayMs: number | undefined,
  reason: () => Error,
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const timer = delayMs === undefined ? undefined : timers.after(delayMs, () => controller.abort(reason()));
  return { signal: AbortSignal.any([parent, controller.signal]), end: () => timer?.cancel() };
}

/** Why a signal was aborted, as an error. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error('aborted');
}
