/** The events of Marathon's event bus, numbered in the order in which they happened. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { EventFeed } from '../engine.ts';

/** Hands each event to every listener, in order. */
export class ListenerFeed implements EventFeed {
  private readonly listeners = new Set<(event: OrchestratorEvent) => void>();
  private lastNumber = 0;

  /** The number of the last event; a snapshot taken now holds everything up to it. */
  get sequence(): number {
    return this.lastNumber;
  }

  /** Whether anybody listens; events that nobody hears need not be made. */
  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  subscribe(listener: (event: OrchestratorEvent) => void): () => void {
    // A function of its own for every subscription: the same listener may subscribe twice.
    const own = (event: OrchestratorEvent): void => {
      listener(event);
    };
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  publish(event: OrchestratorEvent): void {
    this.lastNumber += 1;
    for (const listener of this.listeners) listener(event);
  }
}
