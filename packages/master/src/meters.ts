/** What a master measures of itself, beside what its ledger counts. */
import { TimeWindow } from './core/time-window.ts';

/** All durations in milliseconds. */
export class Meters {
  /** One pass over the agents that may get new offers, without the turns that others had meanwhile. */
  readonly allocationRun = new TimeWindow();
  /** From the wish for one to its end. */
  readonly allocationLatency = new TimeWindow();
  /** From a change of the registry to its being durable. */
  readonly registryStore = new TimeWindow();
  /** How long reading the registry took at the start. */
  registryFetchMs = 0;
  /** Who watches the operator stream. */
  operatorStreams = 0;
}
