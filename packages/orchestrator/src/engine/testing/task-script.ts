/** How the tasks of the small master behave. */

/** What becomes of a task after its launch. */
export interface TaskScript {
  /** Runs, fails, or finishes after `lifeMs`; `silent` never reports anything; `refuse`: the master does not take it. */
  readonly kind: 'run' | 'fail' | 'finish' | 'silent' | 'refuse';
  readonly startMs?: number;
  readonly lifeMs?: number;
}
