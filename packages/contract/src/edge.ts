/** The admin API of the edge: Stadion's own part of it, which the command line and the console read. */
import { Type, type Static } from '@sinclair/typebox';

/** Something about an app's labels (or the file of routes) that could not be taken as written. */
export const EdgeProblem = Type.Object({
  source: Type.String(),
  label: Type.String(),
  message: Type.String(),
  /** `route`: that route is left out; `setting`: it works without this setting. */
  spoils: Type.Union([Type.Literal('route'), Type.Literal('setting')]),
});
export type EdgeProblem = Static<typeof EdgeProblem>;

/** One server of a route's service. */
export const EdgeServer = Type.Object({
  id: Type.String(),
  app: Type.Optional(Type.String()),
  task: Type.Optional(Type.String()),
  weight: Type.Number(),
  /** `up`, `draining` (finishes what it has), `down` (the edge's own check), `ejected` (its answers). */
  state: Type.String(),
  active: Type.Integer(),
  requests: Type.Integer(),
  failures: Type.Integer(),
  latencyMs: Type.Number(),
});
export type EdgeServer = Static<typeof EdgeServer>;

/** What happened at a route. Rates and latencies are over the last ten seconds. */
export const EdgeTraffic = Type.Object({
  requests: Type.Integer(),
  requestsPerSecond: Type.Number(),
  /** Counts of 1xx to 5xx since the edge started. */
  statuses: Type.Array(Type.Integer()),
  errorsPerSecond: Type.Number(),
  p50Ms: Type.Number(),
  p99Ms: Type.Number(),
  bytesIn: Type.Integer(),
  bytesOut: Type.Integer(),
  active: Type.Integer(),
  retries: Type.Integer(),
});
export type EdgeTraffic = Static<typeof EdgeTraffic>;

/** One route. */
export const EdgeRoute = Type.Object({
  name: Type.String(),
  source: Type.String(),
  protocol: Type.String(),
  rule: Type.String(),
  entryPoints: Type.Array(Type.String()),
  priority: Type.Number(),
  middlewares: Type.Array(Type.String()),
  service: Type.String(),
  /** A URL that leads there, where the rule names a host. */
  url: Type.Optional(Type.String()),
  /** Why HAProxy leaves it to the workers behind it, where it does. */
  leftToWorkers: Type.Optional(Type.String()),
  servers: Type.Array(EdgeServer),
  traffic: EdgeTraffic,
});
export type EdgeRoute = Static<typeof EdgeRoute>;

/** `GET /v1/routes`. */
export const EdgeRoutes = Type.Object({
  routes: Type.Array(EdgeRoute),
  problems: Type.Array(EdgeProblem),
  /** Whether the orchestrator is reached; when not, the last known state is served. */
  isConnected: Type.Boolean(),
});
export type EdgeRoutes = Static<typeof EdgeRoutes>;

/** `GET /v1/test?url=&method=`: which route would take a request. */
export const EdgeTest = Type.Object({
  url: Type.String(),
  method: Type.String(),
  entryPoint: Type.String(),
  route: Type.Optional(EdgeRoute),
  /** Why there is none, or what is left to say. */
  message: Type.String(),
});
export type EdgeTest = Static<typeof EdgeTest>;

/** `PUT /v1/drains/{server}` and `DELETE`: what is out by hand. */
export const EdgeOverrides = Type.Object({
  drained: Type.Array(Type.String()),
  /** Shares of apps in services that they have in common. */
  shares: Type.Record(Type.String(), Type.Integer()),
});
export type EdgeOverrides = Static<typeof EdgeOverrides>;

/** One certificate. */
export const EdgeCertificate = Type.Object({
  names: Type.Array(Type.String()),
  source: Type.String(),
  issuer: Type.String(),
  notAfter: Type.String(),
  daysLeft: Type.Integer(),
});
export type EdgeCertificate = Static<typeof EdgeCertificate>;

/** `GET /v1/certificates`. */
export const EdgeCertificates = Type.Object({ certificates: Type.Array(EdgeCertificate) });
export type EdgeCertificates = Static<typeof EdgeCertificates>;

/** One event of `GET /v1/traffic` (server-sent events, about each second): the routes with traffic, by `name@source`. */
export const EdgeTrafficEvent = Type.Object({ routes: Type.Record(Type.String(), EdgeTraffic) });
export type EdgeTrafficEvent = Static<typeof EdgeTrafficEvent>;
