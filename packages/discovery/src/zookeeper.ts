/** Ranger's data in ZooKeeper: providers and the source. Needs `node-zookeeper-client`. */
export { zooKeeperSource, type ZooKeeperSourceOptions } from './adapters/zookeeper/index.ts';
export { inspectZooKeeper } from './inspect.ts';
export { Provider, type ProviderOptions } from './provider.ts';
