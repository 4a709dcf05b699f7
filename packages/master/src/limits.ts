/** Every bound of the master that is not a setting, with its unit. */
import { assert } from '@stadion/base';

/** Longest id that a framework may choose (`mesos.v1` validation). */
export const FRAMEWORK_CHOSEN_ID_LENGTH_MAX = 255;
/** Offers in one OFFERS event. */
export const OFFERS_PER_EVENT_MAX = 500;
/** Agents looked at in one slice of an allocation run; a slice stays well below 10 ms. */
export const ALLOCATION_SLICE_AGENTS_MAX = 500;
/** With quotas, allocation waits after a start until this share of the known agents is back, or this time is over. */
export const ALLOCATION_PAUSE_SHARE = 0.8;
export const ALLOCATION_PAUSE_MS_MAX = 600_000;
/** Links pinged in one turn of the event loop. */
export const PING_SLICE_LINKS_MAX = 2_000;
/** Frameworks, those that have their failover timeout to come back among them; further ones are refused. */
export const FRAMEWORKS_MAX = 10_000;
/** Frameworks that are away and have metrics of their own; those that are subscribed have them anyway. */
export const ABSENT_FRAMEWORKS_MEASURED_MAX = 500;
/** Removed frameworks that are remembered by id, so that they cannot come back. */
export const REMOVED_FRAMEWORKS_MAX = 10_000;
/** Unreachable and gone agents that the registry remembers, and for how long (Mesos: 102,400 and two weeks). */
export const FORGOTTEN_AGENTS_MAX = 102_400;
export const FORGOTTEN_AGENT_AGE_MS_MAX = 14 * 24 * 3_600_000;
/** A refusal lasts at most a year, as in Mesos. */
export const REFUSE_SECONDS_MAX = 365 * 24 * 3_600;
/** What a refusal lasts when the framework does not say (`Filters.refuse_seconds`). */
export const REFUSE_SECONDS_DEFAULT = 5;
/** Agents whose own address is asked at a time, and how long until one is asked again. */
export const PROBES_UNDER_WAY_MAX = 200;
export const PROBE_INTERVAL_MS = 1_000;
/** So many questions without an answer say that an agent is not there. */
export const PROBE_MISSES_MIN = 2;
/** How long an answer is a sign of life. */
export const PROBE_WORD_MS_MAX = 5_000;
/** How long what a framework did not answer is offered to others first. */
export const HOARDED_REFUSE_SECONDS = 30;
/** Constraints on offers that a framework may have, and the length of a pattern in them. */
export const OFFER_CONSTRAINTS_MAX = 1_000;
export const OFFER_PATTERN_LENGTH_MAX = 1_024;
/** Operations of one framework whose end is not acknowledged yet, and those of all. */
export const OPERATIONS_PER_FRAMEWORK_MAX = 1_000;
export const OPERATIONS_MAX = 100_000;
/** Their ends are told again after this time, then twice as long each time up to the second. */
export const OPERATION_RESEND_MS_FIRST = 10_000;
export const OPERATION_RESEND_MS_MAX = 600_000;
/** After a start of the master agents come back by themselves for so long; those that have not are asked. */
export const RECOVERED_UNASKED_MS = 10_000;
/** A link that has not registered within this time is closed. */
export const UNREGISTERED_LINK_MS_MAX = 60_000;
/** Registry writes are tried again after this pause. */
export const REGISTRY_RETRY_MS = 1_000;
/** How long an operator waits to hear that what was ordered of an agent is durable. */
export const ORDER_ANSWER_MS_MAX = 10_000;
/** Tasks that a framework is told of in one turn, when it asks for all. */
export const TASKS_TOLD_PER_TURN = 500;
/** Tasks looked at for an answer between two looks at the clock. */
export const TASKS_PER_ANSWER_SLICE = 250;
/** Largest page that `/tasks` gives. */
export const TASKS_PAGE_MAX = 100_000;
/** How long a client may take to send its request. */
export const REQUEST_MS_MAX = 30_000;
/** Connections of the HTTP side at a time. */
export const CONNECTIONS_MAX = 1024;
/** Frameworks that are subscribed over HTTP at a time. */
export const SCHEDULER_STREAMS_MAX = 500;
/** Watchers of the operator stream at a time; one more costs the oldest its place (`--max_operator_event_stream_subscribers`). */
export const OPERATOR_STREAMS_MAX = 400;
/** How often a watcher hears that the stream still lives. */
export const OPERATOR_HEARTBEAT_MS = 15_000;
/** Largest body of a v1 call, bytes. */
export const CALL_BYTES_MAX = 16 * 1024 * 1024;

/** Durations of one thing that are kept: enough for a percentile, few enough to sort when somebody asks. */
export const DURATIONS_KEPT_MAX = 1000;
/** How long one turn may write a long answer. */
export const ANSWER_TURN_MS_MAX = 3;
assert(SCHEDULER_STREAMS_MAX + OPERATOR_STREAMS_MAX < CONNECTIONS_MAX, 'streams leave room for those who only ask');
assert(TASKS_PER_ANSWER_SLICE < TASKS_PAGE_MAX, 'a page holds several slices');
