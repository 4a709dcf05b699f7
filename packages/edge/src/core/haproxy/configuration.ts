/** The configuration of HAProxy as text, from the share of the table that it carries. */
import { returning } from './carrying.ts';
import type { FastPath, Front } from './fast-path.ts';
import { quoted } from './quoting.ts';
import type { Running } from './running.ts';

/** One front, as it listens. */
export interface FrontSettings {
  readonly front: Front;
  /** `127.0.0.1:8000`. */
  readonly bind: string;
  /** The port that servers are told. */
  readonly port: number;
  /** All connections are passed on to the workers as they come. */
  readonly isPassedOn: boolean;
}

/** From so many requests a second on, one of so many is told of. */
export interface LogSample {
  readonly fromPerSecond: number;
  readonly oneOf: number;
}

/** Everything but the table. Paths are absolute. */
export interface ConfigurationSettings {
  readonly hostname: string;
  readonly fronts: readonly FrontSettings[];
  /** The socket of the runtime API. */
  readonly runtimeSocket: string;
  readonly mapPaths: Readonly<Record<Front, string>>;
  /** The file that names the certificates. */
  readonly certificateList: string;
  /** The folder with the pages of errors: `<status>.http`. */
  readonly pages: string;
  /** Sockets of the workers: plain for requests, raw for connections that are passed on. */
  readonly workers: Readonly<Record<Front, { readonly plain: string; readonly raw: string }>>;
  readonly trustedProxies: readonly string[];
  readonly proxyProtocolFrom: readonly string[];
  readonly log: 'all' | readonly LogSample[];
  /** Of the traces that begin here, how many are kept: 0 to 1. Undefined: no spans are wanted. */
  readonly tracesRatio: number | undefined;
  readonly hardStopMs: number;
  readonly headMs: number;
  readonly idleMs: number;
  readonly headerBytes: number;
}

/** Statuses that HAProxy answers by itself, with what the workers would say: `[status, what is sent]`. */
export const ownPages: readonly (readonly [status: number, sent: string])[] = [
  [400, '400 Bad Request'],
  [408, '408 Request Timeout'],
  // What HAProxy calls 503 here is that no server could be reached: nobody behind a host is answered before.
  [503, '502 Bad Gateway'],
  [502, '502 Bad Gateway'],
  [504, '504 Gateway Timeout'],
];

/** The text of a page. */
export function pageOf(status: number, sent: string): string {
  const text =
    status < 500 ? '' : status === 504 ? 'The service takes too long.\n' : 'The service cannot be reached.\n';
  const close = status < 500 ? 'Connection: close\r\n' : '';
  const type = text === '' ? '' : 'Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n';
  return `HTTP/1.1 ${sent}\r\n${close}${type}Content-Length: ${String(text.length)}\r\n\r\n${text}`;
}

/**
 * The whole configuration.
 * @param running what it will have once it runs: servers are written as they stand there
 */
export function renderConfiguration(fastPath: FastPath, running: Running, settings: ConfigurationSettings): string {
  const sections = [
    globalSection(settings),
    defaultsSections(settings),
    ...settings.fronts.map((front) => frontSections(front, settings)),
    ...[...fastPath.backends().values()].map(({ backend: { name, lines } }) => {
      const servers = [...running.servers(name)].map(
        ([id, { address, weight, options }]) => `server ${id} ${address} weight ${String(weight)} ${options}`,
      );
      return section(`backend ${name} from routes`, [...lines, ...servers]);
    }),
  ];
  return `${sections.join('\n')}\n`;
}

