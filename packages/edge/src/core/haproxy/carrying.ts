/**
 * Which routers HAProxy carries by itself, and how: a backend of its configuration. Whatever it cannot do exactly as the
 * workers do is left to them, with the reason.
 */
import { hashText } from '../balance/pick.ts';
import { parseRanges } from '../policy/address-ranges.ts';
import { hostsOf } from '../rule/rule.ts';
import type { HealthProbe, MiddlewareStep, Router, Server, ServicePolicy } from '../model.ts';
import { routerKey, type PooledService, type RouteTable } from '../table.ts';
import { canBeQuoted, inFormat, inPattern, quoted } from './quoting.ts';

/** A backend: what a change of needs a reload, and servers, which come and go while it runs. */
export interface Backend {
  /** Made from the router and from the lines: other lines are another backend. */
  readonly name: string;
  readonly lines: readonly string[];
  readonly servers: ReadonlyMap<string, BackendServer>;
}

/** A server of a backend, by its name there. */
export interface BackendServer {
  /** `127.0.0.1:8080`, or `[::1]:8080`. */
  readonly address: string;
  /** 0 to 256, as HAProxy counts. */
  readonly weight: number;
  readonly isDraining: boolean;
  /** Everything else that stands behind the address. */
  readonly options: string;
  /** As the table names it. */
  readonly id: string;
}

/** Who carries a router. */
export type Carrying =
  | { readonly kind: 'haproxy'; readonly backend: Backend; readonly service: string }
  | { readonly kind: 'workers'; readonly reason: string };

/** Judges a router of HTTP by what the table has for it now. */
export function carryingOf(table: RouteTable, router: Router): Carrying {
  const outcome = table.stepsOf(router);
  if ('missing' in outcome) return left('it lacks a middleware');
  const service = table.service(router.service);
  if (service?.kind !== 'servers') {
    return left(service === undefined ? 'it has no service' : `its service is ${service.kind}`);
  }
  const serviceLines = linesOfPolicy(service.policy);
  if (!Array.isArray(serviceLines)) return left(serviceLines.reason);
  const lines = [...serviceLines];
  for (const { name, step } of outcome.steps) {
    const own = linesOfStep(step);
    if (!Array.isArray(own)) return left(`${name}: ${own.reason}`);
    lines.push(...own);
  }
  const servers = serversOf(service);
  if (servers === undefined) return left('a server has a name without an address');
  const readable = router.name.replace(/[^A-Za-z0-9_-]+/g, '_').slice(0, 60);
  // What stands behind an address is the same for all servers, and a server keeps it: it is part of what a backend is.
  const text = [routerKey(router), ...lines, optionsOf(service.policy)].join('\n');
  const mark = hashText(text).toString(16).padStart(8, '0');
  return { kind: 'haproxy', backend: { name: `${readable}.${mark}`, lines, servers }, service: router.service };
}

interface Left {
  readonly kind: 'workers';
  readonly reason: string;
}

function left(reason: string): Left {
  return { kind: 'workers', reason };
}

/** The exact hosts and the path prefix that any request of a router has, as far as its rule says so. */
export function coverOf(router: Router): Cover {
  const hosts = hostsOf(router.rule);
  const parts = router.rule.kind === 'and' ? router.rule.rules : [router.rule];
  let prefix = '/';
  let isExact = hosts !== undefined;
  for (const part of parts) {
    if (part.kind === 'path-prefix' && part.ignoreCase !== true && prefix === '/' && part.prefix.startsWith('/')) {
      ({ prefix } = part);
    } else if (!isHosts(part)) isExact = false;
  }
  const hostParts = parts.filter(isHosts).length;
  if (!WRITABLE.test(prefix)) return { hosts, prefix: '/', isExact: false };
  return { hosts, prefix, isExact: isExact && hostParts === 1 };
}

/** What a router's requests have in common. */
export interface Cover {
  /** undefined: any host. */
  readonly hosts: readonly string[] | undefined;
  readonly prefix: string;
  /** Whether every request with such a host and path is the router's. */
  readonly isExact: boolean;
}

/** What can be a key of a map. */
const WRITABLE = /^[\x21\x24-\x5b\x5d-\x7e]+$/;

