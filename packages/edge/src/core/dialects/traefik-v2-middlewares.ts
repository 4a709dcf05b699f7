/** Traefik 2's middlewares by labels: `traefik.http.middlewares.<name>.<kind>.<option>`, all in lower case here. */
import { breakerSignatures, parseCondition, retrySignatures } from '../breaker/expression.ts';
import type { Criterion, HeaderChange, Middleware, MiddlewareStep } from '../model.ts';
import { parseRanges } from '../policy/address-ranges.ts';
import { headerProblem, parseStatusRanges, type LabelReader } from './labels.ts';
import { breakerStep, checkedPattern, hstsValue } from './traefik-v1-middlewares.ts';
import { userListProblem } from './user-lists.ts';

const PREFIX = 'traefik.http.middlewares.';

/** The middlewares of an app, and the names of those that cannot be read. */
export interface ParsedMiddlewares {
  readonly list: readonly Middleware[];
  readonly spoilt: readonly string[];
}

/** Reads all middlewares. */
export function parseMiddlewares(reader: LabelReader): ParsedMiddlewares {
  const kinds = new Map<string, string>();
  for (const label of reader.names()) {
    const [name, kind] = label.startsWith(PREFIX) ? label.slice(PREFIX.length).split('.') : [];
    if (name !== undefined && kind !== undefined && !kinds.has(name)) kinds.set(name, kind);
  }
  const list: Middleware[] = [];
  const spoilt: string[] = [];
  for (const [name, kind] of kinds) {
    const step = new MiddlewareReader(reader, `${PREFIX}${name}.${kind}`).step(kind);
    if (step === undefined) spoilt.push(name);
    else list.push({ name, step });
  }
  return { list, spoilt };
}

class MiddlewareReader {
  private readonly reader: LabelReader;
  private readonly base: string;

  constructor(reader: LabelReader, base: string) {
    this.reader = reader;
    this.base = base;
  }

  /** The step; undefined, and reported, when it cannot be read. */
  step(kind: string): MiddlewareStep | undefined {
    switch (kind) {
      case 'addprefix':
        return { kind: 'add-prefix', prefix: this.text('prefix') ?? '' };
      case 'stripprefix':
        return { kind: 'strip-prefix', prefixes: this.list('prefixes'), forceSlash: this.flag('forceslash', true) };
      case 'stripprefixregex':
        return this.stripPrefixRegex();
      case 'replacepath':
        return { kind: 'replace-path', path: this.text('path') ?? '/' };
      case 'replacepathregex':
        return this.withPattern((pattern, replacement) => ({ kind: 'replace-path-regex', pattern, replacement }));
      case 'redirectregex':
        return this.withPattern((pattern, replacement) => ({
          kind: 'redirect-regex',
          pattern,
          replacement,
          isPermanent: this.flag('permanent', false),
        }));
      case 'redirectscheme':
        return this.redirectScheme();
      case 'basicauth':
      case 'digestauth':
        return this.userAuth(kind === 'basicauth' ? 'basic' : 'digest');
      case 'forwardauth':
        return this.forwardAuth();
      case 'ipallowlist':
      case 'ipwhitelist':
        return this.allowList();
      case 'ratelimit':
        return this.rateLimit();
      case 'inflightreq':
        return { kind: 'in-flight', amount: this.integer('amount') ?? 0, criterion: this.criterion() };
      case 'retry':
        return {
          kind: 'retry',
          attempts: Math.max(1, this.integer('attempts') ?? 1),
          initialIntervalMs: this.reader.duration(this.name('initialinterval')) ?? 0,
        };
      case 'circuitbreaker':
        return this.breaker();
      case 'buffering':
        return this.buffering();
      case 'compress':
        this.reader.accept((label) => label === this.base || label.startsWith(`${this.base}.`));
        return { kind: 'compress', minBytes: this.integer('minresponsebodybytes') ?? 1024 };
      case 'errors':
        return this.errors();
      case 'headers':
        return this.headers();
      case 'passtlsclientcert':
        this.reader.accept((label) => label.startsWith(`${this.base}.`));
        return { kind: 'client-certificate', pem: this.flag('pem', false), infos: this.hasAny('info.') };
      case 'chain':
        return { kind: 'chain', middlewares: this.list('middlewares').map((name) => name.split('@')[0] ?? name) };
      case 'contenttype':
        // Types are never guessed here: there is nothing to switch off.
        this.reader.accept((label) => label.startsWith(this.base));
        return { kind: 'chain', middlewares: [] };
      default:
        this.reader.report(this.base, `there is no middleware '${kind}' here`, 'route');
        this.reader.accept((label) => label.startsWith(this.base));
        return undefined;
    }
  }

