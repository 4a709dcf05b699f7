/** marathon-lb's labels: `HAPROXY_{n}_…`, where n counts the app's service ports. */
import type { AppView, DeclaredCheck } from '../app-view.ts';
import {
  defaultPolicy,
  type Fragment,
  type HealthProbe,
  type MiddlewareStep,
  type Router,
  type Service,
  type ServicePolicy,
} from '../model.ts';
import { parseRanges } from '../policy/address-ranges.ts';
import { normalizeHost } from '../rule/parse-v1.ts';
import { allOf, anyOf, parsed, unparsed, type Parsed, type Rule } from '../rule/rule.ts';
import { LabelReader, parseInteger, parsePort, splitList } from './labels.ts';
import type { DialectOptions } from './options.ts';
import { serversOf } from './servers.ts';
import { parseMethod, shareOf, withStadionLabels } from './stadion.ts';
import { readTemplates } from './marathon-lb-templates.ts';
import { Middlewares } from './traefik-v1-middlewares.ts';
import { isKnownHash } from './user-lists.ts';

/** The cookie by which marathon-lb's users know affinity. */
const STICKY_COOKIE = 'mesosphere_server_id';
/** Six months, as marathon-lb says. */
const HSTS = 'max-age=15768000';
/** One step of BACKEND_WEIGHT outranks any length of a path. */
const WEIGHT_STEP = 100_000;

const APP_LABELS = new Set([
  'HAPROXY_GROUP',
  'HAPROXY_APP_ID',
  'HAPROXY_DEPLOYMENT_GROUP',
  'HAPROXY_DEPLOYMENT_ALT_PORT',
  'HAPROXY_DEPLOYMENT_COLOUR',
  'HAPROXY_DEPLOYMENT_STARTED_AT',
  'HAPROXY_DEPLOYMENT_TARGET_INSTANCES',
  'HAPROXY_DEPLOYMENT_NEW_INSTANCES',
]);

/** Whether an app has labels of this dialect. */
export function hasMarathonLbLabels(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).some((name) => name.startsWith('HAPROXY_'));
}

/** The booleans of marathon-lb: everything else, `1` and `on` included, is false. */
function parseBoolean(text: string): boolean {
  return ['true', 't', 'yes', 'y'].includes(text.trim().toLowerCase());
}

/** What an app contributes by these labels; empty when no group of this edge wants it. */
export function parseMarathonLb(app: AppView, options: DialectOptions): Fragment {
  const reader = new LabelReader(app.id, app.labels);
  const routers: Router[] = [];
  const services: Service[] = [];
  const middlewares = new Middlewares();
  let isFirstHttp = true;
  app.ports.forEach(({ servicePort }, index) => {
    const part = new ServiceReader(app, reader, options, index, servicePort ?? 0);
    if (!part.isWanted()) return;
    const made = part.read(middlewares, isFirstHttp);
    if (made === undefined) return;
    if (part.mode === 'http') isFirstHttp = false;
    services.push(made.service);
    routers.push(...made.routers);
  });
  reader.accept((name) => APP_LABELS.has(name));
  if (services.length > 0) reader.reportUnknown((name) => name.startsWith('HAPROXY_'));
  return { source: app.id, routers, services, middlewares: middlewares.list, problems: reader.problems };
}

/** One service port of an app. */
class ServiceReader {
  private readonly app: AppView;
  private readonly reader: LabelReader;
  private readonly options: DialectOptions;
  private readonly index: number;
  private readonly servicePort: number;

  constructor(app: AppView, reader: LabelReader, options: DialectOptions, index: number, servicePort: number) {
    this.app = app;
    this.reader = reader;
    this.options = options;
    this.index = index;
    this.servicePort = reader.read([`HAPROXY_${index}_PORT`], parsePort) ?? servicePort;
  }

  /** `http` or `tcp`: the label, else a check of protocol HTTP, else whether there is a virtual host. */
  get mode(): 'http' | 'tcp' {
    const written = this.text('MODE');
    if (written === 'http' || written === 'tcp') return written;
    if (this.check(this.index)?.protocol === 'HTTP' || this.text('VHOST') !== undefined) return 'http';
    return 'tcp';
  }

  /** By its groups, and by ENABLED. */
  isWanted(): boolean {
    const groups = splitList(this.text('GROUP') ?? this.reader.text('HAPROXY_GROUP') ?? '');
    const { options } = this;
    const isInGroup = options.groups.includes('*') || groups.some((group) => options.groups.includes(group));
    const enabled = this.text('ENABLED');
    return isInGroup && (enabled === undefined ? !options.strictMode : parseBoolean(enabled));
  }

