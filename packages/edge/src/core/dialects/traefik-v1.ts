/** Traefik 1's labels: one frontend and one backend per app, or per segment. */
import type { AppView } from '../app-view.ts';
import {
  defaultPolicy,
  type Fragment,
  type HealthProbe,
  type Router,
  type Service,
  type ServicePolicy,
} from '../model.ts';
import { normalizeHost, parseRuleV1, type RuleV1 } from '../rule/parse-v1.ts';
import { anyOf, parsed, unparsed, type Parsed } from '../rule/rule.ts';
import { limits } from '../../limits.ts';
import { isExposed } from './exposure.ts';
import { LabelReader, parseDuration, parseHeaderMap, parsePort, splitList } from './labels.ts';
import type { DialectOptions } from './options.ts';
import { serversOf, type PortChoice } from './servers.ts';
import { parseMethod, shareOf, withStadionLabels } from './stadion.ts';
import { Middlewares, frontendMiddlewares } from './traefik-v1-middlewares.ts';

/** Label names that begin with a segment, and what may follow it. */
const SEGMENT_PROPERTY = /^traefik\.([^.]+)\.(port|portIndex|portName|weight|protocol|backend|frontend\..+)$/;
const OWN_FAMILIES = new Set(['backend', 'frontend', 'http', 'tcp', 'udp', 'tls', 'marathon', 'docker']);

/** Whether an app has labels of this dialect beyond those that all have in common. */
export function hasTraefikV1Labels(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).some(
    (name) =>
      name.startsWith('traefik.') &&
      !/^traefik\.(enable|tags|http\..*|tcp\..*|udp\..*|tls\..*|marathon\..*|docker\..*)$/i.test(name),
  );
}

/** What an app contributes by these labels; empty when it is not exposed. */
export function parseTraefikV1(app: AppView, options: DialectOptions): Fragment {
  const reader = new LabelReader(app.id, app.labels);
  const routers: Router[] = [];
  const services = new Map<string, Service>();
  const middlewares = new Middlewares();
  if (isExposed(app, reader, options)) {
    const segments = segmentsOf(app.labels);
    for (const segment of segments.slice(0, limits.routersPerSource)) {
      const part = new SegmentReader(app, reader, options, segment);
      const service = part.service();
      if (service === undefined) continue;
      const router = part.router(service.name, middlewares);
      if (router === undefined) continue;
      services.set(service.name, service);
      routers.push(router);
    }
    reader.accept((name) => name === 'traefik.tags' || name === 'traefik.domain');
    reader.reportUnknown(
      (name) => name.startsWith('traefik.') && !/^traefik\.(http|tcp|udp|tls|marathon)\./i.test(name),
    );
  }
  return {
    source: app.id,
    routers,
    services: [...services.values()],
    middlewares: middlewares.list,
    problems: reader.problems,
  };
}

function segmentsOf(labels: Readonly<Record<string, string>>): readonly (string | undefined)[] {
  const names = new Set<string>();
  for (const label of Object.keys(labels)) {
    const name = SEGMENT_PROPERTY.exec(label)?.[1];
    if (name !== undefined && !OWN_FAMILIES.has(name)) names.add(name);
  }
  return names.size === 0 ? [undefined] : [...names].sort();
}

/** Reads one segment; what it does not say itself is the app's. */
class SegmentReader {
  private readonly app: AppView;
  private readonly reader: LabelReader;
  private readonly options: DialectOptions;
  private readonly segment: string | undefined;
  private readonly normalId: string;

