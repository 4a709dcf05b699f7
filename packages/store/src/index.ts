export { openLmdbStore, type LmdbOptions } from './adapters/lmdb/index.ts';
export {
  openZooKeeperStore,
  watchZooKeeperLeader,
  watchZooKeeperMasters,
  zooKeeperServers,
  type ZooKeeperOptions,
} from './adapters/zookeeper/index.ts';
export { SimulatedDisk, createMemoryStore, type SimulatedDiskOptions } from './adapters/memory/index.ts';
export { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
export { Reigns, type ReignsOptions } from './reigns.ts';
export { COMMIT_OPERATIONS_MAX, KEY_BYTES_MAX, VALUE_BYTES_MAX } from './limits.ts';
export type {
  CampaignOptions,
  Election,
  EmbeddedStore,
  JsonValue,
  LeaderWatch,
  MasterAnnouncement,
  Leadership,
  SharedStore,
  Store,
  StoreOperation,
  StoreRecord,
} from './store.ts';
