/** What every checker is: one invariant, watched from outside. */
import type { Observer } from '../observer.ts';

/** Finds out whether one promise of the house holds. A checker changes nothing. */
export interface Checker extends Observer {
  /** Called after every event of the simulation. */
  afterEvent?(): void;
  /** Called after those events only in which the orchestrator may have decided something. */
  afterTurn?(): void;
  /** While the cluster settles: what still has to happen, as a sentence; undefined: nothing. */
  pending?(): string | undefined;
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
