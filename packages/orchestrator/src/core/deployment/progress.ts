/** How far a scale or stop action is, and what it needs next. Restarts are planned in `rolling.ts`. */

/** Instances of one app, counted. */
export interface ScaleState {
  readonly wanted: number;
  /** Wanted instances: waiting, launched, running, or ending only to be launched again. */
  readonly active: number;
  /** Told to end for good, but not gone yet. */
  readonly leaving: number;
  /** Of the active ones those of the definition's own version, and how many of them are up. */
  readonly current: number;
  readonly currentUp: number;
}

/** What to do next. */
export interface ScalePlan {
  readonly start: number;
  readonly kill: number;
  readonly done: boolean;
}

/**
 * Brings an app to its number of instances. Only instances that this change began must come up: one that was
 * unhealthy before does not hold the deployment.
 */
export function planScale(state: ScaleState): ScalePlan {
  return {
    start: Math.max(0, state.wanted - state.active),
    kill: Math.max(0, state.active - state.wanted),
    done: state.active === state.wanted && state.leaving === 0 && state.currentUp === state.current,
  };
}
