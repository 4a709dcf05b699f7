/** Bounds of an app definition. Marathon has none of them; each keeps one app from hurting the others. */

/** Bytes of one definition in canonical JSON (UTF-8): one stored record never grows beyond this. */
export const DEFINITION_BYTES_MAX = 512 * 1024;
/** Characters of an app id: with `.instance-<uuid>._app.<n>` behind it a task id still is a file name. */
export const APP_ID_LENGTH_MAX = 190;
/** Instances of one app. */
export const INSTANCES_MAX = 1_000_000;
/** Cores of one instance. */
export const CPUS_MAX = 1_000_000;
/** MiB of memory of one instance (1 PiB). */
export const MEM_MIB_MAX = 1_073_741_824;
/** MiB of disk of one instance (1 EiB). */
export const DISK_MIB_MAX = 1_099_511_627_776;
/** GPUs of one instance. */
export const GPUS_MAX = 100_000;
/** Backoff grows by at most this factor per failure. */
export const BACKOFF_FACTOR_MAX = 1_000;
/** Whole numbers are 32 bits wide, as in Marathon. */
export const INTEGER_MAX = 2_147_483_647;
/** Characters of a constraint's value: longer regular expressions cost too much per offer. */
export const CONSTRAINT_VALUE_LENGTH_MAX = 512;
/** Constraints of one app. */
export const CONSTRAINTS_MAX = 100;
/** Violations named in one answer. */
export const VIOLATIONS_MAX = 50;
/** Ignored members named in one answer. */
export const IGNORED_FIELDS_MAX = 20;
/** Levels of nesting in a JSON body. */
export const JSON_DEPTH_MAX = 32;
