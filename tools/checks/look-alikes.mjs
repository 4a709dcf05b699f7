/** Shapes that look alike and are not: two ideas whose members happen to have the same names. */

/**
 * `shapes` are two names, each `<path> <name>`; `reason` says why one declaration cannot serve both.
 * @typedef {{ readonly shapes: readonly [string, string], readonly reason: string }} AllowedLookAlike
 */

/** @type {readonly AllowedLookAlike[]} */
export const allowedLookAlikes = [];