  private name(option: string): string {
    return `${this.base}.${option}`;
  }

  private text(option: string): string | undefined {
    return this.reader.text(this.name(option));
  }

  private list(option: string): readonly string[] {
    return this.reader.list(this.name(option));
  }

  private integer(option: string): number | undefined {
    return this.reader.integer(this.name(option));
  }

  private flag(option: string, fallback: boolean): boolean {
    return this.reader.boolean(fallback, this.name(option));
  }

  private hasAny(prefix: string): boolean {
    return this.reader.names().some((label) => label.startsWith(this.name(prefix)));
  }

  /** Reports what spoils the middleware; it gives nothing, so that it can be returned. */
  private spoilt(option: string, problem: string): MiddlewareStep | undefined {
    this.reader.report(this.name(option), problem, 'route');
    return undefined;
  }

  private withPattern(make: (pattern: string, replacement: string) => MiddlewareStep): MiddlewareStep | undefined {
    const text = this.text('regex');
    if (text === undefined) {
      this.spoilt('regex', 'is missing');
      return;
    }
    const pattern = checkedPattern(text);
    return pattern.ok ? make(text, this.text('replacement') ?? '') : this.spoilt('regex', pattern.problem);
  }

  private stripPrefixRegex(): MiddlewareStep | undefined {
    const patterns = this.list('regex');
    for (const text of patterns) {
      const pattern = checkedPattern(text);
      if (!pattern.ok) {
        this.spoilt('regex', pattern.problem);
        return;
      }
    }
    return { kind: 'strip-prefix-regex', patterns };
  }

  private redirectScheme(): MiddlewareStep {
    const port = this.text('port');
    const scheme = this.text('scheme') ?? 'https';
    return {
      kind: 'redirect-scheme',
      scheme,
      isPermanent: this.flag('permanent', false),
      ...(port === undefined ? {} : { port }),
    };
  }

  private userAuth(kind: 'basic' | 'digest'): MiddlewareStep | undefined {
    const users = this.list('users');
    const problem = users.length === 0 ? 'there are no users' : userListProblem(users, kind);
    const removeHeader = this.flag('removeheader', false);
    const userHeader = this.text('headerfield');
    const realm = this.text('realm') ?? 'traefik';
    if (problem !== undefined) {
      this.spoilt('users', problem);
      return;
    }
    const header = userHeader === undefined ? {} : { userHeader };
    return { kind: `${kind}-auth`, users, realm, removeHeader, ...header };
  }

  private forwardAuth(): MiddlewareStep | undefined {
    const address = this.text('address') ?? '';
    const step: MiddlewareStep = {
      kind: 'forward-auth',
      address,
      trustForwardHeader: this.flag('trustforwardheader', false),
      requestHeaders: this.list('authrequestheaders').map((name) => name.toLowerCase()),
      responseHeaders: this.list('authresponseheaders').map((name) => name.toLowerCase()),
      insecureSkipVerify: this.flag('tls.insecureskipverify', false),
    };
    return /^https?:\/\/\S+$/.test(address) ? step : this.spoilt('address', `'${address}' is not an http(s) address`);
  }

  private ipStrategy(prefix: string): { readonly depth: number; readonly excluded: readonly string[] } {
    return { depth: this.integer(`${prefix}depth`) ?? 0, excluded: this.list(`${prefix}excludedips`) };
  }

  private allowList(): MiddlewareStep | undefined {
    const ranges = this.list('sourcerange');
    const strategy = this.ipStrategy('ipstrategy.');
    const outcome = parseRanges([...ranges, ...strategy.excluded]);
    if (!outcome.ok) {
      this.spoilt('sourcerange', outcome.problem);
      return;
    }
    if (ranges.length === 0) {
      this.spoilt('sourcerange', 'is empty');
      return;
    }
    return { kind: 'allow-list', ranges, ...strategy };
  }

  private criterion(): Criterion {
    const base = 'sourcecriterion.';
    const header = this.text(`${base}requestheadername`);
    if (header !== undefined) return { kind: 'header', name: header.toLowerCase() };
    if (this.flag(`${base}requesthost`, false)) return { kind: 'host' };
    return { kind: 'client-ip', ...this.ipStrategy(`${base}ipstrategy.`) };
  }

  private rateLimit(): MiddlewareStep {
    return {
      kind: 'rate-limit',
      average: Math.max(0, this.integer('average') ?? 0),
      periodMs: Math.max(1, this.reader.duration(this.name('period')) ?? 1000),
      burst: Math.max(1, this.integer('burst') ?? 1),
      criterion: this.criterion(),
    };
  }

