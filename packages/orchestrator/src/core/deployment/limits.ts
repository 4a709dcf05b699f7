/** Bounds of what is shown and kept of deployments. */

/** Members named in the difference between two definitions. */
export const DIFF_FIELDS_MAX = 50;
/** Characters of a value in such a difference. */
export const DIFF_VALUE_CHARACTERS_MAX = 200;
/** Apps whose differences a deployment keeps. */
export const DIFF_APPS_MAX = 20;
/** Failures that a deployment keeps; all are counted. */
export const FAILURES_KEPT_MAX = 10;
/** Deployments that are remembered after their end. */
export const DEPLOYMENT_RECORDS_MAX = 500;
