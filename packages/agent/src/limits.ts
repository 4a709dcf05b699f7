/** Every bound of the agent, by name. */

/** Tasks on one agent at a time; RUN_TASKS beyond it is answered with TASK_DROPPED. */
export const TASKS_MAX = 200_000;
/** Tasks without artifacts whose sandboxes are made at the same time. */
export const PREPARATIONS_MAX = 32;
/** Tasks whose artifacts are fetched at the same time. */
export const FETCHES_MAX = 32;
/** Containers that are started at the same time. */
export const LAUNCHES_MAX = 16;
/** Probes in flight; the next due one waits for a free place. `--max_concurrent_marathon_health_checks` has the same value. */
export const PROBES_MAX = 256;
/** Health and readiness checks of one task together. */
export const CHECKS_PER_TASK_MAX = 64;
/** Ended tasks that are remembered in full, newest first, for `/state`. */
export const ENDED_TASKS_SHOWN_MAX = 200;
/** Ended tasks whose sandbox waits for removal; the oldest go early beyond it. */
export const ENDED_TASKS_MAX = 10_000;
/** Bytes of a readiness answer that are kept, and of the cause of a failed probe. */
export const READINESS_BODY_BYTES_MAX = 8 * 1024;
export const PROBE_CAUSE_CHARS_MAX = 512;
/** Bytes of a probe's answer that are read at all. */
export const PROBE_ANSWER_BYTES_MAX = 64 * 1024;
/** Longest `cmd`, and arguments and variables together, that a container may be started with. */
export const COMMAND_BYTES_MAX = 128 * 1024 - 1;
export const COMMAND_AND_ENVIRONMENT_BYTES_MAX = 1024 * 1024;
/** Longest task id: one path segment. */
export const TASK_ID_BYTES_MAX = 255;
/** Artifacts of one task, bytes of one artifact, entries of one archive, and bytes that one archive may unpack to. */
export const URIS_PER_TASK_MAX = 256;
export const ARTIFACT_BYTES_MAX = 64 * 1024 * 1024 * 1024;
export const ARCHIVE_ENTRIES_MAX = 200_000;
export const ARCHIVE_BYTES_MAX = 64 * 1024 * 1024 * 1024;
/** How long after a volume could not be wiped that is tried again. */
export const WIPE_AGAIN_MS = 30_000;
/** Entries that one layer of an image may have. */
export const LAYER_ENTRIES_MAX = 1_000_000;
/** Images that are listed, pulls that are asked for and under way at a time, and those that are remembered. */
export const IMAGES_SHOWN_MAX = 10_000;
export const IMAGE_PULLS_MAX = 16;
export const IMAGE_PULLS_SHOWN_MAX = 64;
/** Commands inside tasks over Mesos's API, those that ended and were not removed among them; and one message of theirs. */
export const NESTED_SESSIONS_MAX = 256;
export const RECORD_BYTES_MAX = 1024 * 1024;
/** How long a client may take to send its request, and how many connections there are at a time. */
export const REQUEST_MS_MAX = 30_000;
export const CONNECTIONS_MAX = 1024;
/** How long a custom executor may take to subscribe, and to come back after its connection or the agent was gone. */
export const EXECUTOR_SUBSCRIBE_MS_MAX = 60_000;
export const EXECUTOR_RETURN_MS_MAX = 15 * 60_000;
/** What an executor has beyond the grace period of a task to say that it has ended. */
export const EXECUTOR_PATIENCE_MS = 10_000;
/** So many looks in a row have to find that more cpus are lent than services leave free, before anybody gives any back. */
export const LOOKS_BEFORE_PREEMPTION = 3;
/** Updates of one task of a custom executor that wait for their framework. */
export const EXECUTOR_UPDATES_MAX = 1000;
/** One call of a custom executor: what it has not been told is kept may be much. How often it hears that the stream lives. */
export const EXECUTOR_CALL_BYTES_MAX = 16 * 1024 * 1024;
export const EXECUTOR_HEARTBEAT_MS = 30 * 60_000;
/** Reports of an executor whose identities are remembered: so many may be told again after a restart of the agent. */
export const REPORTS_REMEMBERED_MAX = 64;
/** After so many unanswered REGISTERs on one link the agent dials anew. */
export const REGISTERS_PER_LINK_MAX = 3;
/** How many due values one turn hands out before others get the event loop. */
export const DUE_VALUES_PER_TURN_MAX = 256;
