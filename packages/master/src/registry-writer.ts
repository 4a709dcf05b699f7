/** Makes changes of the list of agents durable. */
import { describeError, type Clock, type Logger, type Timers } from '@stadion/base';
import type { AgentRegistry } from './agent-registry.ts';
import type { RegistryChange } from './core/cluster/exchange.ts';
import { REGISTRY_RETRY_MS } from './limits.ts';
import type { Meters } from './meters.ts';

interface RegistryWriterParts {
  readonly registry: AgentRegistry;
  readonly time: Clock & Timers;
  readonly log: Logger;
  readonly meters: Pick<Meters, 'registryStore'>;
}

/** One per master; the ledger keeps one change per agent under way. */
export class RegistryWriter {
  private readonly parts: RegistryWriterParts;
  private readonly onWritten: (change: RegistryChange) => void;
  private stopped = false;

  constructor(parts: RegistryWriterParts, onWritten: (change: RegistryChange) => void) {
    this.parts = parts;
    this.onWritten = onWritten;
  }

  stop(): void {
    this.stopped = true;
  }

  /** Tries until the registry has the change or the master stops. */
  write(change: RegistryChange): void {
    void this.attempt(change);
  }

  private async attempt(change: RegistryChange): Promise<void> {
    const { registry, time, log, meters } = this.parts;
    const begin = time.monotonic();
    try {
      await registry.apply(change);
    } catch (error) {
      if (this.stopped) return;
      log.warn({ change: change.type, agent: change.id, error: describeError(error) }, 'Registry write failed');
      time.after(REGISTRY_RETRY_MS, () => {
        if (!this.stopped) this.write(change);
      });
      return;
    }
    meters.registryStore.record(time.monotonic() - begin);
    this.onWritten(change);
  }
}