function isHosts(rule: Router['rule']): boolean {
  return rule.kind === 'host' || (rule.kind === 'or' && rule.rules.every(({ kind }) => kind === 'host'));
}

function linesOfPolicy(policy: ServicePolicy): string[] | Left {
  const { method, probe } = policy;
  if (policy.sticky !== undefined) return left('it keeps clients at their servers by a cookie');
  if (policy.scheme === 'https') return left('its servers are reached over TLS');
  if (!policy.passHostHeader) return left('its servers are told their own name as the host');
  // HAProxy's limit would be for each pause of an answer, too.
  if (policy.answerTimeoutMs > 0) return left('there is a limit for the head of its answers');
  if (policy.slowStartMs > 0) return left('its servers start slowly');
  const lines: string[] = [];
  switch (method.kind) {
    case 'round-robin':
      lines.push('balance roundrobin');
      break;
    case 'least-connections':
      lines.push('balance leastconn');
      break;
    case 'random':
    case 'two-choices':
      lines.push('balance random(2)');
      break;
    case 'first':
      return left('it fills one server before the next');
    case 'hash':
      if (method.on.kind === 'cookie') return left('it goes by a hash of a cookie');
      if (method.on.kind === 'header' && !/^[A-Za-z0-9-]+$/.test(method.on.name)) return left('the name of its header');
      lines.push(
        method.on.kind === 'source'
          ? 'balance source'
          : method.on.kind === 'path'
            ? 'balance uri path-only'
            : `balance hdr(${method.on.name})`,
        'hash-type consistent',
      );
  }
  lines.push(`timeout connect ${String(policy.connectTimeoutMs)}ms`);
  if (probe === undefined) return lines;
  const checks = linesOfProbe(probe);
  return Array.isArray(checks) ? [...lines, ...checks] : checks;
}

function linesOfProbe(probe: HealthProbe): string[] | Left {
  if (probe.scheme === 'https') return left('its servers are checked over TLS');
  const lines = [`timeout check ${String(probe.timeoutMs)}ms`];
  if (probe.isTcp === true) return lines;
  const headers = Object.entries({
    ...(probe.hostname === undefined ? {} : { Host: probe.hostname }),
    ...probe.headers,
  });
  const texts = [probe.method, probe.path, ...headers.flat()];
  if (!texts.every(canBeQuoted)) return left('what its servers are asked for their health');
  const sent = headers.map(([name, value]) => ` hdr ${quoted(name)} ${quoted(inFormat(value))}`).join('');
  lines.push(
    'option httpchk',
    `http-check send meth ${quoted(probe.method)} uri ${quoted(probe.path)} ver HTTP/1.1${sent}`,
    'http-check expect status 200-399',
  );
  return lines;
}

/** A path that may stand in a pattern and in a replacement as it is. */
const PLAIN_PATH = /^\/[A-Za-z0-9._~/-]*$/;