  private breaker(): MiddlewareStep | undefined {
    const expression = this.text('expression') ?? '';
    const condition = parseCondition(expression, breakerSignatures);
    if (!condition.ok) {
      this.spoilt('expression', condition.problem);
      return;
    }
    const step = breakerStep(expression);
    const time = (option: string): number | undefined => this.reader.duration(this.name(option));
    return {
      ...step,
      checkPeriodMs: time('checkperiod') ?? step.checkPeriodMs,
      fallbackMs: time('fallbackduration') ?? step.fallbackMs,
      recoveryMs: time('recoveryduration') ?? step.recoveryMs,
      status: this.integer('responsecode') ?? step.status,
    };
  }

  private buffering(): MiddlewareStep | undefined {
    this.reader.accept((label) => label.startsWith(this.name('mem')));
    const retryExpression = this.text('retryexpression');
    if (retryExpression !== undefined) {
      const condition = parseCondition(retryExpression, retrySignatures);
      if (!condition.ok) {
        this.spoilt('retryexpression', condition.problem);
        return;
      }
    }
    return {
      kind: 'buffering',
      maxRequestBytes: this.integer('maxrequestbodybytes') ?? 0,
      maxResponseBytes: this.integer('maxresponsebodybytes') ?? 0,
      ...(retryExpression === undefined ? {} : { retryExpression }),
    };
  }

  private errors(): MiddlewareStep | undefined {
    const statuses = this.reader.read([this.name('status')], parseStatusRanges);
    const service = this.text('service');
    const query = this.text('query') ?? '/';
    if (statuses === undefined || service === undefined) {
      this.spoilt('service', 'errors need a status and a service');
      return;
    }
    return { kind: 'errors', statuses, service: service.split('@')[0]?.toLowerCase() ?? service, query };
  }

  private headers(): MiddlewareStep | undefined {
    const request = this.headerMap('customrequestheaders');
    const custom = this.headerMap('customresponseheaders');
    const security: HeaderChange[] = [];
    const add = (option: string, header: string): void => {
      const value = this.text(option);
      if (value !== undefined) security.push([header, value]);
    };
    if (this.flag('framedeny', false)) security.push(['X-Frame-Options', 'DENY']);
    add('customframeoptionsvalue', 'X-Frame-Options');
    if (this.flag('contenttypenosniff', false)) security.push(['X-Content-Type-Options', 'nosniff']);
    if (this.flag('browserxssfilter', false)) security.push(['X-XSS-Protection', '1; mode=block']);
    add('custombrowserxssvalue', 'X-XSS-Protection');
    add('contentsecuritypolicy', 'Content-Security-Policy');
    add('referrerpolicy', 'Referrer-Policy');
    add('permissionspolicy', 'Permissions-Policy');
    add('publickey', 'Public-Key-Pins');
    const seconds = this.integer('stsseconds') ?? 0;
    const hsts = hstsValue(seconds, this.flag('stsincludesubdomains', false), this.flag('stspreload', false));
    const cors = this.crossOrigin();
    const problem = [...request, ...custom, ...security]
      .map(([name, value]) => headerProblem(name, value))
      .find((one) => one !== undefined);
    if (problem !== undefined) {
      this.spoilt('headers', problem);
      return;
    }
    return {
      kind: 'headers',
      request,
      response: [...security, ...custom],
      allowedHosts: this.list('allowedhosts').map((host) => host.toLowerCase()),
      forceHsts: this.flag('forcestsheader', false),
      ...(seconds > 0 ? { hsts } : {}),
      ...(cors === undefined ? {} : { cors }),
    };
  }

  private headerMap(option: string): readonly HeaderChange[] {
    const prefix = `${this.name(option)}.`;
    return this.reader
      .names()
      .filter((label) => label.startsWith(prefix))
      .map((label): HeaderChange => [label.slice(prefix.length), this.reader.text(label) ?? '']);
  }

  private crossOrigin(): (MiddlewareStep & { readonly kind: 'headers' })['cors'] {
    const option = (name: string): readonly string[] => this.list(`accesscontrol${name}`);
    const allowOrigins = option('alloworiginlist');
    const allowOriginPatterns = option('alloworiginlistregex').filter((text) => checkedPattern(text).ok);
    const cors = {
      allowOrigins,
      allowOriginPatterns,
      allowMethods: option('allowmethods'),
      allowHeaders: option('allowheaders'),
      exposeHeaders: option('exposeheaders'),
      allowCredentials: this.flag('accesscontrolallowcredentials', false),
      maxAgeSeconds: this.integer('accesscontrolmaxage') ?? 0,
      addVary: this.flag('addvaryheader', true),
    };
    return allowOrigins.length + allowOriginPatterns.length === 0 ? undefined : cors;
  }
}