  read(
    middlewares: Middlewares,
    isFirstHttp: boolean,
  ): { readonly service: Service; readonly routers: readonly Router[] } | undefined {
    const { app, reader, index } = this;
    const name = `${app.id.replace(/^\//, '').replaceAll('/', '_')}_${String(this.servicePort)}`;
    const servers = serversOf(app, { port: { kind: 'index', index }, addressIndex: undefined, weight: 1 });
    if (!servers.ok) {
      reader.report(this.name('VHOST'), servers.problem, 'route');
      return undefined;
    }
    const templates = readTemplates(reader, index);
    const steps = this.steps();
    const auth = this.auth();
    if (steps === 'spoilt' || auth === 'spoilt') return undefined;
    const common = [...steps, ...templates.steps].map((step, at) => middlewares.add(`${name}-${at}`, step));
    const guarded = auth === undefined ? common : [middlewares.add(`${name}-auth`, auth), ...common];
    const service: Service = {
      kind: 'servers',
      name,
      policy: withStadionLabels(reader, { ...this.policy(), ...templates.policy }),
      servers: servers.value,
      ...shareOf(reader),
    };
    const routers = [
      ...(this.mode === 'http' ? this.virtualHosts(name, guarded, middlewares) : []),
      ...(this.mode === 'http' && isFirstHttp ? [this.byAppId(name, guarded)] : []),
      ...(this.options.servicePorts && this.servicePort > 0 ? [this.byServicePort(name, guarded)] : []),
    ];
    return { service, routers };
  }

  private name(suffix: string): string {
    return `HAPROXY_${this.index}_${suffix}`;
  }

  private text(suffix: string): string | undefined {
    return this.reader.text(this.name(suffix));
  }

  private flag(suffix: string): boolean {
    const text = this.text(suffix);
    return text !== undefined && parseBoolean(text);
  }

  private check(index: number): DeclaredCheck | undefined {
    return this.app.checks.find(({ port, portIndex }) => port !== undefined || portIndex === index);
  }

  private policy(): ServicePolicy {
    const method = this.reader.read([this.name('BALANCE')], parseMethod);
    const isSticky = this.flag('STICKY');
    const probe = this.probe();
    return {
      ...defaultPolicy,
      ...(method === undefined ? {} : { method }),
      ...(isSticky ? { sticky: { name: STICKY_COOKIE, secure: false, httpOnly: false } } : {}),
      ...(probe === undefined ? {} : { probe }),
    };
  }

  /** The edge's own probes, from the app's check; HTTPS ones over TLS, which marathon-lb sent in clear text. */
  private probe(): HealthProbe | undefined {
    const other = this.reader.read([this.name('BACKEND_HEALTHCHECK_PORT_INDEX')], parseInteger);
    const check = this.check(other ?? this.index);
    const isHttp = check?.protocol.includes('HTTP') === true;
    // Probes of another port than the server's need a fixed one; Marathon's own verdict covers the rest.
    const isOfOther = other !== undefined && other !== this.index;
    if (check === undefined) return undefined;
    if (check.protocol === 'COMMAND' || isOfOther) return undefined;
    return {
      path: check.path,
      intervalMs: check.intervalMs,
      timeoutMs: check.timeoutMs,
      method: 'GET',
      headers: {},
      fall: check.fall,
      rise: 2,
      ...(check.port === undefined ? {} : { port: check.port }),
      ...(check.protocol.includes('HTTPS') ? { scheme: 'https' as const } : {}),
      ...(isHttp && this.mode === 'http' ? {} : { isTcp: true }),
    };
  }

  private steps(): readonly MiddlewareStep[] | 'spoilt' {
    const steps: MiddlewareStep[] = [];
    const acl = this.text('BACKEND_NETWORK_ALLOWED_ACL');
    if (acl !== undefined) {
      const ranges = acl.split(/[\s,]+/).filter((part) => part !== '');
      const outcome = parseRanges(ranges);
      if (!outcome.ok || ranges.length === 0) {
        const problem = outcome.ok ? 'is empty' : outcome.problem;
        this.reader.report(this.name('BACKEND_NETWORK_ALLOWED_ACL'), problem, 'route');
        return 'spoilt';
      }
      steps.push({ kind: 'allow-list', ranges, depth: 0, excluded: [] });
    }
    if (this.flag('USE_HSTS')) {
      steps.push({ kind: 'headers', request: [], response: [], allowedHosts: [], hsts: HSTS, forceHsts: false });
    }
    const proxyPass = this.text('HTTP_BACKEND_PROXYPASS_PATH');
    const [host] = this.hosts();
    if (proxyPass !== undefined) {
      steps.push({ kind: 'strip-prefix', prefixes: [proxyPass], forceSlash: true });
      if (host !== undefined) steps.push({ kind: 'replace-host', host });
    }
    const location = this.text('HTTP_BACKEND_REVPROXY_PATH');
    if (location !== undefined) steps.push({ kind: 'rewrite-location', path: location });
    const redirect = this.text('HTTP_BACKEND_REDIR');
    if (redirect !== undefined) {
      // Only the root of the host is sent on, and to a place that begins with it.
      steps.push({
        kind: 'redirect-regex',
        pattern: '^(https?://[^/]+)/$',
        replacement: redirect.startsWith('/') ? `\${1}${redirect}` : redirect,
        isPermanent: true,
      });
    }
    return steps;
  }