function section(head: string, lines: readonly string[]): string {
  return [head, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

function globalSection({ runtimeSocket, hardStopMs, headerBytes }: ConfigurationSettings): string {
  return section('global', [
    `stats socket ${quoted(runtimeSocket)} mode 600 level admin expose-fd listeners`,
    'stats timeout 10s',
    `hard-stop-after ${String(hardStopMs)}ms`,
    `tune.bufsize ${String(headerBytes)}`,
    'ssl-default-bind-options ssl-min-ver TLSv1.2',
  ]);
}

function defaultsSections(settings: ConfigurationSettings): string {
  const { pages, headMs, idleMs } = settings;
  const base = [
    'mode http',
    `timeout http-request ${String(headMs)}ms`,
    `timeout http-keep-alive ${String(idleMs)}ms`,
    'timeout client 1h',
    'timeout server 1h',
    'timeout tunnel 24h',
    'timeout connect 3s',
    'timeout queue 10s',
    // A client that is about to send on an idle connection must not find it closed by a reload.
    'option idle-close-on-response',
    'retries 3',
    'option redispatch 1',
    'log stdout format raw local0',
    ...ownPages.map(([status]) => `errorfile ${String(status)} ${quoted(`${pages}/${String(status)}.http`)}`),
  ];
  const routes = [
    // Sent again only where the server cannot have seen it, or where it may see it twice.
    'retry-on conn-failure empty-response',
    'http-request disable-l7-retry unless { method GET HEAD OPTIONS PUT DELETE TRACE }',
    returning(503, 'No server takes requests for this service.', 'if { nbsrv eq 0 }'),
    ...forwardedLines(settings),
    ...(settings.tracesRatio === undefined ? [] : traceLines(settings.tracesRatio)),
    // For the connection to the server only, as all of its kind; HAProxy itself takes out the others.
    'http-response del-header keep-alive',
  ];
  return `${section('defaults base', base)}\n${section('defaults routes from base', routes)}`;
}

/** The headers that say who asked for what, as the workers write them (upstream/headers.ts). */
function forwardedLines({ trustedProxies, hostname }: ConfigurationSettings): readonly string[] {
  const own: (readonly [string, string])[] = [
    ['X-Real-Ip', '%[src]'],
    ['X-Forwarded-Proto', '%[var(txn.scheme)]'],
    ['X-Forwarded-Host', '%[req.hdr(host)]'],
    ['X-Forwarded-Port', '%[var(txn.port)]'],
    ['X-Forwarded-Server', quoted(hostname)],
  ];
  const away = ['x-forwarded- -m beg', 'forwarded', 'x-real-ip', 'x-replaced-path'].map(
    (what) => `http-request del-header ${what}`,
  );
  const connection = ['http-request del-header proxy- -m beg'];
  if (trustedProxies.length === 0) {
    // What was just taken out need not be looked for again, as set-header would.
    const added = own.map(([name, value]) => `http-request add-header ${name} ${value}`);
    return [...connection, ...away, 'http-request add-header X-Forwarded-For %[src]', ...added];
  }
  const trusted = `{ src ${trustedProxies.map(quoted).join(' ')} }`;
  return [
    ...connection,
    ...away.map((line) => `${line} unless ${trusted}`),
    `http-request set-header X-Forwarded-For '%[req.fhdr(x-forwarded-for)], %[src]' if ${trusted} { req.fhdr(x-forwarded-for) -m len gt 0 }`,
    `http-request set-header X-Forwarded-For %[src] unless ${trusted} { req.fhdr(x-forwarded-for) -m len gt 0 }`,
    ...own.map(([name, value]) => {
      const isGiven = `{ req.hdr(${name}) -m found }`;
      return `http-request set-header ${name} ${value} unless ${trusted} ${isGiven}`;
    }),
  ];
}

/**
 * The span of a request, as the workers make it (core/trace): of a trace that is kept, or that begins here. The workers make
 * their own for what goes on to them.
 */
function traceLines(ratio: number): readonly string[] {
  const parent = 'req.hdr(traceparent)';
  const isParent = `{ ${parent} -m reg ^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$ } !{ ${parent} -m reg [-]0{16}(0{16})?- }`;
  const wins = `{ rand(10000) lt ${String(Math.round(ratio * 10_000))} }`;
  const isKept = '{ var(txn.trace) -m found }';
  return [
    `http-request set-var(txn.parent) ${parent} if ${isParent}`,
    'http-request set-var(txn.trace) var(txn.parent),field(2,-) if { var(txn.parent) -m reg [13579bdf]$ }',
    `http-request set-var(txn.trace) uuid,regsub(-,,g) if !{ var(txn.parent) -m found } ${wins}`,
    `http-request set-var(txn.span) uuid,regsub(-,,g),bytes(0,16) if ${isKept}`,
    `http-request set-header traceparent 00-%[var(txn.trace)]-%[var(txn.span)]-01 if ${isKept}`,
  ];
}

/** What only the workers judge: paths with several spellings, and heads that others may read differently. */
const ODD = [
  `acl odd path -m sub '%' '\\' '#' '//' '/.'`,
  'acl odd req.hdr_cnt(host) gt 1',
  'acl odd req.hdr(host) -m end .',
  "acl odd_target url -m reg '^[^/]'",
  'acl http2 req.ver -m beg 2',
  'acl hop req.hdr(upgrade) -m found',
  'acl hop req.hdr(connection) -m found',
  'acl websocket req.hdr(upgrade) -m str -i websocket',
  'acl upgrade_only req.fhdr(connection) -m str -i upgrade',
  'acl body req.hdr(content-length) -m found',
  'acl body req.hdr(transfer-encoding) -m found',
];

function frontSections(front: FrontSettings, settings: ConfigurationSettings): string {
  const { front: name, bind, port, isPassedOn } = front;
  const { workers, mapPaths, certificateList, proxyProtocolFrom, log } = settings;
  const fromProxies =
    proxyProtocolFrom.length === 0
      ? []
      : [`tcp-request connection expect-proxy layer4 if { src ${proxyProtocolFrom.map(quoted).join(' ')} }`];
  const sockets = workers[name];
  if (isPassedOn) {
    const front = section(`frontend ${name} from base`, [
      'mode tcp',
      `bind ${bind}`,
      'option tcplog',
      'no log',
      ...fromProxies,
      `default_backend workers_${name}`,
    ]);
    const back = section(`backend workers_${name} from base`, [
      'mode tcp',
      `server workers ${quoted(`unix@${sockets.raw}`)} send-proxy-v2`,
    ]);
    return `${front}\n${back}`;
  }
  const tls = name === 'https' ? ` ssl crt-list ${quoted(certificateList)} alpn h2,http/1.1` : '';
  const frontLines = [
    `bind ${bind}${tls}`,
    ...fromProxies,
    ...ODD,
    `http-request set-var(txn.scheme) str(${name})`,
    `http-request set-var(txn.port) int(${String(port)})`,
    'http-request set-var(txn.host) req.hdr(host),host_only,lower',
    'http-request set-var(txn.path) path',
    `http-request set-var(txn.route) ${quoted(`var(txn.host),concat(,txn.path),map_beg(${mapPaths[name]})`)}`,
    `default_backend workers_${name}`,
    // Whatever sends to the workers stands before the one that does not.
    ...['odd', 'odd_target !http2', 'hop !websocket', 'hop !upgrade_only', 'websocket body'].map(
      (condition) => `use_backend workers_${name} if ${condition}`,
    ),
    'use_backend %[var(txn.route)] if { var(txn.route) -m found }',
    ...(log === 'all' ? CAPTURES : sampled(log)),
    `log-format '${log === 'all' ? LOG_FORMAT : SAMPLE_FORMAT}'`,
  ];
  const back = [
    // The workers know best what may be sent again.
    'retry-on conn-failure',
    `server workers ${quoted(`unix@${sockets.plain}`)} send-proxy-v2`,
  ];
  return `${section(`frontend ${name} from base`, frontLines)}\n${section(`backend workers_${name} from base`, back)}`;
}

/** Keeps quiet about all requests but samples; what one stands for is written down with it. */
function sampled(samples: readonly LogSample[]): readonly string[] {
  const lines = samples.map(({ fromPerSecond, oneOf }, index) => {
    const until = samples[index + 1]?.fromPerSecond;
    const conditions = [
      ...(fromPerSecond > 0 ? [`{ fe_req_rate ge ${String(fromPerSecond)} }`] : []),
      ...(until === undefined ? [] : [`{ fe_req_rate lt ${String(until)} }`]),
      ...(oneOf > 1 ? [`{ rand(${String(oneOf)}) eq 0 }`] : []),
    ];
    return `http-request set-var(txn.stands_for) int(${String(oneOf)}) if ${conditions.join(' ')}`;
  });
  return [...lines, 'http-request set-log-level silent unless { var(txn.stands_for) -m found }'];
}

/** What the access log tells of headers. */
const CAPTURES = [
  'http-request capture req.hdr(referer) len 256',
  'http-request capture req.hdr(user-agent) len 256',
  'http-request capture req.hdr(traceparent) len 64',
];

/** Fields of a line of the log, separated by tabs. HAProxy writes what is not printable as `#XX`. */
const BASE_FORMAT = ['%b', '%s', '%ST', '%Ta'].join('\t');
const SAMPLE_FORMAT = [BASE_FORMAT, '%[var(txn.stands_for)]'].join('\t');
const LOG_FORMAT = [
  ...[BASE_FORMAT, '%U', '%B', '%ci', '%HM', '%[var(txn.host)]', '%[var(txn.path)]', '%HV'],
  ...['%[var(txn.scheme)]', '%rc', '%[capture.req.hdr(0)]', '%[capture.req.hdr(1)]', '%[capture.req.hdr(2)]'],
  ...['%[var(txn.trace)]', '%[var(txn.span)]'],
].join('\t');
