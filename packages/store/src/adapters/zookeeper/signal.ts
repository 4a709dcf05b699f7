/** Something to wake up by, again and again. */

/**
 * Remembers one call until somebody waits for it. One function for all waiting: a watcher that is made anew at every look
 * would stay with those before it for as long as nothing changes, and so would every race against a promise that lasts.
 */
export class Signal {
  private isRaised = false;
  private wake: (() => void) | undefined;

  /** Wakes who waits, or else the next who does. Can be handed on as it is. */
  readonly raise = (): void => {
    const { wake } = this;
    if (wake === undefined) this.isRaised = true;
    else {
      this.wake = undefined;
      wake();
    }
  };

  /** Resolves at the next call, or at once when there was one since the last time. One waits at a time. */
  wait(): Promise<void> {
    if (this.isRaised) {
      this.isRaised = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}
