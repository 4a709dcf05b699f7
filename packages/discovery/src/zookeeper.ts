/** Ranger's data in ZooKeeper: providers and the source. Needs `node-zookeeper-client`. */
export { zooKeeperSource, type ZooKeeperSourceOptions } from './adapters/zookeeper/index.ts';
export { diskCheck, fileCheck, pingCheck } from './health-checks.ts';
export { inspectZooKeeper } from './inspect.ts';
export { Provider, type ProviderOptions } from './provider.ts';
