/** What every checker is: one invariant, watched from outside. */

/** Finds out whether one promise of the house holds. A checker changes nothing. */
export interface Checker {
  /** The invariant it watches, e.g. `1 no agent is charged more than it has`. */
  readonly name: string;
  /** Called after every event of the simulation. */
  afterEvent?(): void;
  /** Called once the faults have stopped and the cluster had its time to settle. */
  atEnd?(): void;
}

/** A promise that was broken, with the moment in virtual milliseconds since the start. */
export interface Violation {
  readonly checker: string;
  readonly atMs: number;
  readonly message: string;
}

/** Where checkers report. */
export type Violate = (message: string) => void;
