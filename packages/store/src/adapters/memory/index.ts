/** The store in memory: for tests, the simulator, and whoever wants nothing to stay. */
import type { EmbeddedStore } from '../../store.ts';
import { SimulatedDisk } from './simulated-disk.ts';

export { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts';

/** A store whose commits are in effect at once and gone with the process. */
export function createMemoryStore(): EmbeddedStore {
  return new SimulatedDisk().open();
}
