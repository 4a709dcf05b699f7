/** Bounds of what is put into a task. */

/** Marathon leaves out labels whose variable name or value would be this long or longer. */
export const MAX_LABEL_VARIABLE_LENGTH = 512;
/** A count of failures that no check reaches: the check reports and never asks for a kill. */
export const NEVER_EXHAUSTED = 2_147_483_647;