  /** `realm:user:crypt-hash`; enforced on every way in, which marathon-lb did not. */
  private auth(): MiddlewareStep | undefined | 'spoilt' {
    const text = this.text('AUTH');
    if (text === undefined) return undefined;
    const [realm = '', user = '', hash = '', ...more] = text.split(':');
    if (user === '' || more.length > 0 || !isKnownHash(hash)) {
      const problem = 'is not of the form realm:user:crypt-hash; the route is left out rather than open';
      this.reader.report(this.name('AUTH'), problem, 'route');
      return 'spoilt';
    }
    return { kind: 'basic-auth', users: [`${user}:${hash}`], realm, removeHeader: false };
  }

  private hosts(): readonly string[] {
    return splitList(this.text('VHOST') ?? '').map(normalizeHost);
  }

  private virtualHosts(service: string, middlewares: readonly string[], all: Middlewares): readonly Router[] {
    const hosts = this.hosts();
    if (hosts.length === 0) return [];
    const prefixes = this.reader.read([this.name('PATH')], parsePaths) ?? [];
    const weight = this.weight(prefixes.length > 0);
    const rule = allOf([
      anyOf(hosts.map((host) => ({ kind: 'host' as const, host }))),
      ...(prefixes.length === 0 ? [] : [anyOf(prefixes)]),
    ]);
    const longest = Math.max(
      0,
      ...prefixes.map((prefix) => (prefix.kind === 'path-prefix' ? prefix.prefix.length : 0)),
    );
    const base: Router = {
      name: `${service}-vhost`,
      source: this.app.id,
      protocol: 'http',
      entryPoints: [],
      ruleText: `${hosts.join(',')}${this.text('PATH') ?? ''}`,
      rule,
      priority: (weight + 2) * WEIGHT_STEP + longest,
      middlewares,
      service,
    };
    if (!this.flag('REDIRECT_TO_HTTPS')) return [base];
    const redirect = all.add(`${service}-https`, { kind: 'redirect-scheme', scheme: 'https', isPermanent: true });
    return [
      { ...base, name: `${service}-redirect`, entryPoints: ['http'], middlewares: [redirect] },
      { ...base, entryPoints: ['https'] },
    ];
  }

  /** The order of rules; an explicit 0 together with a path is 1, as in marathon-lb. */
  private weight(hasPath: boolean): number {
    const written = this.reader.read([this.name('BACKEND_WEIGHT')], parseInteger) ?? 0;
    return hasPath && written === 0 ? 1 : Math.max(-1, Math.min(1_000, written));
  }

  private byAppId(service: string, middlewares: readonly string[]): Router {
    return {
      name: `${service}-appid`,
      source: this.app.id,
      protocol: 'http',
      entryPoints: ['appid'],
      ruleText: `X-Marathon-App-Id: ${this.app.id}`,
      rule: { kind: 'header', name: 'x-marathon-app-id', value: this.app.id },
      priority: 1,
      middlewares,
      service,
    };
  }

  private byServicePort(service: string, middlewares: readonly string[]): Router {
    return {
      name: `${service}-port`,
      source: this.app.id,
      protocol: this.mode,
      entryPoints: [`port:${String(this.servicePort)}`],
      ruleText: `port ${String(this.servicePort)}`,
      rule: { kind: 'always' },
      priority: 1,
      middlewares,
      service,
    };
  }
}

function parsePaths(text: string): Parsed<readonly Rule[]> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const ignoreCase = words.includes('-i');
  const paths = words.filter((word) => word !== '-i');
  const wrong = paths.find((path) => !path.startsWith('/'));
  if (wrong !== undefined) return unparsed(`'${wrong}' does not begin with a slash`);
  return parsed(
    paths.map((prefix): Rule => ({ kind: 'path-prefix', prefix, ...(ignoreCase ? { ignoreCase: true } : {}) })),
  );
}
