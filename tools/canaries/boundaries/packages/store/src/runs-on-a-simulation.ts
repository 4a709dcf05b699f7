/** Breaks the rule that a simulated part runs in the simulator alone. */
export { SimulatedEnsemble } from '@stadion/store/simulated-ensemble';
