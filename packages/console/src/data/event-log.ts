/** The latest events, newest last: those that the platform still knew, and everything since the page was opened. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import { EVENTS_KEPT_MAX } from '../limits.ts';

/** An event and its number, by which it can be told apart from its like. */
export interface LoggedEvent {
  readonly number: number;
  readonly event: OrchestratorEvent;
  /** The stream's own, by which an event that is heard twice is kept once. */
  readonly id?: string;
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

  /** Adds events, in the order in which they came; those that are there already are passed over. */
  add(events: readonly Omit<LoggedEvent, 'number'>[]): void {
    const known = new Set(this.events.map(({ id }) => id));
    const added = events.filter(({ id }) => id === undefined || !known.has(id));
    if (added.length === 0) return;
    this.events = [...this.events, ...added.map((one) => ({ ...one, number: this.next++ }))].slice(-EVENTS_KEPT_MAX);
    for (const listener of this.listeners) listener();
  }

  /** Adds what happened earlier, where it belongs in time. */
  addPast(events: readonly Omit<LoggedEvent, 'number'>[]): void {
    this.add(events);
    // Stable: events of the same millisecond stay as they came.
    this.events = [...this.events].sort((left, right) => compare(left.event.timestamp, right.event.timestamp));
    for (const listener of this.listeners) listener();
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
