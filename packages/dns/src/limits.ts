/** What names ask for and keep at most. */
export const limits = {
  /** How long a master may take for its state, and how large that may be. */
  stateTimeoutMs: 30_000,
  stateBytes: 512 * 1024 * 1024,
  /** A state from this size on is parsed in a thread of its own. */
  stateBytesInline: 512 * 1024,
  stateThreadNewSpaceMb: 8,
  /** Between two attempts to open a stream that broke, doubling up to the maximum. */
  streamRetryMs: 200,
  streamRetryMsMax: 5000,
  /** A stream that says nothing for so long is dead. */
  streamSilenceMs: 45_000,
  /** One event of an operator stream. */
  eventBytes: 64 * 1024 * 1024,
  /** When so many names have changed at once, memory is given back later, when that has come to rest. */
  manyNames: 20_000,
  releaseMs: 20_000,
  /** So long a snapshot is taken over before others have their turn. */
  takeOverMs: 2,
  /** Pushed changes lead to snapshots at most this often, as a multiple of how long the last one took. */
  snapshotRest: 4,
  snapshotRestMsMax: 10_000,
  /** How long the addresses of an agent's host name are kept. */
  hostNameMs: 60_000,
  /** What we send over UDP at most: fits an Ethernet frame with IPv6 and tunnels (DNS Flag Day 2020). */
  udpBytes: 1232,
  /** Connections over TCP and TLS at once, per worker; and what each may do. */
  connections: 1000,
  connectionIdleMs: 10_000,
  connectionQueries: 10_000,
  /** Answers that wait to be read by a client: then we stop reading it. */
  connectionPending: 100,
  /** Queries that are forwarded at once; more are refused with SERVFAIL. */
  forwards: 1000,
  forwardTimeoutMs: 2000,
  /** Answers of other servers that are kept, and for how long at most. */
  cachedAnswers: 10_000,
  cachedSecondsMax: 3600,
  /** How long an old answer may still be given when no other server answers (RFC 8767). */
  staleSeconds: 86_400,
  /** A worker's space for new objects, MB: answers live shortly, and a large one would only be filled with garbage. */
  workerNewSpaceMb: 2,
  /** Networks whose answers are counted for the rate limit (a power of two). */
  rateBuckets: 16_384,
  /** Queries that the log keeps for those who look. */
  loggedQueries: 500,
  /** Who may watch the zone at once, and how many changes may wait for one. */
  watchers: 100,
  watcherBytesWaiting: 4 * 1024 * 1024,
  /** Tasks that may be out of rotation by hand. */
  outOfRotation: 10_000,
} as const;
