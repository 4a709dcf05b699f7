/** The endpoints of Traefik 1 and 2 that existing tools ask. Pages are not cut: all is on one. */
import type { FastifyInstance } from 'fastify';
import type { Router } from '../core/model.ts';
import type { Edge } from '../edge.ts';
import type { EdgeAdminParts } from './admin-parts.ts';
import { routeViews } from './route-views.ts';

const PROVIDER = 'marathon';

/** Adds the routes. */
export function addTraefikRoutes(http: FastifyInstance, { edge, clock }: EdgeAdminParts): void {
  const startedAt = clock.now();
  http.get('/ping', (_request, reply) => reply.type('text/plain').send('OK'));
  http.get('/health', () => health(edge, startedAt, clock.now()));
  http.get('/api', () => ({ [PROVIDER]: version1(edge, clock.now()) }));
  http.get('/api/providers', () => ({ [PROVIDER]: version1(edge, clock.now()) }));
  http.get<{ Params: { provider: string } }>('/api/providers/:provider', (request, reply) =>
    request.params.provider === PROVIDER ? version1(edge, clock.now()) : reply.code(404).send({ message: 'not found' }),
  );
  http.get('/api/version', () => ({
    Version: '2.11.0',
    Codename: 'stadion',
    startDate: new Date(startedAt).toISOString(),
  }));
  http.get('/api/entrypoints', () =>
    Object.entries(edge.ports).map(([name, port]) => ({ name, address: `:${String(port)}` })),
  );
  http.get('/api/overview', () => overview(edge));
  http.get('/api/rawdata', () => rawData(edge, clock.now()));
  for (const protocol of ['http', 'tcp'] as const) {
    const lists = {
      routers: () => routersOf(edge, protocol),
      services: () => servicesOf(edge, protocol),
      middlewares: () => (protocol === 'http' ? middlewaresOf(edge) : []),
    };
    for (const [kind, list] of Object.entries(lists)) {
      http.get(`/api/${protocol}/${kind}`, (_request, reply) => reply.header('x-next-page', '1').send(list()));
      http.get<{ Params: { name: string } }>(`/api/${protocol}/${kind}/:name`, (request, reply) => {
        const wanted = withProvider(request.params.name);
        const found = list().find(({ name }) => name === wanted);
        return found ?? reply.code(404).send({ message: `there is no ${wanted}` });
      });
    }
  }
}

function withProvider(name: string): string {
  return name.includes('@') ? name : `${name}@${PROVIDER}`;
}

function health(edge: Edge, startedAt: number, nowMs: number): object {
  const rows = edge.traffic.all(nowMs);
  const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'];
  const counts = Object.fromEntries(
    classes.map((name, index) => [name, rows.reduce((sum, { traffic }) => sum + (traffic.statuses[index] ?? 0), 0)]),
  );
  const seconds = (nowMs - startedAt) / 1000;
  return {
    pid: process.pid,
    uptime: `${seconds.toFixed(3)}s`,
    uptime_sec: seconds,
    time: new Date(nowMs).toISOString(),
    total_status_code_count: counts,
    total_count: rows.reduce((sum, { traffic }) => sum + traffic.requests, 0),
    count: rows.reduce((sum, { traffic }) => sum + traffic.active, 0),
  };
}

/** Frontends and backends, as version 1 shows them. */
function version1(edge: Edge, nowMs: number): object {
  const backends: Record<string, object> = {};
  const frontends: Record<string, object> = {};
  for (const route of routeViews(edge, nowMs)) {
    const servers = Object.fromEntries(
      route.servers.map(({ id, weight, task }) => [task ?? id, { url: `http://${id}`, weight }]),
    );
    backends[route.service] = { servers, loadBalancer: { method: 'wrr' } };
    frontends[route.name] = {
      entryPoints: route.entryPoints,
      backend: route.service,
      routes: { [`route-${route.name}`]: { rule: route.rule } },
      passHostHeader: true,
      priority: route.priority,
    };
  }
  return { backends, frontends };
}

function routersOf(edge: Edge, protocol: Router['protocol']): readonly (object & { readonly name: string })[] {
  return edge.table
    .sources()
    .flatMap(({ routers }) => routers)
    .filter((router) => router.protocol === protocol)
    .map((router) => ({
      entryPoints: router.entryPoints,
      ...(router.middlewares.length === 0 ? {} : { middlewares: router.middlewares.map(withProvider) }),
      service: router.service,
      rule: router.ruleText,
      priority: router.priority,
      status: 'enabled',
      using: router.entryPoints,
      name: withProvider(router.name),
      provider: PROVIDER,
    }));
}

function servicesOf(edge: Edge, protocol: Router['protocol']): readonly (object & { readonly name: string })[] {
  const users = new Map<string, string[]>();
  for (const { routers } of edge.table.sources()) {
    for (const router of routers) {
      if (router.protocol === protocol) {
        users.set(router.service, [...(users.get(router.service) ?? []), withProvider(router.name)]);
      }
    }
  }
  return [...users].map(([name, usedBy]) => {
    const service = edge.table.service(name);
    const servers = service?.kind === 'servers' ? service.servers : [];
    return {
      loadBalancer: { servers: servers.map(({ id }) => ({ url: `http://${id}` })), passHostHeader: true },
      status: 'enabled',
      usedBy,
      serverStatus: Object.fromEntries(
        servers.map(({ id }) => [`http://${id}`, (edge.traffic.serverReport(name, id)?.state ?? 'up').toUpperCase()]),
      ),
      name: withProvider(name),
      provider: PROVIDER,
      type: 'loadbalancer',
    };
  });
}

function middlewaresOf(edge: Edge): readonly (object & { readonly name: string })[] {
  return edge.table
    .sources()
    .flatMap(({ middlewares }) => middlewares)
    .map(({ name, step }) => ({ name: withProvider(name), provider: PROVIDER, status: 'enabled', type: step.kind }));
}

function overview(edge: Edge): object {
  const count = (list: readonly unknown[]): object => ({ total: list.length, warnings: 0, errors: 0 });
  const part = (protocol: Router['protocol']): object => ({
    routers: count(routersOf(edge, protocol)),
    services: count(servicesOf(edge, protocol)),
    middlewares: count(protocol === 'http' ? middlewaresOf(edge) : []),
  });
  return { http: part('http'), tcp: part('tcp'), providers: ['Marathon'] };
}

function rawData(edge: Edge, nowMs: number): object {
  const byName = (list: readonly (object & { readonly name: string })[]): object =>
    Object.fromEntries(list.map((item) => [item.name, item]));
  const errors = Object.fromEntries(edge.problems.map(({ source, label, message }) => [`${source} ${label}`, message]));
  return {
    routers: byName(routersOf(edge, 'http')),
    middlewares: byName(middlewaresOf(edge)),
    services: byName(servicesOf(edge, 'http')),
    tcpRouters: byName(routersOf(edge, 'tcp')),
    tcpServices: byName(servicesOf(edge, 'tcp')),
    errors,
    time: new Date(nowMs).toISOString(),
  };
}
