/**
 * Routes that are written down: JSON in the shape of Traefik 2's file provider (`http.routers`, `http.services`,
 * `http.middlewares`, `tcp`). It is read as labels would be, so that both say the same.
 */
import type { AppView, FixedServers } from './app-view.ts';
import type { DialectOptions } from './dialects/options.ts';
import { parseTraefikV2 } from './dialects/traefik-v2.ts';
import { withEntryPoints } from './fragments.ts';
import type { Fragment, Problem, Server } from './model.ts';

/** The source that a file's routes have. */
export const FILE_SOURCE = 'file';

/** What a file contributes. @param value parsed JSON */
export function parseStaticFile(value: unknown, options: DialectOptions): Fragment {
  if (!isObject(value)) return problem('the file must be an object with http and tcp');
  const labels: Record<string, string> = { 'traefik.enable': 'true' };
  const fixedServers: Record<string, FixedServers> = {};
  const problems: Problem[] = [];
  for (const protocol of ['http', 'tcp']) {
    const section = value[protocol];
    if (!isObject(section)) continue;
    const services = isObject(section['services']) ? section['services'] : {};
    for (const [name, service] of Object.entries(services)) {
      const outcome = serversIn(service);
      if (typeof outcome === 'string') problems.push(problemOf(`${protocol}.services.${name}`, outcome));
      else if (outcome !== undefined) fixedServers[name.toLowerCase()] = outcome;
      if (outcome !== undefined && typeof outcome !== 'string') {
        labels[`traefik.${protocol}.services.${name}.loadbalancer`] = '';
      }
    }
    flatten(`traefik.${protocol}`, section, labels);
  }
  const app: AppView = {
    id: FILE_SOURCE,
    labels,
    constraints: [],
    ports: [],
    checks: [],
    instances: [],
    usesOwnAddress: false,
    wanted: 0,
    lastScalingAt: undefined,
    fixedServers,
  };
  const fragment = withEntryPoints(parseTraefikV2(app, { ...options, constraints: [] }));
  const own = fragment.problems.filter(({ label }) => !/\.loadbalancer(\.servers.*)?$/.test(label));
  return { ...fragment, problems: [...problems, ...own] };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function problem(message: string): Fragment {
  return { source: FILE_SOURCE, routers: [], services: [], middlewares: [], problems: [problemOf('file', message)] };
}

function problemOf(label: string, message: string): Problem {
  return { source: FILE_SOURCE, label, message, spoils: 'route' };
}

function serversIn(service: unknown): FixedServers | string | undefined {
  const balancer = isObject(service) ? service['loadBalancer'] : undefined;
  const list = isObject(balancer) ? balancer['servers'] : undefined;
  if (!Array.isArray(list)) return undefined;
  const servers: Server[] = [];
  let scheme: FixedServers['scheme'] = 'http';
  for (const entry of list as unknown[]) {
    if (!isObject(entry)) return 'a server must be an object with a url or an address';
    const text = textOf(entry['url'] ?? entry['address']);
    const match = /^(?:(https?|h2c):\/\/)?(\[[0-9a-fA-F:]+\]|[^:/[\]\s]+)(?::(\d{1,5}))?\/?$/.exec(text);
    if (match === null) return `'${text}' is no address of a server, such as http://10.0.0.1:8080`;
    if (match[1] === 'https' || match[1] === 'h2c') scheme = match[1];
    const host = (match[2] ?? '').replace(/^\[(.*)\]$/, '$1');
    const port = match[3] === undefined ? (scheme === 'https' ? 443 : 80) : Number(match[3]);
    const weight = typeof entry['weight'] === 'number' ? Math.max(0, Math.floor(entry['weight'])) : 1;
    servers.push({ id: `${host}:${String(port)}`, host, port, weight });
  }
  return { scheme, servers };
}

/** A scalar as a text; what is none says nothing. */
function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';
}

/** Places that hold things by name; an empty one holds nothing. */
const SECTION = /^traefik\.(http|tcp)(\.(routers|services|middlewares))?$/;

/** `{a: {b: 1}}` as `prefix.a.b` = `1`; lists are joined by commas, lists of objects as `name=weight`. */
function flatten(prefix: string, value: unknown, labels: Record<string, string>): void {
  if (Array.isArray(value) && prefix.endsWith('.tls.domains')) {
    for (const [index, entry] of value.entries()) flatten(`${prefix}[${String(index)}]`, entry, labels);
    return;
  }
  if (Array.isArray(value)) {
    labels[prefix] = value
      .map((entry: unknown) => {
        if (!isObject(entry)) return textOf(entry);
        const weight = entry['weight'] ?? entry['percent'];
        return weight === undefined ? textOf(entry['name']) : `${textOf(entry['name'])}=${textOf(weight)}`;
      })
      .join(',');
    return;
  }
  if (!isObject(value)) {
    labels[prefix] = textOf(value);
    return;
  }
  const entries = Object.entries(value);
  // Traefik's empty object switches something on: `tls: {}`, `compress: {}`.
  if (entries.length === 0 && !SECTION.test(prefix)) labels[prefix] = 'true';
  for (const [name, member] of entries) {
    if (prefix.endsWith('.loadBalancer') && name === 'servers') continue;
    flatten(`${prefix}.${name}`, member, labels);
  }
}
