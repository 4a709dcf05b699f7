/** The store that several servers share. */
export {
  openZooKeeperStore,
  watchZooKeeperLeader,
  watchZooKeeperMasters,
  zooKeeperServers,
  type ZooKeeperOptions,
} from './open-zookeeper-store.ts';
