/** An ensemble for the simulator. */
export type { EnsembleClient, EnsembleLink } from './connection.ts';
export { SimulatedEnsemble, type EnsembleObserver } from './ensemble.ts';
