/** What operators have decided for the cluster, kept in the store: one record. */
import { Value } from '@sinclair/typebox/value';
import { PlatformError } from '@stadion/base';
import { ClusterSettings } from '@stadion/contract/cluster-settings';
import { MemorySettingsRegistry, type SettingsRegistry } from '@stadion/master';
import type { JsonValue, Store } from '@stadion/store';

const KEY = 'master/settings';

/** The settings of a leading master; every write carries its epoch. */
export class StoredSettingsRegistry implements SettingsRegistry {
  private readonly store: Store;
  private readonly epoch: number;

  constructor(store: Store, epoch: number) {
    this.store = store;
    this.epoch = epoch;
  }

  /** A record that cannot be read is not thrown away in silence: quotas that vanish would hand out what is not to be had. */
  async load(): Promise<ClusterSettings> {
    const kept = (await this.store.get(KEY))?.value;
    if (kept === undefined) return new MemorySettingsRegistry().load();
    if (Value.Check(ClusterSettings, kept)) return kept;
    throw new PlatformError(
      'settings-unreadable',
      `The record ${KEY} cannot be read: restore a backup, or delete it to begin without quotas and maintenance`,
    );
  }

  async save(settings: ClusterSettings): Promise<void> {
    const value = JSON.parse(JSON.stringify(settings)) as JsonValue;
    await this.store.commit([{ type: 'put', key: KEY, value }], this.epoch);
  }
}
