import { silentLogger } from '@stadion/base';
import type { AgentInfo } from '@stadion/contract/agent-link';
import { createMemoryStore } from '@stadion/store';
import { describe, expect, it } from 'vitest';
import { StoredAgentRegistry } from './agent-registry.ts';

const info: AgentInfo = {
  hostname: 'one',
  ip: '127.0.0.1',
  port: 5051,
  resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 2 } }],
  attributes: [],
  version: '1.11.0',
  containerizers: ['posix'],
};

async function openRegistry() {
  const store = createMemoryStore();
  const { epoch } = await store.campaign('test');
  return { store, epoch, registry: new StoredAgentRegistry(store, epoch, silentLogger) };
}

describe('the list of agents in the store', () => {
  it('gives back each agent in its last state', async () => {
    const { registry } = await openRegistry();
    await registry.apply({ type: 'admit', id: 'S0', info, at: 1 });
    await registry.apply({ type: 'admit', id: 'S1', info, at: 2 });
    await registry.apply({ type: 'mark-unreachable', id: 'S1', info, at: 3 });
    await registry.apply({ type: 'admit', id: 'S2', info, at: 4 });
    await registry.apply({ type: 'remove', id: 'S2' });
    expect(await registry.load()).toEqual([
      { id: 'S0', info, state: 'admitted', at: 1 },
      { id: 'S1', info, state: 'unreachable', at: 3 },
    ]);
  });

  it('leaves out a record that cannot be read, and only that one', async () => {
    const { store, epoch, registry } = await openRegistry();
    await registry.apply({ type: 'admit', id: 'S0', info, at: 1 });
    await store.commit([{ type: 'put', key: 'master/agents/S1', value: { id: 'S1', state: 'asleep' } }], epoch);
    expect((await registry.load()).map((agent) => agent.id)).toEqual(['S0']);
  });

  it('refuses to write once another leader has taken over', async () => {
    const { store, registry } = await openRegistry();
    await store.campaign('another');
    await expect(registry.apply({ type: 'admit', id: 'S0', info, at: 1 })).rejects.toMatchObject({
      code: 'store-stale-epoch',
    });
  });
});
