/** How an app leaves agents that are to be emptied: first one more elsewhere, then one less here. */

/** The app as it is. All counts are of wanted instances that were not given up. */
export interface MoveState {
  /** How many the app is to have. */
  readonly wanted: number;
  readonly active: number;
  /** Running, healthy and ready, wherever they are. */
  readonly up: number;
  /** On agents that are to be emptied, and up. */
  readonly movingUp: number;
  /** On such agents, and not up. */
  readonly movingIll: number;
  /** How many more than wanted there may be meanwhile, at least one. */
  readonly over: number;
}

/** What to do now. */
export interface MovePlan {
  readonly start: number;
  /** Of those that are up on agents to be emptied. */
  readonly endUp: number;
  /** Of those that are not up there: nobody misses them. */
  readonly endIll: number;
}

/** Plans one step. The number of instances that are up never falls below what is wanted by the moves' own doing. */
export function planMoves({ wanted, active, up, movingUp, movingIll, over }: MoveState): MovePlan {
  const endUp = Math.max(0, Math.min(movingUp, up - wanted));
  const remaining = active - endUp - movingIll;
  const extra = Math.min(over, movingUp - endUp);
  return { start: Math.max(0, wanted + extra - remaining), endUp, endIll: movingIll };
}
