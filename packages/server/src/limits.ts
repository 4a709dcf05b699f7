/** Every bound of the composition root that is not a setting. */

/** One message between agent and master, bytes: an agent with thousands of tasks registers with a few megabytes. */
export const LINK_MESSAGE_BYTES_MAX = 67_108_864;

/** What may wait for a peer on a link before it counts as not reading, bytes. */
export const LINK_BUFFER_BYTES_MAX = 134_217_728;

/** How long a dialled master may take to answer, milliseconds. */
export const DIAL_ANSWER_MS_MAX = 5_000;

/** Redirections that a dial follows. */
export const DIAL_REDIRECTIONS_MAX = 3;

/** Between two looks at how new versions do at the edge, milliseconds. */
export const EDGE_WATCH_MS = 2_000;

/** How long a request to a server that does not lead is held until one leads, milliseconds (Marathon: 2.5 s). */
export const HOLD_MS_MAX = 5_000;

/** Between two looks whether one leads by now, milliseconds. */
export const HOLD_POLL_MS = 50;

/** How long the leader may take to accept a passed-on connection, milliseconds. */
export const PROXY_CONNECT_MS_MAX = 5_000;

/** Requests that are passed on at a time. */
export const PROXIED_REQUESTS_MAX = 512;

/** Connections to one port of a server. */
export const FRONT_CONNECTIONS_MAX = 8_192;

/** How long a client may take to send its request, milliseconds. */
export const FRONT_REQUEST_MS_MAX = 60_000;

/** How long a master may take to answer a framework's call, milliseconds. */
export const MASTER_ANSWER_MS_MAX = 10_000;

/** How long an agent whose link is silent may take to answer at its own address, milliseconds. */
export const AGENT_PROBE_MS_MAX = 1_500;

/** How long an agent may take to say who is connected to its tasks, milliseconds. */
export const AGENT_ANSWER_MS_MAX = 2_000;

/** Redirections that a framework follows to the leading master. */
export const MASTER_REDIRECTIONS_MAX = 3;

/** Calls of a framework that wait for the master before the subscription counts as broken. */
export const SCHEDULER_CALLS_WAITING_MAX = 100_000;

/** One event of a master, bytes. */
export const SCHEDULER_EVENT_BYTES_MAX = 67_108_864;

/** Heartbeats of a master that may be missing (the advice of Mesos's documentation). */
export const SCHEDULER_HEARTBEATS_MISSED_MAX = 5;

/** What one message of a page may hold, bytes: a frame of a session with its header. */
export const SESSION_MESSAGE_BYTES_MAX = 1_048_581;

/** How long nothing may come from the other end of a session until it is asked whether it is there, milliseconds. */
export const SESSION_KEEP_ALIVE_MS = 30_000;

/** How long the leader may take to give an agent a secret of a task, milliseconds. */
export const SECRETS_ANSWER_MS_MAX = 10_000;

/** How long a certificate of the cluster's own authority is good; a new one is made when a third is left. */
export const CERTIFICATE_LIFETIME_MS = 30 * 86_400_000;

/** How often it is looked whether it is time, milliseconds. */
export const TLS_RENEWAL_LOOK_MS = 3_600_000;

/** How often files with certificates are looked at, milliseconds. */
export const TLS_FILES_LOOK_MS = 2_000;

/** How long before the end of a certificate that nobody has renewed the log says so. */
export const TLS_WARNING_MS = 7 * 86_400_000;

/** How long a connection may take to say whether it is TLS, and to agree on it, milliseconds. */
export const TLS_HANDSHAKE_MS_MAX = 10_000;

/** Connections that may do so at a time; one more costs the oldest its place. */
export const TLS_UNDECIDED_MAX = 2_048;

/** How long a certificate that was judged need not be shown again by who comes back, seconds. */
export const TLS_SESSION_SECONDS_MAX = 300;
