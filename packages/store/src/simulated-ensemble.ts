/** A ZooKeeper ensemble in virtual time, for the simulator. */
export {
  SimulatedEnsemble,
  type EnsembleClient,
  type EnsembleLink,
  type EnsembleObserver,
} from './adapters/zookeeper/simulated/index.ts';
