/** The store that several servers share. */
export { openZooKeeperStore, watchZooKeeperLeader, type ZooKeeperOptions } from './open-zookeeper-store.ts';
