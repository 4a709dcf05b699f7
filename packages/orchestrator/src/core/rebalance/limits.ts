/** How long a rebalance waits for what, and how much it looks at. */

/** For the node that an instance is to go to, to have room for it. */
export const ROOM_PATIENCE_MS = 60_000;
/** For an instance to be up in its new place, from the beginning of its move. */
export const MOVE_PATIENCE_MS = 15 * 60_000;
/** For any app of the moves that are left to be as it is wanted. */
export const UNSETTLED_PATIENCE_MS = 5 * 60_000;
/** Pairs of an instance and a node that one plan looks at. */
export const REBALANCE_TRIES_MAX = 200_000;
