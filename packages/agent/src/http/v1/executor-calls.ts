/**
 * `POST /api/v1/executor`: custom executors over HTTP, as in Mesos. SUBSCRIBE is answered with a stream of events, every
 * other call with 202 and nothing. In JSON, in all its leniency, or protobuf.
 */
import { every, type Timers } from '@stadion/base';
import { ExecutorCall } from '@stadion/contract/mesos-executor';
import { RecordStream, acceptedCodec, codecOf, mediaType, readLenient, type Codec } from '@stadion/contract/mesos-wire';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AgentView } from '../../agent-view.ts';
import { findCallProblem } from '../../core/executor-call.ts';
import { showsToken } from '../../executor-tokens.ts';
import { EXECUTOR_CALL_BYTES_MAX, EXECUTOR_HEARTBEAT_MS } from '../../limits.ts';
import type { ExecutorReceiver, ExecutorRefusal } from '../../ports/executor-door.ts';

type SubscribeCall = Extract<ExecutorCall, { type: 'SUBSCRIBE' }>;

/** What the calls work with. */
interface ExecutorCallParts {
  readonly agent: AgentView;
  readonly timers: Timers;
}

const STATUS: Readonly<Record<ExecutorRefusal['why'], number>> = { unknown: 400, unsubscribed: 403, busy: 503 };

/** Binds the endpoint under each of some prefixes. */
export function addExecutorCalls(server: FastifyInstance, prefixes: readonly string[], parts: ExecutorCallParts): void {
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: EXECUTOR_CALL_BYTES_MAX },
      (_request, body, done) => {
        done(null, body);
      },
    );
    for (const prefix of prefixes) {
      scope.post(`${prefix}/api/v1/executor`, (request, reply) => answer(request, reply, parts));
      scope.route({
        method: ['GET', 'PUT', 'PATCH', 'DELETE'],
        url: `${prefix}/api/v1/executor`,
        exposeHeadRoute: false,
        handler: (request, reply) =>
          refuse(reply.header('allow', 'POST'), 405, `Expecting 'POST', received '${request.method}'`),
      });
    }
  });
}

function answer(request: FastifyRequest, reply: FastifyReply, parts: ExecutorCallParts): FastifyReply {
  const { agent } = parts;
  if (agent.recovering) return refuse(reply, 503, 'Agent has not finished recovery');
  const codec = codecOf(request.headers['content-type']);
  if (codec === undefined) return refuseContentType(request, reply);
  const reading = read(codec, request.body);
  if (!reading.ok) return refuse(reply, reading.status, reading.problem);
  const { call } = reading;
  if (call.type === 'HEARTBEAT') return reply.code(202).send();
  const problem = findCallProblem(call);
  if (problem !== undefined) return refuse(reply, 400, `Failed to validate executor::Call: ${problem}`);
  if (!isAuthentic(request, agent, call)) {
    return refuse(reply.header('www-authenticate', 'Bearer'), 401, 'Show the token of this executor');
  }
  if (call.type === 'SUBSCRIBE') return subscribe(call, request, reply, parts);
  const refusal = agent.executors.call(call);
  return refusal === undefined ? reply.code(202).send() : refuse(reply, STATUS[refusal.why], refusal.message);
}

function subscribe(
  call: SubscribeCall,
  request: FastifyRequest,
  reply: FastifyReply,
  { agent, timers }: ExecutorCallParts,
): FastifyReply {
  const codec = acceptedCodec(request.headers.accept);
  if (codec === undefined) {
    return refuse(reply, 406, `Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'`);
  }
  if (agent.executors.containerOf(call.framework_id.value, call.executor_id.value) === undefined) {
    return refuse(reply, 400, 'Executor cannot be found');
  }
  reply.hijack();
  const stream = new RecordStream(reply.raw, { 'Content-Type': codec.mediaType }, () => {
    heartbeat.cancel();
    agent.executors.unsubscribe(receiver);
  });
  const receiver: ExecutorReceiver = {
    send: (event) => stream.write(codec.encode('ExecutorEvent', event)),
    close: () => stream.end(),
  };
  const heartbeat = every(timers, EXECUTOR_HEARTBEAT_MS, () => receiver.send({ type: 'HEARTBEAT' }));
  agent.executors.subscribe(call, receiver);
  return reply;
}

type Reading =
  | { readonly ok: true; readonly call: ExecutorCall }
  | { readonly ok: false; readonly status: 400 | 501; readonly problem: string };

function read(codec: Codec, body: unknown): Reading {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    return { ok: false, status: 400, problem: 'Failed to parse body: the body is empty' };
  }
  let message: unknown;
  try {
    message = codec.decode('ExecutorCall', body);
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'malformed message';
    return { ok: false, status: 400, problem: `Failed to parse body into ${codec.mediaType}: ${problem}` };
  }
  const reading = readLenient(ExecutorCall, message);
  if (reading.ok) return { ok: true, call: reading.value as ExecutorCall };
  const status = reading.problem.endsWith(`is no known 'type'`) ? 501 : 400;
  return { ok: false, status, problem: `Failed to validate executor::Call: ${reading.problem}` };
}

function isAuthentic({ headers }: FastifyRequest, { executors }: AgentView, call: ExecutorCall): boolean {
  const { tokenKey } = executors;
  if (tokenKey === undefined) return true;
  const [fid, eid] = [call.framework_id.value, call.executor_id.value];
  const cid = executors.containerOf(fid, eid);
  return cid !== undefined && showsToken(tokenKey, headers.authorization, { fid, eid, cid });
}

function refuse(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply.code(status).type('text/plain').send(text);
}

function refuseContentType(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return mediaType(request.headers['content-type']) === undefined
    ? refuse(reply, 400, `Expecting 'Content-Type' to be present`)
    : refuse(reply, 415, `Expecting 'Content-Type' of application/json or application/x-protobuf`);
}
