/**
 * The event stream, kept open: events go to listeners. After an interruption it goes on behind the last event that was
 * heard; when that is not known any more, listeners are told to read again what they have.
 */
import type { Clock, TimerHandle, Timers } from '@stadion/base';
import type { ResumedEvents, StreamedEvent } from '@stadion/contract/client';

/** Whether what is on screen can be trusted to be current. */
export type LinkState = 'connecting' | 'live' | 'lost';

/** Opens the stream. */
export type OpenEvents = (request: {
  readonly signal: AbortSignal;
  /** The last event that was heard. */
  readonly after?: string;
}) => Promise<ResumedEvents>;

/** Waits between attempts: doubled each time, from the first to the last. */
const RETRY_MS = { first: 500, last: 8_000 };

/** One stream, opened again as long as somebody wants it. */
export class PushChannel {
  private readonly open: OpenEvents;
  private readonly time: Clock & Timers;
  private readonly eventListeners = new Set<(event: StreamedEvent) => void>();
  private readonly resyncListeners = new Set<() => void>();
  private readonly stateListeners = new Set<() => void>();
  private current: LinkState = 'connecting';
  private lost: number | undefined;
  private abort: AbortController | undefined;
  private retry: TimerHandle | undefined;
  private failures = 0;
  private lastId: string | undefined;

  constructor(open: OpenEvents, time: Clock & Timers) {
    this.open = open;
    this.time = time;
  }

  /** Starts. @returns stops */
  start(): () => void {
    const abort = new AbortController();
    this.abort = abort;
    void this.run(abort.signal);
    return () => {
      abort.abort();
      this.retry?.cancel();
    };
  }

  /** Tries again now, instead of waiting for the next attempt. */
  hurry(): void {
    if (this.retry === undefined || this.abort === undefined) return;
    this.retry.cancel();
    this.retry = undefined;
    void this.run(this.abort.signal);
  }

  readonly state = (): LinkState => this.current;

  /** When the connection was lost, milliseconds since the epoch. */
  readonly lostSince = (): number | undefined => this.lost;

  readonly onState = (listener: () => void): (() => void) => subscribe(this.stateListeners, listener);

  /** Hears every event, in order. */
  onEvent(listener: (event: StreamedEvent) => void): () => void {
    return subscribe(this.eventListeners, listener);
  }

  /** Hears that events were missed. */
  onResync(listener: () => void): () => void {
    return subscribe(this.resyncListeners, listener);
  }

  private async run(signal: AbortSignal): Promise<void> {
    try {
      const events = await this.open({ signal, ...(this.lastId === undefined ? {} : { after: this.lastId }) });
      const hasGap = this.current === 'lost' && !events.isComplete;
      this.failures = 0;
      this.become('live');
      if (hasGap) for (const listener of this.resyncListeners) listener();
      for await (const event of events) {
        this.lastId = event.id ?? this.lastId;
        for (const listener of this.eventListeners) listener(event);
      }
    } catch {
      // Whatever broke it, the answer is the same: say so, and try again.
    }
    if (signal.aborted) return;
    this.become('lost');
    const wait = Math.min(RETRY_MS.last, RETRY_MS.first * 2 ** this.failures);
    this.failures += 1;
    this.retry = this.time.after(wait, () => {
      this.retry = undefined;
      void this.run(signal);
    });
  }

  private become(state: LinkState): void {
    if (this.current === state) return;
    this.current = state;
    this.lost = state === 'lost' ? this.time.now() : undefined;
    for (const listener of this.stateListeners) listener();
  }
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
