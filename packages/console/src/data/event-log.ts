/** The latest events since the page was opened, newest last. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { EVENTS_KEPT_MAX } from '../limits.ts';

/** An event and its number, by which it can be told apart from its like. */
export interface LoggedEvent {
  readonly number: number;
  readonly event: OrchestratorEvent;
}

/** A list that forgets its oldest, for `useSyncExternalStore`. */
export class EventLog {
  private events: readonly LoggedEvent[] = [];
  private next = 1;
  private readonly listeners = new Set<() => void>();

  readonly all = (): readonly LoggedEvent[] => this.events;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** Adds events, in the order in which they came. */
  add(events: readonly OrchestratorEvent[]): void {
    const added = events.map((event) => ({ number: this.next++, event }));
    this.events = [...this.events, ...added].slice(-EVENTS_KEPT_MAX);
    for (const listener of this.listeners) listener();
  }
}
