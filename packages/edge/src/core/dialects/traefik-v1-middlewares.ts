/** What Traefik 1's frontend and backend labels do to requests, as middlewares, in Traefik 1's fixed order. */
import { breakerSignatures, parseCondition, retrySignatures } from '../breaker/expression.ts';
import type { Criterion, HeaderChange, Middleware, MiddlewareStep } from '../model.ts';
import { parseRanges } from '../policy/address-ranges.ts';
import { compilePattern } from '../rule/patterns.ts';
import { parsed, unparsed, type Parsed } from '../rule/rule.ts';
import {
  parseDuration,
  parseHeaderMap,
  parseInteger,
  parseStatusRanges,
  splitList,
  type LabelReader,
} from './labels.ts';
import { userListProblem } from './user-lists.ts';

/** Collects middlewares under their names. */
export class Middlewares {
  readonly list: Middleware[] = [];

  /** @returns the name */
  add(name: string, step: MiddlewareStep): string {
    this.list.push({ name, step });
    return name;
  }
}

/** The names under which a property may stand, e.g. `frontend.priority`. */
type Names = (property: string) => readonly string[];

/**
 * The middlewares of a frontend and its backend.
 * @returns their names in order; undefined when one that protects cannot be read, which is reported
 */
export function frontendMiddlewares(
  reader: LabelReader,
  names: Names,
  router: string,
  middlewares: Middlewares,
): readonly string[] | undefined {
  const steps: [string, MiddlewareStep | undefined | 'spoilt'][] = [
    ...errorPages(reader, names),
    ['whitelist', allowList(reader, names)],
    ['redirect', redirect(reader, names)],
    ['headers', headers(reader, names)],
    ['ssl', sslRedirect(reader, names)],
    ['auth', auth(reader, names)],
    ['certificate', clientCertificate(reader, names)],
    ['breaker', breaker(reader)],
    ['buffering', buffering(reader)],
    ['maxconn', maxConnections(reader)],
    ...rateLimits(reader, names),
  ];
  const result: string[] = [];
  for (const [suffix, step] of steps) {
    if (step === 'spoilt') return undefined;
    if (step !== undefined) result.push(middlewares.add(`${router}-${suffix}`, step));
  }
  return result;
}

/** Names of members such as `traefik.frontend.errors.NAME.status`. */
function membersBelow(reader: LabelReader, prefixes: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const name of reader.names()) {
    for (const prefix of prefixes) {
      if (name.startsWith(`${prefix}.`)) found.add(name.slice(prefix.length + 1).split('.')[0] ?? '');
    }
  }
  return [...found].sort();
}

function errorPages(reader: LabelReader, names: Names): [string, MiddlewareStep | undefined][] {
  return membersBelow(reader, names('frontend.errors')).map((name) => {
    const statuses = reader.read(names(`frontend.errors.${name}.status`), parseStatusRanges);
    const backend = reader.text(...names(`frontend.errors.${name}.backend`));
    const query = reader.text(...names(`frontend.errors.${name}.query`)) ?? '/';
    if (statuses === undefined || backend === undefined) {
      reader.report(`traefik.frontend.errors.${name}`, 'needs a status and a backend');
      return [`errors-${name}`, undefined];
    }
    const service = backend.startsWith('backend') ? backend : `backend${backend}`;
    return [`errors-${name}`, { kind: 'errors', statuses, service, query }];
  });
}

function allowList(reader: LabelReader, names: Names): MiddlewareStep | undefined | 'spoilt' {
  const sourceNames = names('frontend.whiteList.sourceRange');
  const ranges = splitList(reader.text(...sourceNames, ...names('frontend.whitelistSourceRange')) ?? '');
  const useForwarded = reader.boolean(false, ...names('frontend.whiteList.useXForwardedFor'));
  if (ranges.length === 0) return undefined;
  const outcome = parseRanges(ranges);
  if (!outcome.ok) {
    reader.report(sourceNames[0] ?? '', `${outcome.problem}; the route is left out rather than open to all`, 'route');
    return 'spoilt';
  }
  return { kind: 'allow-list', ranges, depth: useForwarded ? 1 : 0, excluded: [] };
}

function redirect(reader: LabelReader, names: Names): MiddlewareStep | undefined {
  const entryPoint = reader.text(...names('frontend.redirect.entryPoint'));
  const pattern = reader.read(names('frontend.redirect.regex'), checkedPattern);
  const replacement = reader.text(...names('frontend.redirect.replacement'));
  const isPermanent = reader.boolean(false, ...names('frontend.redirect.permanent'));
  if (entryPoint !== undefined) return { kind: 'redirect-scheme', scheme: entryPoint, isPermanent };
  if (pattern === undefined || replacement === undefined) return undefined;
  return { kind: 'redirect-regex', pattern, replacement, isPermanent };
}

