/** The name server over HTTP: Mesos-DNS's `/v1`, health, metrics, and what people look at and switch. */
import { Buffer } from 'node:buffer';
import { boundConnections } from '@stadion/base/bounded-connections';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { noSchemas } from '@stadion/base/no-schemas';
import type { Dns } from '../dns.ts';
import { configJson } from './config-json.ts';
import { lookUp } from './lookup.ts';
import { namesPage } from './names-page.ts';
import { metricsText } from './metrics.ts';
import { enumeration, hosts, services, zoneJson } from './records.ts';
import { statusOf } from './status.ts';
import { openWatch } from './watch.ts';
import { viewOf } from '../server/query-log.ts';
import { limits } from '../limits.ts';

const VERSION = {
  Service: 'Mesos-DNS',
  URL: 'https://github.com/mesosphere/mesos-dns',
  Version: 'stadion',
};
const REQUEST_MS_MAX = 30_000;
const CONNECTIONS_MAX = 1000;

/** Makes the HTTP side; the caller listens and closes. */
export function createDnsHttp(dns: Dns): FastifyInstance {
  const app = Fastify({
    schemaController: noSchemas,
    logger: false,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 512 },
  });
  boundConnections(app.server, CONNECTIONS_MAX);
  addMesosDns(app, dns);
  addOwn(app, dns);
  app.setNotFoundHandler((request, reply) => refuse(app, request, reply));
  return app;
}

function addMesosDns(app: FastifyInstance, dns: Dns): void {
  app.get('/v1/version', (request, reply) => json(request, reply, VERSION));
  app.get('/v1/config', (request, reply) => json(request, reply, configJson(dns)));
  app.get<Named>('/v1/hosts/:name', (request, reply) => json(request, reply, hosts(dns, request.params.name)));
  app.get<Named>('/v1/hosts/:name/ports', (_request, reply) => text(reply, 501, 'To be implemented...'));
  app.get<Named>('/v1/services/:name', (request, reply) => json(request, reply, services(dns, request.params.name)));
  app.get('/v1/enumerate', (request, reply) => {
    return dns.config.enumeration ? json(request, reply, enumeration(dns)) : refuse(app, request, reply);
  });
  app.get<{ Querystring: { zone?: string } }>('/v1/axfr', (request, reply) => {
    const zone = dns.config.enumeration ? zoneJson(dns, request.query.zone) : undefined;
    return zone === undefined ? refuse(app, request, reply) : json(request, reply, zone);
  });
}

function addOwn(app: FastifyInstance, dns: Dns): void {
  app.get<{ Querystring: { name?: string; type?: string } }>('/v1/lookup', async (request, reply) => {
    const { name = '', type = 'A' } = request.query;
    const outcome = await lookUp(dns, name, type);
    return typeof outcome === 'string' ? reply.code(400).send({ message: outcome }) : json(request, reply, outcome);
  });
  app.get<{ Querystring: Readonly<Record<string, unknown>> }>('/v1/names', (request, reply) => {
    // What is given twice comes as a list.
    const texts = Object.entries(request.query).map(([key, value]) => [key, String(value)] as const);
    const { limit, ...query } = Object.fromEntries(texts);
    const page = namesPage(dns, { ...query, ...(limit !== undefined && { limit: Number(limit) }) });
    if (page === 'unknown') return reply.code(404).send({ message: 'There is no such zone.' });
    return 'wrong' in page ? reply.code(400).send({ message: page.wrong }) : json(request, reply, page);
  });
  app.get('/v1/status', (request, reply) => json(request, reply, statusOf(dns)));
  app.get('/healthz', (request, reply) => {
    const status = statusOf(dns);
    return json(request, reply.code(status.ready ? 200 : 503), status);
  });
  app.get('/v1/queries', async (request, reply) => {
    const { queries } = await dns.report();
    return json(request, reply, { queries: queries.slice(-limits.loggedQueries).map(viewOf) });
  });
  app.get('/metrics', async (_request, reply) => {
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText(dns));
  });
  app.get('/v1/rotation', (request, reply) => json(request, reply, { outOfRotation: dns.outOfRotation() }));
  app.get('/v1/watch', (request, reply) => openWatch(dns, request, reply));
  for (const [method, isInRotation] of [['PUT', false] as const, ['DELETE', true] as const]) {
    app.route<Named>({
      method,
      url: '/v1/rotation/:name',
      handler: async (request, reply) => {
        const taskId = request.params.name;
        const isFull = !isInRotation && dns.outOfRotation().length >= limits.outOfRotation;
        if (isFull) {
          return reply.code(422).send({ message: 'Too many tasks are out of rotation; put some back first.' });
        }
        const isKnown = dns.outOfRotation().includes(taskId);
        const isRunning = await dns.setRotation(taskId, isInRotation);
        if (!isRunning && !isKnown) {
          await dns.setRotation(taskId, true);
          return reply.code(404).send({ message: `No task '${taskId}' runs. See all with: stadion task list` });
        }
        return json(request, reply, { outOfRotation: dns.outOfRotation() });
      },
    });
  }
}

interface Named {
  Params: { name: string };
}

/** JSON as Mesos-DNS writes it; who does not take JSON gets none. */
function json(request: FastifyRequest, reply: FastifyReply, value: unknown): FastifyReply {
  const { accept } = request.headers;
  if (accept !== undefined && !/application\/json|\*\/\*|application\/\*/.test(accept)) {
    return text(reply, 406, '406: Not Acceptable');
  }
  const body = ` ${JSON.stringify(value, undefined, 1).replaceAll('\n', '\n ')}`;
  // As bytes: a text would be given a charset, which JSON does not have and some compare literally.
  return reply.header('content-type', 'application/json').send(Buffer.from(body));
}

function text(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).header('content-type', 'text/plain').send(message);
}

/** 405 where another method would do, else 404. */
function refuse(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?')[0] ?? '';
  const isThere = request.method !== 'GET' && app.hasRoute({ method: 'GET', url: path });
  const isNamed = request.method !== 'GET' && /^\/v1\/(hosts|services)\/[^/]+$/.test(path);
  return isThere || isNamed ? text(reply, 405, '405: Method Not Allowed') : text(reply, 404, '404: Page Not Found');
}
