/** Traefik 2's labels (and what version 3 renamed): routers, services and middlewares, HTTP and TCP. Names ignore case. */
import type { AppView } from '../app-view.ts';
import {
  defaultPolicy,
  type Fragment,
  type HealthProbe,
  type Router,
  type RouterTls,
  type Service,
  type ServicePolicy,
} from '../model.ts';
import { escapePattern } from '../rule/patterns.ts';
import { parseRuleV2, parseTcpRule } from '../rule/parse-v2.ts';
import { parsed, unparsed, type Parsed } from '../rule/rule.ts';
import { limits } from '../../limits.ts';
import { isExposed } from './exposure.ts';
import { LabelReader, headerProblem, parsePort, splitList } from './labels.ts';
import type { DialectOptions } from './options.ts';
import { serversOf, type PortChoice } from './servers.ts';
import { parseMethod, shareOf, withStadionLabels } from './stadion.ts';
import { optionalSameSite, shortHash } from './traefik-v1.ts';
import { parseMiddlewares } from './traefik-v2-middlewares.ts';

/** Whether an app has labels of this dialect. */
export function hasTraefikV2Labels(labels: Readonly<Record<string, string>>): boolean {
  return Object.keys(labels).some((name) => /^traefik\.(http|tcp|udp)\./i.test(name));
}

/** What an app contributes by these labels; empty when it is not exposed. */
export function parseTraefikV2(app: AppView, options: DialectOptions): Fragment {
  const reader = new LabelReader(app.id, app.labels, true);
  const empty = { source: app.id, routers: [], services: [], middlewares: [] };
  if (!isExposed(app, reader, options)) return { ...empty, problems: reader.problems };
  const parser = new V2Parser(app, reader, options);
  const middlewares = parseMiddlewares(reader);
  const services = [...parser.services('http'), ...parser.services('tcp')];
  const isTcpOnly = reader.names().some((name) => /^traefik\.(tcp|udp)\./.test(name));
  const routers = [...parser.routers('http', services, !isTcpOnly), ...parser.routers('tcp', services, false)];
  for (const name of reader.names()) {
    if (name.startsWith('traefik.udp.')) reader.report(name, 'UDP is not routed here');
  }
  reader.accept((name) => name === 'traefik.tags' || name.startsWith('traefik.udp.'));
  reader.reportUnknown((name) => /^traefik\.(http|tcp|marathon)\./.test(name));
  const spoilt = new Set(middlewares.spoilt);
  const usable = routers.filter(({ name, middlewares: used }) => {
    const missing = used.find((one) => spoilt.has(one));
    if (missing === undefined) return true;
    reader.report(
      `traefik.http.routers.${name}`,
      `the middleware '${missing}' cannot be read; the route is left out`,
      'route',
    );
    return false;
  });
  return { source: app.id, routers: usable, services, middlewares: middlewares.list, problems: reader.problems };
}

class V2Parser {
  private readonly app: AppView;
  private readonly reader: LabelReader;
  private readonly options: DialectOptions;

  constructor(app: AppView, reader: LabelReader, options: DialectOptions) {
    this.app = app;
    this.reader = reader;
    this.options = options;
  }

  /** The services that labels name; one of its own where none is named. */
  services(protocol: 'http' | 'tcp'): readonly Service[] {
    const names = this.namesBelow(`traefik.${protocol}.services.`);
    const isDefault =
      names.length === 0 && this.app.fixedServers === undefined && (protocol === 'http' || this.hasRouters('tcp'));
    const all = isDefault ? [this.defaultName()] : names;
    return all.slice(0, limits.routersPerSource).flatMap((name) => this.service(protocol, name) ?? []);
  }

  /** @param isAutomatic whether an app without routers gets one with the default rule */
  routers(protocol: 'http' | 'tcp', services: readonly Service[], isAutomatic: boolean): readonly Router[] {
    const names = this.namesBelow(`traefik.${protocol}.routers.`);
    const all = names.length === 0 && isAutomatic && protocol === 'http' ? [this.defaultName()] : names;
    return all.slice(0, limits.routersPerSource).flatMap((name) => this.router(protocol, name, services) ?? []);
  }

  private hasRouters(protocol: string): boolean {
    return this.namesBelow(`traefik.${protocol}.routers.`).length > 0;
  }

  private namesBelow(prefix: string): readonly string[] {
    const names = new Set<string>();
    for (const label of this.reader.names()) {
      const name = label.startsWith(prefix) ? label.slice(prefix.length).split('.')[0] : undefined;
      if (name !== undefined && name !== '') names.add(name);
    }
    return [...names].sort();
  }

