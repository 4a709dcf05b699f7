/**
 * One request and its answer, while they are under way, and the route that they take. Every member of an exchange is there
 * from the start: all have one shape.
 */
import type { AccessRecord } from '../core/access-record.ts';
import type { Routable } from '../core/matcher.ts';
import type { HeaderChange, Router, StatusRange } from '../core/model.ts';
import type { RequestView } from '../core/rule/evaluate.ts';
import { writeTraceparent, type SpanContext } from '../core/trace/trace-context.ts';
import type { Incoming } from './incoming.ts';
import type { Reply } from './reply.ts';
import type { RouteCounters } from './traffic.ts';

/** Names of headers that the edge itself writes; a stranger's are thrown away. */
export const FORWARDED_HEADERS: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-forwarded-user',
  'x-forwarded-method',
  'x-forwarded-uri',
  'x-forwarded-ssl-client-cert',
  'x-forwarded-tls-client-cert',
  'x-forwarded-tls-client-cert-info',
  'x-real-ip',
  'x-replaced-path',
]);

/** An answer that the edge gives itself. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

/** One thing that happens between a client and a service. */
export interface Step {
  /** Before the request goes on; an answer ends it here. */
  readonly before?: (exchange: Exchange) => Answer | undefined | Promise<Answer | undefined>;
  /** On the head of the answer, which may be changed: a flat list of names and values. */
  readonly head?: (exchange: Exchange, status: number, headers: string[]) => void;
  /** When all is over. */
  readonly done?: (exchange: Exchange, latencyMs: number) => void;
}

/** Pages of a service in place of answers with these statuses. */
export interface ErrorPage {
  readonly statuses: readonly StatusRange[];
  readonly service: string;
  readonly query: string;
}

/** What a route wants of the way its requests are sent. */
export interface SendingOptions {
  /** Attempts of one request, the first included. */
  readonly attempts: number;
  readonly initialIntervalMs: number;
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** Answers of at least this size are compressed; undefined: none. */
  readonly compressFrom: number | undefined;
  readonly errorPages: readonly ErrorPage[];
  /** After an answer, whether to try again (Traefik's retry expressions). */
  readonly shouldRetry: ((exchange: Exchange, status: number, isNetworkError: boolean) => boolean) | undefined;
}

/** The route. */
export interface Route extends Routable {
  readonly router: Router;
  readonly steps: readonly Step[];
  readonly sending: SendingOptions;
  readonly counters: RouteCounters;
}

/** A short answer in plain text. */
export function plainAnswer(status: number, text: string, headers: readonly string[] = []): Answer {
  const body = `${text}\n`;
  return {
    status,
    headers: ['content-type', 'text/plain; charset=utf-8', 'x-content-type-options', 'nosniff', ...headers],
    body,
  };
}

/** What is known about where a request came in. */
export interface Origin {
  readonly entryPoint: string;
  readonly scheme: 'http' | 'https';
  readonly port: number;
  /** The peer, or what a trusted PROXY header said. */
  readonly clientIp: string;
  /** Whether the peer's own X-Forwarded headers are believed. */
  readonly isTrusted: boolean;
}

/** The exchange. */
export class Exchange implements RequestView {
  readonly incoming: Incoming;
  readonly reply: Reply;
  readonly origin: Origin;
  readonly startedAt: number;
  readonly method: string;
  readonly host: string;
  /** As it came, normalised; rules and logs go by it. */
  readonly path: string;
  query: string;
  /** As it is sent on. */
  upstreamPath: string;
  upstreamHost: string | undefined = undefined;
  requestChanges: HeaderChange[] = [];
  responseChanges: HeaderChange[] = [];
  route: Route | undefined = undefined;
  user: string | undefined = undefined;
  /** The span of this request, where somebody keeps it. */
  span: SpanContext | undefined = undefined;
  status = 0;
  bytesIn = 0;
  bytesOut = 0;
  attempts = 0;
  serverId: string | undefined = undefined;
  /** What was taken from in-flight limits and has to be given back. */
  releases: (() => void)[] = [];
  isDone = false;

  constructor(
    incoming: Incoming,
    reply: Reply,
    origin: Origin,
    startedAt: number,
    target: { readonly path: string; readonly query: string },
    host: string,
  ) {
    this.incoming = incoming;
    this.reply = reply;
    this.origin = origin;
    this.startedAt = startedAt;
    this.method = incoming.method;
    this.host = host;
    this.path = target.path;
    this.query = target.query;
    this.upstreamPath = target.path;
  }

  get headers(): RequestView['headers'] {
    return this.incoming.headers;
  }

  get clientIp(): string {
    return this.origin.clientIp;
  }

  header(name: string): string | undefined {
    return this.incoming.header(name);
  }

  /** The Host as the client sent it, with its port. */
  get authority(): string {
    return this.header(':authority') ?? this.header('host') ?? this.host;
  }

  /** The whole URL, for redirects. */
  get url(): string {
    return `${this.origin.scheme}://${this.authority}${this.path}${this.query === '' ? '' : `?${this.query}`}`;
  }

  /** What the access log tells of it. */
  record(durationMs: number, atMs: number): AccessRecord {
    const { route } = this;
    return {
      atMs,
      client: this.clientIp,
      user: this.user,
      method: this.method,
      host: this.host,
      path: this.path,
      protocol: `HTTP/${this.incoming.httpVersion}`,
      scheme: this.origin.scheme,
      status: this.status,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      durationMs,
      router: route?.router.name,
      app: route?.router.source,
      service: route?.router.service,
      server: this.serverId,
      attempts: this.attempts,
      referer: this.header('referer'),
      userAgent: this.header('user-agent'),
      traceparent: this.header('traceparent'),
    };
  }

  /** Gives the request a span; the server is told of it. */
  setSpan(span: SpanContext): void {
    this.span = span;
    this.requestChanges.push(['traceparent', writeTraceparent(span)]);
  }

  /** The path and query that a server is asked for. */
  get upstreamTarget(): string {
    return this.query === '' ? this.upstreamPath : `${this.upstreamPath}?${this.query}`;
  }

  /**
   * The client's address counted from the right of X-Forwarded-For, as `ipStrategy.depth` means it.
   * @param depth 0: the peer; 1: the last entry of the header, which the nearest proxy wrote
   * @param isExcluded with a depth of 0, addresses of proxies that are passed over
   */
  clientAt(depth: number, isExcluded: ((address: string) => boolean) | undefined): string {
    if (depth === 0 && isExcluded === undefined) return this.clientIp;
    const chain = this.origin.isTrusted
      ? (this.header('x-forwarded-for') ?? '').split(',').map((part) => part.trim())
      : [];
    const addresses = [...chain.filter((part) => part !== ''), ...(depth === 0 ? [this.clientIp] : [])];
    if (depth > 0) return addresses.at(-depth) ?? this.clientIp;
    return addresses.reverse().find((address) => isExcluded?.(address) !== true) ?? this.clientIp;
  }
}

/** The address of a peer as IPv4 where it is one. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** The host of an authority: lower case, without port and final dot. */
export function hostOf(authority: string): string {
  let end = authority.length;
  if (!authority.endsWith(']')) {
    const colon = authority.lastIndexOf(':');
    if (colon > 0 && authority.indexOf(']') < colon) end = colon;
  }
  if (authority.charAt(end - 1) === '.') end -= 1;
  return authority.slice(0, end).toLowerCase();
}
