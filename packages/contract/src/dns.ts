/** The HTTP API of the name server: Mesos-DNS's `/v1`, and what is Stadion's own. */
import { Type, type Static } from '@sinclair/typebox';

/** `/v1/hosts/{name}`: one element per address. For an unknown name one element of empty texts, as Mesos-DNS has it. */
export const DnsHosts = Type.Array(Type.Object({ host: Type.String(), ip: Type.String() }));
export type DnsHosts = Static<typeof DnsHosts>;

/** `/v1/services/{name}`. The port is a text. */
export const DnsServices = Type.Array(
  Type.Object({ service: Type.String(), host: Type.String(), ip: Type.String(), port: Type.String() }),
);
export type DnsServices = Static<typeof DnsServices>;

/** `/v1/enumerate`: the records of running tasks, by framework. */
export const DnsEnumeration = Type.Object({
  frameworks: Type.Array(
    Type.Object({
      tasks: Type.Array(
        Type.Object({
          name: Type.String(),
          id: Type.String(),
          records: Type.Array(Type.Object({ name: Type.String(), host: Type.String(), rtype: Type.String() })),
        }),
      ),
      name: Type.String(),
    }),
  ),
});
export type DnsEnumeration = Static<typeof DnsEnumeration>;

const Names = Type.Record(Type.String(), Type.Array(Type.String()));

/** `/v1/axfr`: a whole zone. Names end in a dot; SRV values are `target.:port`. */
export const DnsZone = Type.Object({
  TTL: Type.Integer(),
  Serial: Type.Integer(),
  RefreshSeconds: Type.Number(),
  Mname: Type.String(),
  Rname: Type.String(),
  Domain: Type.String(),
  Records: Type.Object({ As: Names, AAAAs: Names, SRVs: Names }),
});
export type DnsZone = Static<typeof DnsZone>;

/** Stadion's own `/v1/lookup?name=&type=`: what a DNS client would be answered. */
export const DnsLookup = Type.Object({
  name: Type.String(),
  type: Type.String(),
  code: Type.String(),
  authoritative: Type.Boolean(),
  answers: Type.Array(
    Type.Object({ name: Type.String(), type: Type.String(), ttl: Type.Integer(), value: Type.String() }),
  ),
});
export type DnsLookup = Static<typeof DnsLookup>;

/** One line of Stadion's own event stream `/v1/watch`: what one name has from now on; empty lists: it is gone. */
export const DnsChange = Type.Object({
  zone: Type.String(),
  serial: Type.Integer(),
  name: Type.String(),
  addresses: Type.Array(Type.String()),
  targets: Type.Array(Type.String()),
});
export type DnsChange = Static<typeof DnsChange>;

/** The most names on one page. */
export const DNS_PAGE_NAMES_MAX = 500;

/** What `/v1/names` can be asked for. */
export const DnsNamesQuery = Type.Object({
  /** The first one when absent. */
  zone: Type.Optional(Type.String()),
  /** A part of the name, of an address or of a target. */
  text: Type.Optional(Type.String()),
  /** `next` of the page before. */
  after: Type.Optional(Type.String()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: DNS_PAGE_NAMES_MAX })),
});
export type DnsNamesQuery = Static<typeof DnsNamesQuery>;

/** Stadion's own `/v1/names`: a page of the names that have records, by name; those that contain a text. */
export const DnsNames = Type.Object({
  zone: Type.String(),
  serial: Type.Integer(),
  /** How many names match, on all pages. */
  total: Type.Integer(),
  names: Type.Array(
    Type.Object({
      name: Type.String(),
      addresses: Type.Array(Type.String()),
      /** `target:port`. */
      targets: Type.Array(Type.String()),
    }),
  ),
  /** What to ask for as `after` to get the next page; absent on the last. */
  next: Type.Optional(Type.String()),
});
export type DnsNames = Static<typeof DnsNames>;

/** Stadion's own `/v1/rotation`: tasks that somebody took out by hand. */
export const DnsRotation = Type.Object({ outOfRotation: Type.Array(Type.String()) });
export type DnsRotation = Static<typeof DnsRotation>;

/** Stadion's own `/v1/queries`: the last queries, oldest first. */
export const DnsQueries = Type.Object({
  queries: Type.Array(
    Type.Object({
      time: Type.String(),
      client: Type.String(),
      transport: Type.String(),
      name: Type.String(),
      type: Type.String(),
      code: Type.String(),
      records: Type.Integer(),
    }),
  ),
});
export type DnsQueries = Static<typeof DnsQueries>;

/** Stadion's own `/v1/status`, and with 503 when a zone was never read `/healthz`. */
export const DnsStatus = Type.Object({
  ready: Type.Boolean(),
  zones: Type.Array(
    Type.Object({
      domain: Type.String(),
      serial: Type.Integer(),
      names: Type.Integer(),
      tasks: Type.Integer(),
      /** Since when nothing new is known, in seconds; null before the first snapshot. */
      ageSeconds: Type.Union([Type.Number(), Type.Null()]),
      stale: Type.Boolean(),
      failure: Type.Union([Type.String(), Type.Null()]),
      problems: Type.Array(Type.String()),
      streams: Type.Array(Type.String()),
      /** Tasks that run and have no names, and why. */
      withheld: Type.Array(Type.Object({ task: Type.String(), reason: Type.String() })),
    }),
  ),
});
export type DnsStatus = Static<typeof DnsStatus>;
