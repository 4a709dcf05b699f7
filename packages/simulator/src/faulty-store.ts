/** A store on a disk that has bad days: it fills up, and its user dies in the middle of a commit. */
import { PlatformError } from '@stadion/base';
import type { EmbeddedStore } from '@stadion/store';

/** How bad the disk of the control plane is. */
export interface DiskFaults {
  /** A commit takes up to so long to be durable, milliseconds. */
  durableMsMax: number;
  /** And then up to so long until its writer hears of it. */
  acknowledgedMsMax: number;
  isFull: boolean;
}

/** What the world hears of commits. */
export interface CommitListener {
  readonly faults: DiskFaults;
  /** A commit was begun. */
  onCommit(): void;
  /** A commit was refused: the disk is full. */
  onRefusal(): void;
}

/** The same store; commits fail with `store-full` while the disk is. */
export function faultyStore(store: EmbeddedStore, listener: CommitListener): EmbeddedStore {
  return {
    get: (key) => store.get(key),
    list: (prefix) => store.list(prefix),
    campaign: (candidate) => store.campaign(candidate),
    close: () => store.close(),
    commit: (operations, epoch) => {
      if (listener.faults.isFull) {
        listener.onRefusal();
        return Promise.reject(new PlatformError('store-full', 'The simulated disk is full.', { retryable: true }));
      }
      const committed = store.commit(operations, epoch);
      listener.onCommit();
      return committed;
    },
  };
}
