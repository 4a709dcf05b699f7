/** For the tests of this store's adapters, here and elsewhere. */
export { storeConformance, type StoreClaim, type StoreHarness } from './testing/conformance.ts';
export { ZooKeeperEnsemble, hasZooKeeper, type EnsembleOptions } from './testing/zookeeper-ensemble.ts';
