/** What the edge puts up with. */

export const limits = {
  /** Labels of one app that are read; more is a mistake or an attack. */
  labelsPerApp: 2_000,
  /** Routers of one source. */
  routersPerSource: 200,
  /** Characters of one rule. */
  ruleCharacters: 4_096,
  /** Matchers in one rule, and how deep parentheses go. */
  ruleTerms: 100,
  ruleDepth: 20,
  /** Characters of one pattern from a label. */
  patternCharacters: 512,
  /** Characters of a breaker's expression. */
  expressionCharacters: 1_024,
  /** Middlewares that one router passes through, chains unfolded. */
  middlewaresPerRouter: 50,
  /** Keys that one limit tells apart; the oldest gives way. */
  limitKeys: 65_536,
  /** Attempts of one request, and how many there are unless a retry middleware says otherwise. */
  attempts: 10,
  attemptsDefault: 3,
  /** Bytes of the head of a request or answer: as HAProxy has it by itself, since a larger buffer costs every request. */
  headerBytes: 16 * 1024,
  /** Headers of a request. */
  headerCount: 200,
  /** Until the head of a request is whole, and until all of it is (a slow sender holds a connection, nothing more). */
  headTimeoutMs: 15_000,
  /** Between requests on one connection. */
  clientIdleMs: 60_000,
  /** How long what a client still sends is read after the last answer on its connection. */
  lingerMs: 5_000,
  /** Connections of one worker. */
  connections: 50_000,
  /** Connections of one worker to one server. */
  connectionsPerServer: 512,
  /** An idle connection to a server is closed after this, unless the server says less. */
  upstreamIdleMs: 4_000,
  upstreamIdleMaxMs: 60_000,
  /** Bodies up to this size are held, so that they can be sent again. */
  replayBytes: 64 * 1024,
  /** Streams of one HTTP/2 connection at once. */
  streamsPerConnection: 250,
  /** Streams that a client of HTTP/2 may reset before its connection is closed, per second. */
  resetsPerSecond: 100,
  /** Answers of services that are read whole: pages for errors, forward auth. */
  sideAnswerBytes: 1024 * 1024,
  sideTimeoutMs: 10_000,
  /** Services of services: how deep. */
  serviceDepth: 8,
  /** Lines of the access log that wait to be written; beyond it they are counted and dropped. */
  accessLogLines: 10_000,
  /** Between attempts to reach the orchestrator. */
  reconnectMinMs: 250,
  reconnectMaxMs: 15_000,
  /** A whole snapshot as a backstop. */
  resyncMs: 60_000,
  /** Events that come within this are asked about together. */
  refreshDelayMs: 5,
  /** More stale apps than this are asked for by one snapshot. */
  appsAskedSingly: 25,
  /** How long a process (a worker, HAProxy) may finish what it has when another has its place, and how many may be at that. */
  finishingMs: 30 * 60_000,
  finishingProcesses: 4,
  /** Reloads wait so long for further changes, and take at most a fifth of the time. */
  reloadDelayMs: 250,
  reloadShare: 4,
  /**
   * Where there is no access log, HAProxy tells of one request of so many, for latencies: of all while few come, and at
   * 50,000 requests a second still of no more than 200 of them.
   */
  latencySamples: [
    { fromPerSecond: 0, oneOf: 1 },
    { fromPerSecond: 100, oneOf: 16 },
    { fromPerSecond: 2_000, oneOf: 256 },
  ],
  /** Spans that wait for the collector, how many it is sent at once, how often, and how long it may take to answer. */
  spansWaiting: 20_000,
  spansPerRequest: 1_000,
  spansSentEveryMs: 1_000,
  spansAnswerMs: 10_000,
  /** How long the end of the edge waits for the collector. */
  spansLastMs: 2_000,
  /** After failures, how many of these times are passed over at most. */
  spansPauseLooks: 30,
  /** Consoles and others that follow the traffic. */
  trafficFollowers: 64,
} as const;
