/** Stadion's own part of the admin API: routes, problems, tests, drains, shares, certificates, traffic by push. */
import type { EdgeTest, EdgeTrafficEvent } from '@stadion/contract/edge';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { RouterIndex, type Routable } from '../core/matcher.ts';
import type { Router } from '../core/model.ts';
import { readTarget } from '../core/request-path.ts';
import { compileRule } from '../core/rule/evaluate.ts';
import { hostsOf } from '../core/rule/rule.ts';
import { routerKey } from '../core/table.ts';
import type { Edge } from '../edge.ts';
import { hostOf } from '../embedded/exchange.ts';
import { limits } from '../limits.ts';
import type { EdgeAdminParts } from './admin-parts.ts';
import { routeView, routeViews } from './route-views.ts';

type Query = Readonly<Record<string, string | undefined>>;

/** Adds the routes. */
export function addStadionRoutes(http: FastifyInstance, { edge, certificates, clock }: EdgeAdminParts): void {
  http.get('/v1/routes', () => ({
    routes: routeViews(edge, clock.now()),
    problems: edge.problems,
    isConnected: edge.isConnected,
  }));
  http.get<{ Querystring: Query }>('/v1/test', (request, reply) => {
    const { url, method = 'GET' } = request.query;
    if (url === undefined || !/^https?:\/\/[^/]+/.test(url)) {
      return wrong(reply, 'Give a whole URL: ?url=http://host/path');
    }
    return testOf(edge, url, method.toUpperCase(), clock.now());
  });
  http.get('/v1/certificates', () => ({ certificates: certificates.list(clock.now()) }));
  http.get('/v1/overrides', () => edge.overrideState);
  for (const [method, isDrained] of [
    ['PUT', true],
    ['DELETE', false],
  ] as const) {
    http.route<{ Querystring: Query }>({
      method,
      url: '/v1/drains',
      handler: async (request, reply) => {
        const { target } = request.query;
        if (target === undefined || target === '') {
          return wrong(reply, 'Say what: ?target=host:port, a task id or /app');
        }
        if (isDrained && !isKnown(edge, target)) {
          return reply.code(404).send({ message: `No route leads to '${target}'. See: stadion route list` });
        }
        return await edge.setDrained(target, isDrained);
      },
    });
  }
  http.put<{ Querystring: Query }>('/v1/shares', async (request, reply) => {
    const { app, share = '' } = request.query;
    if (app === undefined || !/^\d{1,6}$/.test(share)) {
      return wrong(reply, 'Give an app and a share: ?app=/shop&share=10');
    }
    if (edge.table.fragment(app) === undefined) {
      return reply.code(404).send({ message: `No route leads to the app '${app}'. See: stadion route list` });
    }
    return await edge.setShare(app, Number(share));
  });
  http.delete<{ Querystring: Query }>('/v1/shares', async (request, reply) => {
    const { app } = request.query;
    return app === undefined ? wrong(reply, 'Give an app: ?app=/shop') : await edge.setShare(app, undefined);
  });
  http.get('/v1/traffic', (request, reply) => {
    if (edge.followers >= limits.trafficFollowers) {
      return reply.code(503).send({ message: 'Too many follow the traffic.' });
    }
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    const send = (): void => {
      // A follower that does not read misses some seconds; it never makes the others wait.
      if (raw.writableLength > FOLLOWER_BYTES) return;
      const routes = Object.fromEntries(edge.traffic.all(clock.now()).map(({ key, traffic }) => [key, traffic]));
      const event: EdgeTrafficEvent = { routes };
      raw.write(`event: traffic\ndata: ${JSON.stringify(event)}\n\n`);
    };
    const end = edge.followTraffic(send);
    request.raw.once('close', end);
    send();
    return reply;
  });
}

const FOLLOWER_BYTES = 1024 * 1024;

function wrong(reply: FastifyReply, message: string): FastifyReply {
  return reply.code(400).send({ message });
}

function isKnown(edge: Edge, target: string): boolean {
  return edge.table
    .sources()
    .some(({ services }) =>
      services.some(
        (service) =>
          service.kind === 'servers' &&
          service.servers.some(({ id, taskId, appId }) => id === target || taskId === target || appId === target),
      ),
    );
}

/** Which route would take a request: the same index that carries requests, filled from the same table. */
function testOf(edge: Edge, url: string, method: string, nowMs: number): EdgeTest {
  const [scheme = 'http', rest = ''] = url.split('://');
  const entryPoint = scheme === 'https' ? 'https' : 'http';
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const target = readTarget(slash < 0 ? '/' : rest.slice(slash));
  const answer = { url, method, entryPoint };
  if (!target.ok) return { ...answer, message: `The edge refuses this: ${target.reason}.` };
  const index = new RouterIndex<Routable & { readonly router: Router }>();
  const routers = edge.table
    .sources()
    .flatMap((fragment) => fragment.routers.filter(({ protocol }) => protocol === 'http'));
  index.change(
    [],
    routers.map((router) => ({
      name: routerKey(router),
      priority: router.priority,
      matches: compileRule(router.rule),
      hosts: hostsOf(router.rule),
      entryPoints: router.entryPoints,
      router,
    })),
  );
  const host = hostOf(authority);
  const view = {
    method,
    host,
    path: target.path,
    query: target.query,
    headers: { host: authority },
    clientIp: '127.0.0.1',
  };
  const found = index.find(view, entryPoint);
  if (found === undefined) {
    const message = index.knowsHost(host)
      ? `There are routes for ${host}, but none for this path.`
      : `There is no route for ${host}.`;
    return { ...answer, message };
  }
  const route = routeView(edge, found.router, nowMs);
  const up = route.servers.filter(({ state }) => state === 'up').length;
  return { ...answer, route, message: `${String(up)} of ${String(route.servers.length)} servers take requests.` };
}
