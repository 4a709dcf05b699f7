/** The port for what operators have decided for the cluster: durable before it acts. */
import type { ClusterSettings } from '@stadion/contract/cluster-settings';
import { NO_SETTINGS } from './core/settings/settings.ts';

/** Weights, quotas and maintenance. The server binds it to the store. */
export interface SettingsRegistry {
  /** What was saved last; nothing decided where nothing was. Rejects with a PlatformError when it cannot be read. */
  load(): Promise<ClusterSettings>;
  /** Replaces all of it, one call at a time. Rejects with a PlatformError when it is not certain that it is kept. */
  save(settings: ClusterSettings): Promise<void>;
}

/** Settings that live as long as this object: for tests, the simulator, and a platform without a store. */
export class MemorySettingsRegistry implements SettingsRegistry {
  private settings = NO_SETTINGS;

  load(): Promise<ClusterSettings> {
    return Promise.resolve(this.settings);
  }

  save(settings: ClusterSettings): Promise<void> {
    this.settings = settings;
    return Promise.resolve();
  }
}
