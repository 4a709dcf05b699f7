/** The signals that ask this process to end: the first one asks, the second one insists. */
import type { Clock } from '@stadion/base';

/** SIGUSR2 asks for the end of the tasks as well. */
export type EndSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGUSR2';

const SIGNALS: readonly EndSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];

/** Ctrl-C reaches a whole process group, and some parents pass it on as well: that is one wish, not impatience. */
const ECHO_MS = 500;

/** What a process sends its listeners. */
export interface SignalSource {
  on(signal: EndSignal, listener: (signal: EndSignal) => void): unknown;
  removeListener(signal: EndSignal, listener: (signal: EndSignal) => void): unknown;
}

/** Hears the signals until it is released. */
export class EndSignals {
  /** Resolves with the first one. */
  readonly first: Promise<EndSignal>;
  /** Resolves when somebody does not want to wait for what the first one began. */
  readonly second: Promise<EndSignal>;
  private readonly source: SignalSource;
  private readonly onSignal: (signal: EndSignal) => void;

  /** Takes the signals over from the system, from now on. */
  constructor(source: SignalSource, clock: Clock) {
    this.source = source;
    let tellFirst: (signal: EndSignal) => void = () => undefined;
    let tellSecond: (signal: EndSignal) => void = () => undefined;
    this.first = new Promise((resolve) => {
      tellFirst = resolve;
    });
    this.second = new Promise((resolve) => {
      tellSecond = resolve;
    });
    let firstAt: number | undefined;
    this.onSignal = (signal) => {
      if (firstAt === undefined) {
        firstAt = clock.monotonic();
        tellFirst(signal);
      } else if (clock.monotonic() - firstAt >= ECHO_MS) {
        tellSecond(signal);
      }
    };
    for (const signal of SIGNALS) source.on(signal, this.onSignal);
  }

  /** Gives the signals back to the system. */
  release(): void {
    for (const signal of SIGNALS) this.source.removeListener(signal, this.onSignal);
  }
}
