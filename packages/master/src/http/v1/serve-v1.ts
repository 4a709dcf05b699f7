/** The v1 APIs of a master, bound to its server: content types, leadership and methods, before any call is looked at. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Master } from '../../master.ts';
import { servedMaster, type ServedMaster } from '../served-master.ts';
import { OperatorEndpoint } from './operator.ts';
import { SchedulerEndpoint } from './scheduler.ts';

type Handler = (served: ServedMaster, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Adds `/api/v1/scheduler` and `/api/v1` (some clients say `/api/v1/operator`), with and without `/master`. */
export function serveV1(app: FastifyInstance, master: Master): void {
  const scheduler = new SchedulerEndpoint(master);
  const operator = new OperatorEndpoint(master);
  app.addHook('preClose', (done) => {
    scheduler.close();
    operator.close();
    done();
  });
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // Whatever it is called: what is wrong with it is said below, in Mesos's order.
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, parsed) => {
      parsed(null, body);
    });
    // The server's own opinion of a body, in Mesos's words.
    scope.setErrorHandler((error: FastifyError, request, reply) => {
      if (error.code.startsWith('FST_ERR_CTP_INVALID_MEDIA')) return refuseContentType(request, reply);
      return refuse(reply, error.statusCode ?? 500, error.message);
    });
    for (const prefix of ['', '/master']) {
      serve(scope, `${prefix}/api/v1/scheduler`, master, (_served, request, reply) => scheduler.handle(request, reply));
      for (const path of ['/api/v1', '/api/v1/operator']) {
        serve(scope, `${prefix}${path}`, master, (served, request, reply) => operator.handle(served, request, reply));
      }
    }
    done();
  });
}

function serve(scope: FastifyInstance, path: string, master: Master, handle: Handler): void {
  scope.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    url: path,
    exposeHeadRoute: false,
    handler: (request, reply) =>
      refuse(reply.header('Allow', 'POST'), 405, `Expecting 'POST', received '${request.method}'`),
  });
  scope.post(path, (request, reply) => {
    const served = servedMaster(master, request);
    if (served === undefined) return refuse(reply, 503, 'Master has not finished recovery');
    if (mediaType(request.headers['content-type']) !== JSON_TYPE) return refuseContentType(request, reply);
    if (!accepts(request.headers.accept, JSON_TYPE)) {
      return refuse(reply, 406, `Expecting 'Accept' to allow ${JSON_TYPE}`);
    }
    const parsed = parse(request.body);
    if (!parsed.ok) return refuse(reply, 400, `Failed to parse body into JSON: ${parsed.problem}`);
    request.body = parsed.value;
    return handle(served, request, reply);
  });
}

const JSON_TYPE = 'application/json';

function parse(
  body: unknown,
): { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string } {
  if (!Buffer.isBuffer(body) || body.length === 0) return { ok: false, problem: 'the body is empty' };
  try {
    return { ok: true, value: JSON.parse(body.toString('utf8')) as unknown };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : 'syntax error' };
  }
}

/** The media type without parameters; Mesos takes none, we do. */
function mediaType(header: string | undefined): string | undefined {
  const type = header?.split(';')[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}

/** Whether an `Accept` header allows a type (RFC 9110, 12.5.1). None allows all. */
function accepts(header: string | undefined, type: string): boolean {
  if (header === undefined || header.trim() === '') return true;
  return header.split(',').some((range) => {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) return false;
    return name === type || name === '*/*' || name === `${type.split('/')[0] ?? ''}/*`;
  });
}

function refuseContentType(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return mediaType(request.headers['content-type']) === undefined
    ? refuse(reply, 400, `Expecting 'Content-Type' to be present`)
    : refuse(reply, 415, `Expecting 'Content-Type' of ${JSON_TYPE}`);
}

function refuse(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain').send(text);
}
