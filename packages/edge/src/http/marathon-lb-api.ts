/** The endpoints of marathon-lb and of HAProxy's statistics that existing tools ask. */
import type { FastifyInstance } from 'fastify';
import { hostsOf } from '../core/rule/rule.ts';
import type { Edge } from '../edge.ts';
import type { EdgeAdminParts } from './admin-parts.ts';
import { routeViews } from './route-views.ts';

/** The columns of HAProxy's statistics, of which those that mean something here are filled. */
const COLUMNS =
  'pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,wredis,status,weight,act,bck,' +
  'chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,throttle,lbtot,tracked,type,rate,rate_lim,rate_max,check_status,' +
  'check_code,check_duration,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx';

/** Adds the routes. */
export function addMarathonLbRoutes(http: FastifyInstance, { edge, clock }: EdgeAdminParts): void {
  http.get('/_haproxy_health_check', (_request, reply) => reply.type('text/plain').send('OK\n'));
  http.get('/_haproxy_getconfig', (_request, reply) =>
    reply.type('text/plain').send(withoutHashes(edge.plane.describe())),
  );
  http.get('/_haproxy_getpids', (_request, reply) =>
    reply.type('text/plain').send(`${edge.plane.pids().slice(0, 2).join(' ')}\n`),
  );
  http.get('/_haproxy_getvhostmap', (_request, reply) => reply.type('text/plain').send(vhostMap(edge)));
  http.get('/_haproxy_getappmap', (_request, reply) => reply.type('text/plain').send(appMap(edge)));
  for (const path of ['/_mlb_signal/hup', '/_mlb_signal/usr1']) {
    // Every change is followed at once; whoever asks for a reload all the same gets new processes.
    http.get(path, async (_request, reply) => {
      await edge.plane.restart();
      return await reply.type('text/plain').send('OK\n');
    });
  }
  http.get('/haproxy*', (request, reply) => {
    if (!request.url.startsWith('/haproxy?stats')) return reply.code(404).send({ message: 'Try /haproxy?stats;csv' });
    return reply.type(request.url.includes(';csv') ? 'text/csv' : 'text/plain').send(statsCsv(edge, clock.now()));
  });
}

/** A configuration for people to read: hashes of passwords stay here. */
function withoutHashes(text: string): string {
  return text.replace(/(\$(?:apr1|[1-6]|2[aby])\$)[^\s",:]+/g, '$1***').replace(/\{SHA\}[A-Za-z0-9+/=]+/g, '{SHA}***');
}

function vhostMap(edge: Edge): string {
  const lines = edge.table
    .sources()
    .flatMap(({ routers }) => routers)
    .flatMap(({ rule, service }) => (hostsOf(rule) ?? []).map((host) => `${host} ${service}`));
  return lines.length === 0 ? '' : `${[...new Set(lines)].join('\n')}\n`;
}

function appMap(edge: Edge): string {
  const lines = edge.table.sources().flatMap(({ source, services }) => services.map(({ name }) => `${source} ${name}`));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** HAProxy's CSV: one line per server and one per service. */
export function statsCsv(edge: Edge, nowMs: number): string {
  const names = COLUMNS.split(',');
  const lines = [`# ${COLUMNS},`];
  const seen = new Set<string>();
  for (const route of routeViews(edge, nowMs)) {
    if (seen.has(route.service)) continue;
    seen.add(route.service);
    const { traffic } = route;
    for (const server of route.servers) {
      const status = server.state === 'up' ? 'UP' : server.state === 'draining' ? 'MAINT' : 'DOWN';
      lines.push(
        row(names, {
          pxname: route.service,
          svname: server.id.replace(/[^A-Za-z0-9-]/g, '_'),
          qcur: 0,
          scur: server.active,
          stot: server.requests,
          eresp: server.failures,
          status,
          weight: server.weight,
          act: 1,
          type: 2,
        }),
      );
    }
    const [x1 = 0, x2 = 0, x3 = 0, x4 = 0, x5 = 0] = traffic.statuses;
    lines.push(
      row(names, {
        pxname: route.service,
        svname: 'BACKEND',
        qcur: 0,
        scur: traffic.active,
        stot: traffic.requests,
        bin: traffic.bytesIn,
        bout: traffic.bytesOut,
        wretr: traffic.retries,
        status: route.servers.some(({ state }) => state === 'up') ? 'UP' : 'DOWN',
        weight: route.servers.reduce((sum, { weight }) => sum + weight, 0),
        act: route.servers.length,
        type: 1,
        rate: Math.round(traffic.requestsPerSecond),
        hrsp_1xx: x1,
        hrsp_2xx: x2,
        hrsp_3xx: x3,
        hrsp_4xx: x4,
        hrsp_5xx: x5,
      }),
    );
  }
  return `${lines.join('\n')}\n`;
}

function row(names: readonly string[], values: Readonly<Record<string, string | number>>): string {
  return `${names.map((name) => String(values[name] ?? '')).join(',')},`;
}
