/** The v1 APIs of a master, bound to its server: content types, readiness and methods, before any call is looked at. */
import { acceptedCodec, codecOf, mediaType, type MessageName } from '@stadion/contract/mesos-wire';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Master } from '../../master.ts';
import { servedMaster, type SeenMaster } from '../served-master.ts';
import { refuse, type Exchange } from './exchange.ts';
import { OperatorEndpoint } from './operator.ts';
import { SchedulerEndpoint } from './scheduler.ts';

/** One API: the message that it takes, and what it does with it. */
interface Endpoint {
  readonly call: MessageName;
  handle(exchange: Exchange): FastifyReply | Promise<FastifyReply>;
}

/** Adds `/api/v1/scheduler` and `/api/v1` (some clients say `/api/v1/operator`), with and without `/master`. */
export function serveV1(app: FastifyInstance, seen: SeenMaster): void {
  const { master } = seen;
  const scheduler = new SchedulerEndpoint(master);
  const operator = new OperatorEndpoint(seen);
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
      serve(scope, `${prefix}/api/v1/scheduler`, master, scheduler);
      for (const path of ['/api/v1', '/api/v1/operator']) serve(scope, `${prefix}${path}`, master, operator);
    }
    done();
  });
}

function serve(scope: FastifyInstance, path: string, master: Master, endpoint: Endpoint): void {
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
    const codec = codecOf(request.headers['content-type']);
    if (codec === undefined) return refuseContentType(request, reply);
    const answer = acceptedCodec(request.headers.accept);
    if (answer === undefined) {
      return refuse(reply, 406, `Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'`);
    }
    if (!Buffer.isBuffer(request.body) || request.body.length === 0) {
      return refuse(reply, 400, 'Failed to parse body: the body is empty');
    }
    let message: unknown;
    try {
      message = codec.decode(endpoint.call, request.body);
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'malformed message';
      return refuse(reply, 400, `Failed to parse body into ${codec.mediaType}: ${problem}`);
    }
    return endpoint.handle({ served, request, reply, message, answer });
  });
}

function refuseContentType(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return mediaType(request.headers['content-type']) === undefined
    ? refuse(reply, 400, `Expecting 'Content-Type' to be present`)
    : refuse(reply, 415, `Expecting 'Content-Type' of application/json or application/x-protobuf`);
}
