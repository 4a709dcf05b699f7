/** The events of Marathon's event bus, told to listeners in the order in which they happened. */
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { PlanRoots } from '../core/deployment/plan-roots.ts';
import type { EventFeed, EventListener } from '../engine.ts';

/** Hands each event to every listener, in order. */
export class ListenerFeed implements EventFeed {
  private readonly listeners = new Set<EventListener>();
  private readonly rootWishes = new Set<object>();

  /** Whether anybody listens; events that nobody hears need not be made. */
  get isHeard(): boolean {
    return this.listeners.size > 0;
  }

  /** Whether anybody wants to see the whole root with each plan. */
  get arePlanRootsWanted(): boolean {
    return this.rootWishes.size > 0;
  }

  subscribe(listener: EventListener): () => void {
    // A function of its own for every subscription: the same listener may subscribe twice.
    const own: EventListener = (event, roots) => {
      listener(event, roots);
    };
    this.listeners.add(own);
    return () => {
      this.listeners.delete(own);
    };
  }

  wantPlanRoots(): () => void {
    const wish = {};
    this.rootWishes.add(wish);
    return () => {
      this.rootWishes.delete(wish);
    };
  }

  publish(event: OrchestratorEvent, roots?: () => PlanRoots): void {
    for (const listener of this.listeners) listener(event, roots);
  }
}
