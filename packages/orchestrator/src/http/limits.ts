/** Bounds of the orchestrator's API. */

/** Bytes of a request's body. */
export const BODY_BYTES_MAX = 2 * 1024 * 1024;
/** Bytes that a client may go on sending of a body that is refused as too large, before it is cut off. */
export const BODY_BYTES_HEARD_OUT_MAX = 64 * 1024 * 1024;
/** Requests under way at once; further ones are answered 503. Event streams do not count. */
export const REQUESTS_MAX = 4096;
/** Connections at a time, streams among them. */
export const CONNECTIONS_MAX = 8_192;
/** Event streams open at once. */
export const EVENT_STREAMS_MAX = 1024;
/** Events that one stream may be behind before it is closed: Marathon's `--event_stream_max_outstanding_messages`. */
export const EVENTS_OUTSTANDING_MAX = 1024;
/** Bytes that one stream may be behind before it is closed. */
export const EVENT_BYTES_OUTSTANDING_MAX = 16 * 1024 * 1024;
/** Apps of a root that is sent whole, twice, with every event about a deployment: about 4 MB. */
export const FULL_PLAN_APPS_MAX = 2_000;
/** How long a closed stream may take to read the reason before its socket is cut. */
export const EVENT_STREAM_FAREWELL_MS = 5_000;
/** How often an event stream gets a sign of life. */
export const EVENT_HEARTBEAT_MS = 10_000;
/** How long an answer may be assembled before others get the event loop. */
export const TURN_MS_MAX = 5;
/** Bytes of one chunk of a streamed answer. */
export const CHUNK_BYTES = 64 * 1024;
/** Answers shorter than this are not compressed. */
export const COMPRESSED_BYTES_MIN = 1024;
/** How long a server that stops waits for the requests under way. */
export const DRAIN_MS = 3_000;
/** Deployments that are listed when nobody says how many. */
export const DEPLOYMENT_RECORDS_SHOWN = 50;
/** Apps of a deployment whose waiting is explained in one answer. */
export const WHY_APPS_MAX = 50;
/** Events that are remembered for readers who come back, and their bytes. */
export const EVENT_LOG_EVENTS_MAX = 10_000;
export const EVENT_LOG_BYTES_MAX = 16 * 1024 * 1024;
/** Events that are listed at once: when asked for, and at most. */
export const RECENT_EVENTS_SHOWN = 200;
export const RECENT_EVENTS_MAX = 1_000;
/** For how long events are remembered when nobody reads. */
export const EVENT_LOG_KEEP_MS = 300_000;
/** Durations that a timer of `/metrics` keeps for its quantiles. */
export const TIMER_VALUES_MAX = 1024;
/** How long after its answer a leader steps down. */
export const ABDICATION_MS = 500;
/** What somebody else answers is looked through for callers who see a part of it, up to this size. */
export const RELAYED_BYTES_SEEN_MAX = 16 * 1024 * 1024;
/** How deep groups of a body may be nested for the door to look at them: what is deeper may concern anything. */
export const GROUP_DEPTH_JUDGED_MAX = 32;
/** How long frameworks may be given to move their tasks off an agent. */
export const DRAIN_SECONDS_MAX = 86_400;
/** Apps that are counted before others get the event loop. */
export const APPS_COUNTED_PER_TURN = 500;