  constructor(app: AppView, reader: LabelReader, options: DialectOptions, segment: string | undefined) {
    this.app = app;
    this.reader = reader;
    this.options = options;
    this.segment = segment;
    this.normalId = app.id.replace(/^\//, '').replaceAll('/', '-');
  }

  /** The names under which a property may stand, the segment's first. */
  private readonly names = (property: string): readonly string[] =>
    this.segment === undefined
      ? [`traefik.${property}`]
      : [`traefik.${this.segment}.${property}`, `traefik.${property}`];

  /** The service, or nothing when the app has no such port. */
  service(): Service | undefined {
    const { app, reader, names } = this;
    const weight = reader.integer(...names('weight')) ?? 1;
    const servers = serversOf(app, {
      port: this.portChoice(),
      addressIndex: reader.integer('traefik.ipAddressIdx'),
      weight: Math.max(1, weight),
    });
    if (!servers.ok) {
      reader.report(
        reader.firstName(...names('port'), ...names('portIndex')) ?? 'traefik.port',
        servers.problem,
        'route',
      );
      return undefined;
    }
    const suffix = this.segment === undefined ? '' : `-service-${this.segment}`;
    // As in Traefik 1, a name of one's own has no dash before it.
    const own = reader.text(...names('backend'));
    const name = own === undefined ? `backend-${this.normalId}${suffix}` : `backend${own}${suffix}`;
    return { kind: 'servers', name, policy: this.policy(name), servers: servers.value, ...shareOf(reader) };
  }

  /** The router, or nothing when its rule cannot be read. */
  router(service: string, middlewares: Middlewares): Router | undefined {
    const { reader, names } = this;
    const name = `frontend-${this.normalId}${this.segment === undefined ? '' : `-service-${this.segment}`}`;
    const ruleNames = names('frontend.rule');
    const text = reader.text(...ruleNames);
    const rule = text === undefined ? this.defaultRule() : parseRuleV1(text);
    if (!rule.ok) {
      reader.report(reader.firstName(...ruleNames) ?? 'traefik.frontend.rule', rule.problem, 'route');
      return undefined;
    }
    const before = frontendMiddlewares(reader, names, name, middlewares);
    // A route without the protection that it asked for is worse than none.
    if (before === undefined) return undefined;
    const steps = rule.value.modifiers.map((step, index) => middlewares.add(`${name}-path-${index}`, step));
    const ruleText = text ?? this.defaultRuleText();
    const priority = reader.integer(...names('frontend.priority')) ?? 0;
    const entryPoints = splitList(reader.text(...names('frontend.entryPoints')) ?? '');
    return {
      name,
      source: this.app.id,
      protocol: 'http',
      entryPoints,
      ruleText,
      rule: rule.value.rule,
      priority: priority === 0 ? ruleText.length : priority,
      middlewares: [...before, ...steps],
      service,
    };
  }

  private portChoice(): PortChoice {
    const { reader, names } = this;
    const port = reader.read(names('port'), parsePort);
    const index = reader.integer(...names('portIndex'));
    const portName = this.segment === undefined ? undefined : reader.text(`traefik.${this.segment}.portName`);
    if (port !== undefined) return { kind: 'fixed', port };
    if (portName !== undefined) return { kind: 'name', name: portName };
    return { kind: 'index', index: index ?? 0 };
  }

  private policy(name: string): ServicePolicy {
    const { reader, names } = this;
    const scheme = reader.read(names('protocol'), parseScheme) ?? 'http';
    const method = reader.read(['traefik.backend.loadbalancer.method'], parseMethod);
    const probe = this.probe();
    const isSticky =
      reader.boolean(false, 'traefik.backend.loadbalancer.stickiness') ||
      reader.boolean(false, 'traefik.backend.loadbalancer.sticky');
    const cookie = {
      name: reader.text('traefik.backend.loadbalancer.stickiness.cookieName') ?? `_${shortHash(name)}`,
      secure: reader.boolean(false, 'traefik.backend.loadbalancer.stickiness.secure'),
      httpOnly: reader.boolean(false, 'traefik.backend.loadbalancer.stickiness.httpOnly'),
      ...optionalSameSite(reader.text('traefik.backend.loadbalancer.stickiness.sameSite')),
    };
    reader.text('traefik.backend.responseForwarding.flushInterval');
    const policy: ServicePolicy = {
      ...defaultPolicy,
      scheme,
      passHostHeader: reader.boolean(true, ...names('frontend.passHostHeader')),
      ...(method === undefined ? {} : { method }),
      ...(isSticky ? { sticky: cookie } : {}),
      ...(probe === undefined ? {} : { probe }),
    };
    return withStadionLabels(reader, policy);
  }

  private probe(): HealthProbe | undefined {
    const { reader } = this;
    const base = 'traefik.backend.healthcheck';
    const path = reader.text(`${base}.path`);
    const intervalMs = reader.read([`${base}.interval`], parseDuration) ?? 30_000;
    const port = reader.read([`${base}.port`], parsePort);
    const scheme = reader.read([`${base}.scheme`], parseScheme);
    const hostname = reader.text(`${base}.hostname`);
    const headers = reader.read([`${base}.headers`], parseHeaderMap) ?? [];
    if (path === undefined) return undefined;
    return {
      path,
      intervalMs: Math.max(100, intervalMs),
      timeoutMs: 5_000,
      method: 'GET',
      headers: Object.fromEntries(headers),
      fall: 1,
      rise: 1,
      ...(port === undefined ? {} : { port }),
      ...(scheme === undefined || scheme === 'h2c' ? {} : { scheme }),
      ...(hostname === undefined ? {} : { hostname }),
    };
  }

  private defaultRuleText(): string {
    return `Host:${this.defaultHosts().join(',')}`;
  }

  private defaultRule(): Parsed<RuleV1> {
    const hosts = this.defaultHosts().map((host) => ({ kind: 'host' as const, host: normalizeHost(host) }));
    return parsed({ rule: anyOf(hosts), modifiers: [] });
  }

  private defaultHosts(): readonly string[] {
    const vhosts = splitList(this.app.labels['HAPROXY_0_VHOST'] ?? '');
    if (vhosts.length > 0 && this.segment === undefined) return vhosts;
    const parts = this.app.id.split('/').filter((part) => part !== '');
    const name = this.options.groupsAsSubDomains ? parts.reverse().join('.') : parts.join('-');
    const domain = this.reader.text('traefik.domain') ?? this.options.domain;
    const host = domain === '' ? name : `${name}.${domain}`;
    return [this.segment === undefined ? host : `${this.segment.toLowerCase()}.${host}`];
  }
}

function parseScheme(text: string): Parsed<'http' | 'https' | 'h2c'> {
  return text === 'http' || text === 'https' || text === 'h2c'
    ? parsed(text)
    : unparsed(`'${text}' is none of http, https, h2c`);
}

/** Five hex digits of a name, for cookies that are told apart. */
export function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0').slice(0, 5);
}

/** The member of a cookie, where the text is one of its words. */
export function optionalSameSite(text: string | undefined): { readonly sameSite?: 'none' | 'lax' | 'strict' } {
  const word = text?.toLowerCase();
  return word === 'none' || word === 'lax' || word === 'strict' ? { sameSite: word } : {};
}