function linesOfStep(step: MiddlewareStep): string[] | Left {
  switch (step.kind) {
    case 'strip-prefix': {
      const [prefix = '', ...more] = step.prefixes;
      if (more.length > 0 || prefix === '/' || !PLAIN_PATH.test(prefix)) {
        return left('it strips one of several prefixes');
      }
      const shown = prefix.replace(/\/$/, '');
      const condition = `if { path -m beg ${quoted(prefix)} }`;
      return [
        `http-request set-header X-Forwarded-Prefix ${quoted(shown)} ${condition}`,
        `http-request replace-path ${quoted(`^${inPattern(shown)}/*(.*)`)} ${quoted('/\\1')} ${condition}`,
      ];
    }
    case 'add-prefix':
      if (!PLAIN_PATH.test(step.prefix) || step.prefix.startsWith('//')) return left('the prefix that it adds');
      return [`http-request replace-path ${quoted('(.*)')} ${quoted(`${step.prefix}\\1`)}`];
    case 'replace-path':
      if (!PLAIN_PATH.test(step.path) || step.path.startsWith('//')) return left('the path that it sets');
      return ['http-request set-header X-Replaced-Path %[path]', `http-request set-path ${quoted(step.path)}`];
    case 'headers':
      return linesOfHeaders(step);
    case 'allow-list': {
      if (step.depth !== 0 || step.excluded.length > 0) return left('it looks for addresses in headers');
      if (!parseRanges(step.ranges).ok || step.ranges.length === 0) return left('its ranges');
      const ranges = step.ranges.map((range) => quoted(range.trim())).join(' ');
      return [returning(403, 'Your address is not allowed here.', `unless { src ${ranges} }`)];
    }
    case 'retry':
      if (step.initialIntervalMs > 0) return left('it waits between attempts');
      return [`retries ${String(Math.max(1, step.attempts - 1))}`];
    default:
      return left(`${step.kind} is done by the workers`);
  }
}

/** Headers that HAProxy or the connection has a meaning for. */
const NOT_SET = /^(host|connection|transfer-encoding|content-length|upgrade|te|trailer|keep-alive)$/i;

function linesOfHeaders(step: MiddlewareStep & { readonly kind: 'headers' }): string[] | Left {
  if (step.cors !== undefined) return left('pages of other origins are told what they may do');
  if (step.allowedHosts.length > 0) return left('only some hosts are allowed');
  const hsts: [string, string][] = step.hsts === undefined ? [] : [['Strict-Transport-Security', step.hsts]];
  for (const [name, value] of [...step.request, ...step.response, ...hsts]) {
    if (!/^[A-Za-z0-9_-]+$/.test(name) || NOT_SET.test(name)) return left(`the header ${name}`);
    if (!canBeQuoted(value)) return left(`the value of the header ${name}`);
  }
  const change = (rules: string, [name, value]: readonly [string, string]): string =>
    value === '' ? `${rules} del-header ${name}` : `${rules} set-header ${name} ${quoted(inFormat(value))}`;
  return [
    ...step.request.map((header) => change('http-request', header)),
    ...step.response.map((header) => change('http-after-response', header)),
    ...hsts.map((header) => `${change('http-after-response', header)}${step.forceHsts ? '' : ' if { ssl_fc }'}`),
  ];
}

/** An answer that is given without any server. */
export function returning(status: number, text: string, condition: string): string {
  return (
    `http-request return status ${String(status)} content-type ${quoted('text/plain; charset=utf-8')} ` +
    `hdr X-Content-Type-Options nosniff string "${text}\\n" ${condition}`
  );
}

const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)$/;
const WEIGHT_MAX = 256;

function serversOf({ policy, servers }: PooledService & { readonly kind: 'servers' }): Backend['servers'] | undefined {
  const found = new Map<string, BackendServer>();
  const largest = Math.max(1, ...servers.map(({ weight }) => weight));
  const options = optionsOf(policy);
  for (const server of servers) {
    const { host } = server;
    if (!ADDRESS.test(host)) return undefined;
    const address = `${host.includes(':') ? `[${host}]` : host}:${String(server.port)}`;
    const { id, isDraining } = server;
    found.set(serverName(server), {
      address,
      weight: scaled(server.weight, largest),
      isDraining: isDraining === true,
      options,
      id,
    });
  }
  return found;
}

function serverName({ id }: Server): string {
  return id.replace(/[^A-Za-z0-9.]/g, '_');
}

/** Weights keep their ratios; one that is not nothing does not become nothing. */
function scaled(weight: number, largest: number): number {
  if (weight === 0) return 0;
  return largest <= WEIGHT_MAX ? weight : Math.max(1, Math.round((weight * WEIGHT_MAX) / largest));
}

function optionsOf({ scheme, maxConnectionsPerServer, probe }: ServicePolicy): string {
  const options = ['pool-purge-delay 2s'];
  if (scheme === 'h2c') options.push('proto h2');
  if (maxConnectionsPerServer > 0) options.push(`maxconn ${String(maxConnectionsPerServer)}`);
  if (probe !== undefined) {
    const port = probe.port === undefined ? '' : ` port ${String(probe.port)}`;
    const { intervalMs, rise, fall } = probe;
    options.push(`check inter ${String(intervalMs)}ms rise ${String(rise)} fall ${String(fall)}${port}`);
  }
  return options.join(' ');
}
