/** Routes as people see them. */
import type { EdgeRoute, EdgeServer } from '@stadion/contract/edge';
import type { Router, Server } from '../core/model.ts';
import { hostsOf } from '../core/rule/rule.ts';
import { routerKey } from '../core/table.ts';
import type { Edge } from '../edge.ts';

/** All routes, by name. */
export function routeViews(edge: Edge, nowMs: number): readonly EdgeRoute[] {
  return edge.table
    .sources()
    .flatMap(({ routers }) => routers)
    .map((router) => routeView(edge, router, nowMs));
}

/** One route. */
export function routeView(edge: Edge, router: Router, nowMs: number): EdgeRoute {
  const url = urlOf(edge, router);
  const leftToWorkers = edge.plane.slowReason(routerKey(router));
  return {
    name: router.name,
    source: router.source,
    protocol: router.protocol,
    rule: router.ruleText,
    entryPoints: [...router.entryPoints],
    priority: router.priority,
    middlewares: [...router.middlewares],
    service: router.service,
    ...(url === undefined ? {} : { url }),
    ...(leftToWorkers === undefined ? {} : { leftToWorkers }),
    servers: serversOf(edge, router.service),
    traffic: edge.traffic.trafficOf(routerKey(router), nowMs),
  };
}

function serversOf(edge: Edge, name: string): EdgeServer[] {
  const service = edge.table.service(name);
  if (service === undefined) return [];
  if (service.kind === 'weighted') return service.parts.flatMap((part) => serversOf(edge, part.service));
  if (service.kind !== 'servers') return serversOf(edge, service.service);
  return service.servers.map((server) => serverView(edge, name, server));
}

function serverView(edge: Edge, service: string, server: Server): EdgeServer {
  const report = edge.traffic.serverReport(service, server.id);
  return {
    id: server.id,
    ...(server.appId === undefined ? {} : { app: server.appId }),
    ...(server.taskId === undefined ? {} : { task: server.taskId }),
    weight: server.weight,
    state: stateOf(server, report?.state),
    active: report?.active ?? 0,
    requests: report?.requests ?? 0,
    failures: report?.failures ?? 0,
    latencyMs: report?.latencyMs ?? 0,
  };
}

/** The table knows at once who drains; reports come each second and may be of before. */
function stateOf(server: Server, reported: string | undefined): string {
  if (server.isDraining === true) return 'draining';
  return reported === undefined || reported === 'draining' ? 'up' : reported;
}

/** A URL that leads to a route: its first host, where it has any. */
export function urlOf(edge: Edge, router: Router): string | undefined {
  if (router.protocol === 'tcp') return undefined;
  const own = router.entryPoints.find((name) => name.startsWith('port:'))?.slice('port:'.length);
  const [host] = hostsOf(router.rule) ?? [];
  const scheme = router.entryPoints.includes('http') || own !== undefined ? 'http' : 'https';
  const port = own ?? edge.ports[scheme];
  if (port === undefined || (host === undefined && own === undefined)) return undefined;
  const path = prefixOf(router) ?? '/';
  return `${scheme}://${host ?? 'localhost'}:${String(port)}${path}`;
}

function prefixOf(router: Router): string | undefined {
  const rules = router.rule.kind === 'and' ? router.rule.rules : [router.rule];
  for (const rule of rules) {
    if (rule.kind === 'path') return rule.path;
    if (rule.kind === 'path-prefix') return rule.prefix;
  }
  return undefined;
}
