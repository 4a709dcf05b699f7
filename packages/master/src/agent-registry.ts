/** The port for the durable list of agents: the only thing that a master remembers beyond its own life. */
import type { RegisteredAgent, RegistryChange } from './core/cluster/exchange.ts';

/** Which agents were admitted, are unreachable, or are gone. The server binds it to the store. */
export interface AgentRegistry {
  /** Everything that was applied, each agent once. Rejects with a PlatformError when it cannot be read. */
  load(): Promise<readonly RegisteredAgent[]>;
  /**
   * Makes one change durable. `admit`, `treat` and the two marks set the entry of the agent with this id (inserting it when
   * it is new), `remove` forgets it. Changes of different agents may come while earlier ones are under way; of one agent never.
   * Rejects with a PlatformError when it is not certain that the change is kept; it is then tried again.
   */
  apply(change: RegistryChange): Promise<void>;
}

/** A registry that lives as long as this object: for tests, the simulator, and a platform without a store. */
export class MemoryAgentRegistry implements AgentRegistry {
  private readonly agents = new Map<string, RegisteredAgent>();

  load(): Promise<readonly RegisteredAgent[]> {
    return Promise.resolve([...this.agents.values()]);
  }

  apply(change: RegistryChange): Promise<void> {
    const next = afterChange(change);
    if (next === undefined) this.agents.delete(change.id);
    else this.agents.set(change.id, next);
    return Promise.resolve();
  }
}

/** The entry that a change leaves behind; undefined: none. For every implementation of the port. */
export function afterChange(change: RegistryChange): RegisteredAgent | undefined {
  if (change.type === 'remove') return undefined;
  const { id, info, at, upkeep } = change;
  const kept = upkeep === undefined ? {} : { upkeep };
  switch (change.type) {
    case 'admit':
      return { id, info, state: 'admitted', at, ...kept };
    case 'mark-unreachable':
      return { id, info, state: 'unreachable', at, ...kept };
    case 'mark-gone':
      return { id, info, state: 'gone', at };
    case 'treat':
      return { id, info, state: change.state, at, ...kept };
  }
}
