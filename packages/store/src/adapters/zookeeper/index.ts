/** The store that several servers share. */
export {
  openZooKeeperStore,
  watchZooKeeperLeader,
  watchZooKeeperMasters,
  type ZooKeeperOptions,
} from './open-zookeeper-store.ts';
