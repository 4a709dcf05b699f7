/** The orchestrator's HTTP server: finds the route, asks its handler, sends the answer; errors in one shape. */
import { PlatformError, describeError, errorCode } from '@stadion/base';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { boundConnections } from '@stadion/base/bounded-connections';
import { WHOLE_SIGHT, type Sight } from '@stadion/contract/permissions';
import { noSchemas } from '@stadion/base/no-schemas';
import type { OrchestratorEngine } from '../engine.ts';
import { failure, type Answer, type Call } from './answer.ts';
import { AppView } from './app-view.ts';
import { EventStreams } from './event-streams.ts';
import type { Handlers } from './handler-context.ts';
import { createHandlers } from './handlers.ts';
import { BODY_BYTES_HEARD_OUT_MAX, BODY_BYTES_MAX, CONNECTIONS_MAX, DRAIN_MS, REQUESTS_MAX } from './limits.ts';
import { HttpMetrics } from './http-metrics.ts';
import type { OrchestratorHttpOptions } from './options.ts';
import { RequestGate } from './request-gate.ts';
import { responseHeaders } from './response-headers.ts';
import { matchRoute, pathSegments } from './route-table.ts';
import { seenEngine } from './seen-view.ts';
import { send } from './send.ts';

const NOT_READY = failure(503, { message: 'The orchestrator is still loading its state. Try again in a moment.' });
const NOT_FOUND = failure(404, { message: 'URI not found' });
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Makes the server; the caller lets it listen, and closes it. Further plugins may add routes of their own:
 * everything they do not name is this API's.
 */
export function createOrchestratorHttp(engine: OrchestratorEngine, options: OrchestratorHttpOptions): FastifyInstance {
  const bodyLimit = options.bodyLimitBytes ?? BODY_BYTES_MAX;
  const apps = new AppView(engine.view, options.time);
  const streams = new EventStreams(engine.events, options.time, options.log);
  const measured = new HttpMetrics(options.time);
  const handlers = createHandlers({ engine, options, apps, streams, measured });
  /** For one caller who does not see everything: nothing that these handlers are given has more in it. */
  const handlersWithin = (sight: Sight): Handlers => {
    const seen = seenEngine(engine, sight);
    return createHandlers({
      engine: seen,
      options,
      apps: new AppView(seen.view, options.time, apps),
      streams,
      measured,
    });
  };
  const { sightOf = () => WHOLE_SIGHT } = options;
  const gate = new RequestGate(REQUESTS_MAX);

  async function answerTo(call: Call): Promise<Answer> {
    const { request } = call;
    const segments = pathSegments(pathOf(request));
    if (segments === undefined) return failure(400, { message: `The path ${request.url} has a broken escape` });
    if (request.method === 'OPTIONS') return { status: 200, body: { kind: 'none' } };
    const match = matchRoute(request.method, segments);
    if (match.kind === 'not-found') return (await pageFor(call, segments)) ?? NOT_FOUND;
    if (match.kind === 'other-method') {
      return failure(405, { message: 'HTTP 405 Method Not Allowed' }, { Allow: match.allowed.join(', ') });
    }
    if (match.name !== 'ping' && !options.ready()) {
      return NOT_READY;
    }
    // What is read of one app tells of others, too: which of them it waits for.
    const isFiltered = match.route.isFiltered === true || match.route.permission === 'apps:read';
    const own = isFiltered && !call.sight.isWhole ? handlersWithin(call.sight) : handlers;
    return own[match.name]({ ...call, parameters: match.parameters });
  }

  /** What is not the API's may be a page for people. */
  async function pageFor({ request }: Call, segments: readonly string[]): Promise<Answer | undefined> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return undefined;
    const { accept = '', 'accept-encoding': encoding = '' } = request.headers;
    const wantsHtml = accept.includes('text/html') && segments[0] !== 'v2';
    return options.pages?.({ path: `/${segments.join('/')}`, wantsHtml, acceptEncoding: encoding });
  }

  const server = Fastify({
    schemaController: noSchemas,
    bodyLimit,
    exposeHeadRoutes: false,
    // After the requests under way have been answered: see preClose. Connections without any would stay for a minute.
    forceCloseConnections: true,
    frameworkErrors(error, request, reply) {
      // Only paths that Fastify cannot even decode come here.
      reply.raw.writeHead(400, {
        ...responseHeaders(request, options),
        'Content-Type': 'application/json; charset=utf-8',
      });
      reply.raw.end(JSON.stringify({ message: error.message }));
    },
  });

  boundConnections(server.server, CONNECTIONS_MAX);

  // Bodies are read as they are: clients send JSON under any content type, or none.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
  server.addHook('onRequest', async (request, reply) => {
    measured.begin(request.raw, reply.raw);
    request.raw.headers['content-type'] = 'application/octet-stream';
    void reply.headers({ ...responseHeaders(request, options) });
    if (gate.enter(reply.raw)) return undefined;
    const message = `${String(REQUESTS_MAX)} requests are under way already. Try again in a moment.`;
    return send(failure(503, { message }), request, reply, options.time);
  });
  server.addHook('preClose', async () => {
    streams.close();
    await gate.drained(options.time, DRAIN_MS);
  });

  server.setErrorHandler((error, request, reply) => {
    if (errorCode(error) === 'FST_ERR_CTP_BODY_TOO_LARGE') hearOut(request, reply);
    return send(errorAnswer(error, bodyLimit, options), request, reply, options.time);
  });
  server.setNotFoundHandler((request, reply) => send(NOT_FOUND, request, reply, options.time));
  server.route({
    method: METHODS,
    url: '*',
    async handler(request, reply) {
      const query = new URLSearchParams(queryOf(request));
      const answer = await answerTo({ request, reply, parameters: {}, query, sight: sightOf(request.raw) });
      if (answer.body.kind === 'taken') gate.leave(reply.raw);
      return send(answer, request, reply, options.time);
    },
  });
  return server;
}

function pathOf(request: FastifyRequest): string {
  const [path = ''] = request.url.split('?', 1);
  return path;
}

function queryOf(request: FastifyRequest): string {
  const at = request.url.indexOf('?');
  return at < 0 ? '' : request.url.slice(at + 1);
}

/** Reads on what is too long, within bounds: most clients do not look for the answer before they have sent everything. */
function hearOut({ raw }: FastifyRequest, reply: FastifyReply): void {
  void reply.removeHeader('connection');
  let bytes = 0;
  raw.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_HEARD_OUT_MAX) raw.destroy();
  });
}

/** What went wrong outside the handlers' own answers. */
function errorAnswer(error: unknown, bodyLimit: number, { log }: OrchestratorHttpOptions): Answer {
  if (errorCode(error) === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return failure(413, { message: `The body is larger than the limit of ${String(bodyLimit)} bytes` });
  }
  const status = statusOf(error);
  if (status >= 400 && status < 500) return failure(status, { message: describeError(error) });
  log.error({ error: describeError(error), code: errorCode(error) }, 'a request failed');
  if (error instanceof PlatformError) return failure(error.retryable ? 503 : 500, { message: error.message });
  return failure(500, { message: 'Something unexpected went wrong; the log of the server says what.' });
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return 500;
  return typeof error.statusCode === 'number' ? error.statusCode : 500;
}
