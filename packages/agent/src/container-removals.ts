/** Forgets ended containers, each only once the record of its task says how it ended: an agent may be killed between the two. */
import type { AgentCounters } from './agent-counters.ts';
import type { Containerizer } from './ports/containerizer.ts';

/** See above. */
export class ContainerRemovals {
  private readonly containerizer: Containerizer;
  private readonly counters: Pick<AgentCounters, 'destroyErrors'>;
  private readonly pending = new Set<Promise<void>>();

  constructor(containerizer: Containerizer, counters: Pick<AgentCounters, 'destroyErrors'>) {
    this.containerizer = containerizer;
    this.counters = counters;
  }

  /** @param written resolves when the record was written, or could not be */
  add(containerId: string, written: Promise<boolean> = Promise.resolve(true)): void {
    const removal = written.then(() => this.containerizer.remove(containerId));
    const done = (): void => {
      this.pending.delete(removal);
    };
    this.pending.add(removal);
    removal.then(done, () => {
      this.counters.destroyErrors += 1;
      done();
    });
  }

  /** Resolves when those that were added are gone. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.pending);
  }
}