/** A pattern as it is written, once it is known to be one. */
export function checkedPattern(text: string): Parsed<string> {
  const pattern = compilePattern(text);
  return pattern.ok ? parsed(text) : pattern;
}

const HEADERS = 'frontend.headers';

function headers(reader: LabelReader, names: Names): MiddlewareStep | undefined {
  const property = (name: string): readonly string[] => names(`${HEADERS}.${name}`);
  const request = reader.read(property('customRequestHeaders'), parseHeaderMap) ?? [];
  const custom = reader.read(property('customResponseHeaders'), parseHeaderMap) ?? [];
  const security: HeaderChange[] = [];
  const text = (name: string, header: string): void => {
    const value = reader.text(...property(name));
    if (value !== undefined) security.push([header, value]);
  };
  if (reader.boolean(false, ...property('frameDeny'))) security.push(['X-Frame-Options', 'DENY']);
  text('customFrameOptionsValue', 'X-Frame-Options');
  if (reader.boolean(false, ...property('contentTypeNosniff'))) security.push(['X-Content-Type-Options', 'nosniff']);
  if (reader.boolean(false, ...property('browserXSSFilter'))) security.push(['X-XSS-Protection', '1; mode=block']);
  text('customBrowserXSSValue', 'X-XSS-Protection');
  text('contentSecurityPolicy', 'Content-Security-Policy');
  text('publicKey', 'Public-Key-Pins');
  text('referrerPolicy', 'Referrer-Policy');
  const allowedHosts = reader.list(...property('allowedHosts')).map((host) => host.toLowerCase());
  reader.text(...property('hostsProxyHeaders'));
  reader.text(...property('isDevelopment'));
  const seconds = reader.read(property('STSSeconds'), parseInteger) ?? 0;
  const subdomains = reader.boolean(false, ...property('STSIncludeSubdomains'));
  const preload = reader.boolean(false, ...property('STSPreload'));
  const forceHsts = reader.boolean(false, ...property('forceSTSHeader'));
  const response = [...security, ...custom];
  if (request.length + response.length + allowedHosts.length === 0 && seconds <= 0) return undefined;
  return {
    kind: 'headers',
    request,
    response,
    allowedHosts,
    forceHsts,
    ...(seconds > 0 ? { hsts: hstsValue(seconds, subdomains, preload) } : {}),
  };
}

/** The value of `Strict-Transport-Security`. */
export function hstsValue(seconds: number, includesSubdomains: boolean, preload: boolean): string {
  return `max-age=${String(seconds)}${includesSubdomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`;
}

function sslRedirect(reader: LabelReader, names: Names): MiddlewareStep | undefined {
  const property = (name: string): readonly string[] => names(`${HEADERS}.${name}`);
  const isOn = reader.boolean(false, ...property('SSLRedirect'));
  const isTemporary = reader.boolean(false, ...property('SSLTemporaryRedirect'));
  const host = reader.text(...property('SSLHost'));
  reader.text(...property('SSLForceHost'));
  reader.text(...property('SSLProxyHeaders'));
  if (!isOn) return undefined;
  return {
    kind: 'redirect-scheme',
    scheme: 'https',
    isPermanent: !isTemporary,
    ...(host === undefined ? {} : { host }),
  };
}

function auth(reader: LabelReader, names: Names): MiddlewareStep | undefined | 'spoilt' {
  const base = 'frontend.auth';
  const userHeader = reader.text(...names(`${base}.headerField`));
  const header = userHeader === undefined ? {} : { userHeader };
  for (const kind of ['basic', 'digest'] as const) {
    const usersNames = [...names(`${base}.${kind}.users`), ...names(`${base}.${kind}`)];
    const users = splitList(reader.text(...usersNames) ?? '');
    const removeHeader = reader.boolean(false, ...names(`${base}.${kind}.removeHeader`));
    if (users.length === 0) continue;
    const problem = userListProblem(users, kind);
    if (problem !== undefined) {
      reader.report(
        reader.firstName(...usersNames) ?? '',
        `${problem}; the route is left out rather than open`,
        'route',
      );
      return 'spoilt';
    }
    return { kind: `${kind}-auth`, users, realm: 'traefik', removeHeader, ...header };
  }
  const address = reader.text(...names(`${base}.forward.address`));
  const responseHeaders = splitList(reader.text(...names(`${base}.forward.authResponseHeaders`)) ?? '');
  const trustForwardHeader = reader.boolean(false, ...names(`${base}.forward.trustForwardHeader`));
  const insecureSkipVerify = reader.boolean(false, ...names(`${base}.forward.tls.insecureSkipVerify`));
  if (address === undefined) return undefined;
  if (!/^https?:\/\/[^\s]+$/.test(address)) {
    reader.report(names(`${base}.forward.address`)[0] ?? '', `'${address}' is not an http(s) address`, 'route');
    return 'spoilt';
  }
  return { kind: 'forward-auth', address, trustForwardHeader, requestHeaders: [], responseHeaders, insecureSkipVerify };
}

