import { createMemoryStore } from '@stadion/store';
import { describe, expect, it } from 'vitest';
import { StoredSettingsRegistry } from './settings-registry.ts';

async function open() {
  const store = createMemoryStore();
  const { epoch } = await store.campaign('test');
  return { store, epoch, registry: new StoredSettingsRegistry(store, epoch) };
}

describe('the settings of the cluster in the store', () => {
  it('are nothing at first, and then what was saved last', async () => {
    const { registry } = await open();
    const none = await registry.load();
    expect(none).toEqual({ weights: [], quotas: [], schedule: { windows: [] }, down: [] });
    const settings = { ...none, quotas: [{ role: 'eng', limits: { cpus: { value: 2 } } }] };
    await registry.save(settings);
    expect(await registry.load()).toEqual(settings);
  });

  it('that cannot be read stop the start, for quotas must not vanish in silence', async () => {
    const { store, epoch, registry } = await open();
    await store.commit([{ type: 'put', key: 'master/settings', value: { weights: 'many' } }], epoch);
    await expect(registry.load()).rejects.toMatchObject({ code: 'settings-unreadable' });
  });

  it('are not written by a leader that is none any more', async () => {
    const { store, registry } = await open();
    await store.campaign('another');
    await expect(registry.save(await registry.load())).rejects.toMatchObject({ code: 'store-stale-epoch' });
  });
});
