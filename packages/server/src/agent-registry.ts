/** The master's list of agents, kept in the store: one small record per agent. */
import { Value } from '@sinclair/typebox/value';
import type { Logger } from '@stadion/base';
import { AgentInfo, AgentUpkeep } from '@stadion/contract/agent-link';
import { afterChange, type AgentRegistry, type RegisteredAgent, type RegistryChange } from '@stadion/master';
import type { JsonValue, Store } from '@stadion/store';

const PREFIX = 'master/agents/';

/** The registry of a leading master; every write carries its epoch. A record that cannot be read spoils only itself. */
export class StoredAgentRegistry implements AgentRegistry {
  private readonly store: Store;
  private readonly epoch: number;
  private readonly log: Logger;

  constructor(store: Store, epoch: number, log: Logger) {
    this.store = store;
    this.epoch = epoch;
    this.log = log;
  }

  async load(): Promise<readonly RegisteredAgent[]> {
    const agents: RegisteredAgent[] = [];
    for await (const { key, value } of this.store.list(PREFIX)) {
      if (isRegisteredAgent(value)) agents.push(value);
      else this.log.error({ key }, 'a record of an agent cannot be read; the agent has to register anew');
    }
    return agents;
  }

  async apply(change: RegistryChange): Promise<void> {
    const key = `${PREFIX}${change.id}`;
    const agent = afterChange(change);
    await this.store.commit(
      [agent === undefined ? { type: 'delete', key } : { type: 'put', key, value: asJson(agent) }],
      this.epoch,
    );
  }
}

function asJson(agent: RegisteredAgent): JsonValue {
  return JSON.parse(JSON.stringify(agent)) as JsonValue;
}

function isRegisteredAgent(value: unknown): value is RegisteredAgent {
  if (typeof value !== 'object' || value === null) return false;
  const { id, info, state, at, upkeep } = value as Partial<Record<keyof RegisteredAgent, unknown>>;
  return (
    typeof id === 'string' &&
    typeof at === 'number' &&
    (state === 'admitted' || state === 'unreachable' || state === 'gone') &&
    Value.Check(AgentInfo, info) &&
    isUpkeep(upkeep)
  );
}

function isUpkeep(value: unknown): boolean {
  return value === undefined || Value.Check(AgentUpkeep, value);
}