function clientCertificate(reader: LabelReader, names: Names): MiddlewareStep | undefined {
  const pem = reader.boolean(false, ...names('frontend.passTLSClientCert.pem'));
  const infosPrefix = names('frontend.passTLSClientCert.infos');
  const infos = reader.names().some((name) => infosPrefix.some((prefix) => name.startsWith(`${prefix}.`)));
  reader.accept((name) => infosPrefix.some((prefix) => name.startsWith(`${prefix}.`)));
  return pem || infos ? { kind: 'client-certificate', pem, infos } : undefined;
}

function breaker(reader: LabelReader): MiddlewareStep | undefined {
  const expression = reader.read(
    ['traefik.backend.circuitbreaker.expression', 'traefik.backend.circuitbreaker'],
    (text) => {
      const condition = parseCondition(text, breakerSignatures);
      return condition.ok ? parsed(text) : condition;
    },
  );
  return expression === undefined ? undefined : breakerStep(expression);
}

/** A breaker with Traefik's times, and a minimum of requests. */
export function breakerStep(expression: string): MiddlewareStep & { readonly kind: 'circuit-breaker' } {
  return {
    kind: 'circuit-breaker',
    expression,
    checkPeriodMs: 100,
    fallbackMs: 10_000,
    recoveryMs: 10_000,
    minimumRequests: 10,
    status: 503,
  };
}

function buffering(reader: LabelReader): MiddlewareStep | undefined {
  const base = 'traefik.backend.buffering';
  const maxRequestBytes = reader.integer(`${base}.maxRequestBodyBytes`);
  const maxResponseBytes = reader.integer(`${base}.maxResponseBodyBytes`);
  const memory = [reader.text(`${base}.memRequestBodyBytes`), reader.text(`${base}.memResponseBodyBytes`)];
  const retryExpression = reader.read([`${base}.retryExpression`], (text) => {
    const condition = parseCondition(text, retrySignatures);
    return condition.ok ? parsed(text) : condition;
  });
  const isOn = [maxRequestBytes, maxResponseBytes, retryExpression, ...memory].some((value) => value !== undefined);
  if (!isOn) return undefined;
  return {
    kind: 'buffering',
    maxRequestBytes: maxRequestBytes ?? 0,
    maxResponseBytes: maxResponseBytes ?? 0,
    ...(retryExpression === undefined ? {} : { retryExpression }),
  };
}

/** `client.ip`, `request.host`, `request.header.NAME`. */
export function parseExtractor(text: string): Parsed<Criterion> {
  if (text === 'client.ip') return parsed({ kind: 'client-ip', depth: 0, excluded: [] });
  if (text === 'request.host') return parsed({ kind: 'host' });
  const name = /^request\.header\.(.+)$/.exec(text)?.[1];
  if (name !== undefined) return parsed({ kind: 'header', name: name.toLowerCase() });
  return unparsed(`'${text}' is none of client.ip, request.host, request.header.NAME`);
}

function maxConnections(reader: LabelReader): MiddlewareStep | undefined {
  const amount = reader.integer('traefik.backend.maxconn.amount');
  const criterion = reader.read(
    ['traefik.backend.maxconn.extractorfunc', 'traefik.backend.maxconn.extractorFunc'],
    parseExtractor,
  );
  if (amount === undefined || amount <= 0) return undefined;
  return { kind: 'in-flight', amount, criterion: criterion ?? { kind: 'host' } };
}

function rateLimits(reader: LabelReader, names: Names): [string, MiddlewareStep | undefined][] {
  const base = 'frontend.rateLimit';
  const criterion = reader.read([...names(`${base}.extractorFunc`), ...names(`${base}.extractorfunc`)], parseExtractor);
  const sets = membersBelow(reader, names(`${base}.rateSet`));
  return sets.map((name) => {
    const periodMs = reader.read(names(`${base}.rateSet.${name}.period`), parseDuration);
    const average = reader.integer(...names(`${base}.rateSet.${name}.average`));
    const burst = reader.integer(...names(`${base}.rateSet.${name}.burst`));
    if (periodMs === undefined || periodMs <= 0 || average === undefined || burst === undefined) {
      reader.report(`traefik.frontend.rateLimit.rateSet.${name}`, 'needs a period, an average and a burst');
      return [`rate-${name}`, undefined];
    }
    const by: Criterion = criterion ?? { kind: 'client-ip', depth: 0, excluded: [] };
    return [`rate-${name}`, { kind: 'rate-limit', average, periodMs, burst, criterion: by }];
  });
}