  private defaultName(): string {
    return this.app.id.replace(/^\//, '').replaceAll('/', '_').toLowerCase();
  }

  private service(protocol: 'http' | 'tcp', name: string): Service | undefined {
    const { app, reader } = this;
    const base = `traefik.${protocol}.services.${name}.loadbalancer`;
    const composed = new RegExp(
      `^traefik\\.http\\.services\\.${escapePattern(name)}\\.(weighted|mirroring|failover)\\.`,
    );
    if (protocol === 'http' && reader.names().some((label) => composed.test(label))) return this.composed(name);
    const { fixedServers = {} } = app;
    // A service may be called like a member that every object has.
    const fixed = Object.hasOwn(fixedServers, name) ? fixedServers[name] : undefined;
    if (fixed !== undefined) {
      const policy = protocol === 'tcp' ? this.tcpPolicy(base) : { ...this.policy(base, name), scheme: fixed.scheme };
      return { kind: 'servers', name, policy, servers: fixed.servers };
    }
    const port = reader.read([`${base}.server.port`], parsePortChoice) ?? { kind: 'index', index: 0 };
    const servers = serversOf(app, {
      port,
      addressIndex: reader.integer('traefik.marathon.ipaddressidx'),
      weight: 1,
    });
    if (!servers.ok) {
      reader.report(`${base}.server.port`, servers.problem, 'route');
      return undefined;
    }
    const policy = protocol === 'tcp' ? this.tcpPolicy(base) : this.policy(base, name);
    return { kind: 'servers', name, policy, servers: servers.value, ...shareOf(reader) };
  }

  /** Services of services: Traefik takes them from files only; here labels may say them, too. */
  private composed(name: string): Service | undefined {
    const { reader } = this;
    const base = `traefik.http.services.${name}`;
    const parts = splitList(reader.text(`${base}.weighted.services`) ?? '').flatMap((part) => {
      const [service = '', weight = '1'] = part.split('=');
      return /^\d{1,6}$/.test(weight) ? [{ service: service.trim(), weight: Number(weight) }] : [];
    });
    if (parts.length > 0) return { kind: 'weighted', name, parts };
    const main = reader.text(`${base}.mirroring.service`);
    const mirrors = splitList(reader.text(`${base}.mirroring.mirrors`) ?? '').flatMap((part) => {
      const [service = '', percent = '100'] = part.split('=');
      return /^\d{1,3}$/.test(percent) ? [{ service: service.trim(), percent: Math.min(100, Number(percent)) }] : [];
    });
    if (main !== undefined) return { kind: 'mirror', name, service: main, mirrors };
    const first = reader.text(`${base}.failover.service`);
    const fallback = reader.text(`${base}.failover.fallback`);
    if (first !== undefined && fallback !== undefined) return { kind: 'failover', name, service: first, fallback };
    reader.report(base, 'is no service: give it a loadbalancer', 'route');
    return undefined;
  }

  private tcpPolicy(base: string): ServicePolicy {
    const { reader } = this;
    reader.text(`${base}.terminationdelay`);
    const version = reader.text(`${base}.proxyprotocol.version`);
    if (version !== undefined && version !== '2' && version !== '1') {
      reader.report(`${base}.proxyprotocol.version`, `'${version}' is neither 1 nor 2`);
    }
    return withStadionLabels(reader, {
      ...defaultPolicy,
      proxyProtocol: version === '1' ? 1 : version === '2' ? 2 : 0,
    });
  }

  private policy(base: string, name: string): ServicePolicy {
    const { reader } = this;
    const scheme = reader.read([`${base}.server.scheme`], parseScheme) ?? 'http';
    const isSticky = reader.boolean(false, `${base}.sticky`, `${base}.sticky.cookie`);
    const cookieName = reader.text(`${base}.sticky.cookie.name`);
    const secure = reader.boolean(false, `${base}.sticky.cookie.secure`);
    const httpOnly = reader.boolean(false, `${base}.sticky.cookie.httponly`);
    const sameSite = optionalSameSite(reader.text(`${base}.sticky.cookie.samesite`));
    const hasCookie = isSticky || reader.names().some((label) => label.startsWith(`${base}.sticky.cookie`));
    const probe = this.probe(base);
    const method = reader.read([`${base}.strategy`], parseMethod);
    reader.text(`${base}.responseforwarding.flushinterval`);
    const transport = reader.text(`${base}.serverstransport`);
    if (transport !== undefined) {
      reader.report(`${base}.serverstransport`, 'has no effect: transports are not configured');
    }
    return withStadionLabels(reader, {
      ...defaultPolicy,
      scheme,
      passHostHeader: reader.boolean(true, `${base}.passhostheader`),
      ...(method === undefined ? {} : { method }),
      ...(hasCookie ? { sticky: { name: cookieName ?? `_${shortHash(name)}`, secure, httpOnly, ...sameSite } } : {}),
      ...(probe === undefined ? {} : { probe }),
    });
  }

  private probe(base: string): HealthProbe | undefined {
    const { reader } = this;
    const own = `${base}.healthcheck`;
    const path = reader.text(`${own}.path`);
    const intervalMs = reader.duration(`${own}.interval`) ?? 30_000;
    const timeoutMs = reader.duration(`${own}.timeout`) ?? 5_000;
    const port = reader.read([`${own}.port`], parsePort);
    const scheme = reader.read([`${own}.scheme`], parseScheme);
    const hostname = reader.text(`${own}.hostname`);
    const method = reader.text(`${own}.method`) ?? 'GET';
    reader.boolean(true, `${own}.followredirects`);
    const headers: Record<string, string> = {};
    for (const label of reader.names()) {
      if (!label.startsWith(`${own}.headers.`)) continue;
      const name = label.slice(`${own}.headers.`.length);
      const value = reader.text(label) ?? '';
      const problem = headerProblem(name, value);
      if (problem === undefined) headers[name] = value;
      else reader.report(label, problem);
    }
    if (path === undefined) return undefined;
    return {
      path,
      intervalMs: Math.max(100, intervalMs),
      timeoutMs,
      method: method.toUpperCase(),
      headers,
      fall: 1,
      rise: 1,
      ...(port === undefined ? {} : { port }),
      ...(scheme === undefined || scheme === 'h2c' ? {} : { scheme }),
      ...(hostname === undefined ? {} : { hostname }),
    };
  }

  private router(protocol: 'http' | 'tcp', name: string, services: readonly Service[]): Router | undefined {
    const { app, reader } = this;
    const base = `traefik.${protocol}.routers.${name}`;
    const written = reader.text(`${base}.rule`);
    const text = written ?? this.defaultRule();
    const rule = protocol === 'http' ? parseRuleV2(text) : parseTcpRule(text);
    if (!rule.ok) {
      reader.report(`${base}.rule`, rule.problem, 'route');
      return undefined;
    }
    const service = this.serviceOf(base, services);
    if (service === undefined) return undefined;
    const entryPoints = splitList(reader.text(`${base}.entrypoints`) ?? '');
    const middlewares = splitList(reader.text(`${base}.middlewares`) ?? '').map(withoutProvider);
    const priority = reader.integer(`${base}.priority`) ?? 0;
    const tls = this.tls(base);
    return {
      name,
      source: app.id,
      protocol,
      entryPoints,
      ruleText: text,
      rule: rule.value,
      priority: priority === 0 ? text.length : priority,
      middlewares,
      service,
      ...(tls === undefined ? {} : { tls }),
    };
  }

  private serviceOf(base: string, services: readonly Service[]): string | undefined {
    const written = this.reader.text(`${base}.service`);
    if (written !== undefined) return withoutProvider(written);
    const [only] = services;
    if (services.length === 1 && only !== undefined) return only.name;
    const problem = services.length === 0 ? 'has no service' : 'does not say which of the services it goes to';
    this.reader.report(`${base}.service`, problem, 'route');
    return undefined;
  }

  private tls(base: string): RouterTls | undefined {
    const { reader } = this;
    const isOn = reader.boolean(false, `${base}.tls`);
    const isPassthrough = reader.boolean(false, `${base}.tls.passthrough`);
    const resolver = reader.text(`${base}.tls.certresolver`);
    const optionsName = reader.text(`${base}.tls.options`);
    if (optionsName !== undefined) reader.report(`${base}.tls.options`, 'has no effect: TLS is set for the whole edge');
    const domains: string[] = [];
    for (const label of reader.names()) {
      if (/^\.tls\.domains\[\d+\]\.(main|sans)$/.test(label.slice(base.length)) && label.startsWith(base)) {
        domains.push(...splitList(reader.text(label) ?? ''));
      }
    }
    if (!isOn && !isPassthrough && resolver === undefined && domains.length === 0) return undefined;
    return { isPassthrough, domains, ...(resolver === undefined ? {} : { resolver }) };
  }

  private defaultRule(): string {
    const name = this.app.id.replace(/[^a-zA-Z0-9]+/g, '-').replace(/^-|-$/g, '');
    const { domain } = this.options;
    return `Host(\`${domain === '' ? name : `${name}.${domain}`}\`)`;
  }
}

/** `name@provider` by its name: here all share one table. */
function withoutProvider(name: string): string {
  return name.split('@')[0]?.toLowerCase() ?? name;
}

function parsePortChoice(text: string): Parsed<PortChoice> {
  const index = /^index:(\d{1,3})$/.exec(text)?.[1];
  if (index !== undefined) return parsed({ kind: 'index', index: Number(index) });
  const name = /^name:(.+)$/.exec(text)?.[1];
  if (name !== undefined) return parsed({ kind: 'name', name });
  const port = parsePort(text);
  return port.ok ? parsed({ kind: 'fixed', port: port.value }) : port;
}

function parseScheme(text: string): Parsed<'http' | 'https' | 'h2c'> {
  return text === 'http' || text === 'https' || text === 'h2c'
    ? parsed(text)
    : unparsed(`'${text}' is none of http, https, h2c`);
}
