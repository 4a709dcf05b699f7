/** What this build says it is. */

/** The version that Mesos clients see; they expect digits and dots. */
export const MESOS_VERSION = '1.11.0';
