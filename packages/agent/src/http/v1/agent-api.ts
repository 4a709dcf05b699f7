/**
 * `POST /api/v1` of the agent: what operators and executors ask, and work inside containers. JSON in all its leniency, protobuf,
 * or a stream of records of either; the order in which a call is judged is Mesos's.
 */
import { Readable } from 'node:stream';
import { describeError, type Timers } from '@stadion/base';
import type { VirtualFiles } from '@stadion/base/virtual-files';
import { readLoggingCall, type Codec } from '@stadion/contract/mesos-wire';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RECORD_BYTES_MAX } from '../../limits.ts';
import { AGENT_READS, type ReadParts } from './agent-reads.ts';
import { ContainerCalls } from './container-calls.ts';
import { listFiles, readFile } from './file-calls.ts';
import { agreeOn, RECORD_IO, type MediaTypes } from './media-types.ts';
import { member } from './process-io.ts';
import { refuse, type Refusal } from './refusal.ts';

/** What the calls work with. */
export interface AgentApiParts extends ReadParts {
  readonly timers: Timers;
  readonly files: VirtualFiles;
}

const NO_PROVIDERS = 'This agent takes no resource providers: disks of its own come from its settings';
const NO_CONTAINERS_OF_THEIR_OWN =
  'Containers of this agent belong to tasks, which have limits and records and an end that is told; ' +
  'LAUNCH_NESTED_CONTAINER_SESSION runs a command inside one';

/** Calls of Mesos that do not fit here, and why. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  LAUNCH_NESTED_CONTAINER: NO_CONTAINERS_OF_THEIR_OWN,
  LAUNCH_CONTAINER: NO_CONTAINERS_OF_THEIR_OWN,
  ADD_RESOURCE_PROVIDER_CONFIG: NO_PROVIDERS,
  UPDATE_RESOURCE_PROVIDER_CONFIG: NO_PROVIDERS,
  REMOVE_RESOURCE_PROVIDER_CONFIG: NO_PROVIDERS,
  MARK_RESOURCE_PROVIDER_GONE: NO_PROVIDERS,
};

/** Binds the API under each of some prefixes; the sessions are the same. */
export function addAgentApi(server: FastifyInstance, prefixes: readonly string[], parts: AgentApiParts): void {
  const api = new AgentApi(parts);
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(RECORD_IO, (_request, stream, done) => {
      done(null, stream);
    });
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: RECORD_BYTES_MAX }, (_request, body, done) => {
      done(null, body);
    });
    // The server's own opinion of a request, in words.
    scope.setErrorHandler((error: FastifyError, _request, reply) =>
      refuse(reply, { status: error.statusCode ?? 500, message: error.message }),
    );
    for (const prefix of prefixes) {
      // Some clients ask at the second, which Mesos takes for the first.
      for (const url of [`${prefix}/api/v1`, `${prefix}/api/v1/operator`]) {
        scope.post(url, (request, reply) => api.answer(request, reply));
        scope.route({
          method: ['GET', 'PUT', 'PATCH', 'DELETE'],
          url,
          exposeHeadRoute: false,
          handler: ({ method }, reply) =>
            refuse(reply.header('allow', 'POST'), { status: 405, message: `Expecting 'POST', received '${method}'` }),
        });
      }
    }
  });
}

class AgentApi {
  private readonly parts: AgentApiParts;
  private readonly containers: ContainerCalls;

  constructor(parts: AgentApiParts) {
    this.parts = parts;
    this.containers = new ContainerCalls(parts);
  }

  async answer({ body, headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (this.parts.agent.recovering) return refuse(reply, { status: 503, message: 'Agent has not finished recovery' });
    const media = agreeOn(headers);
    if ('status' in media) return refuse(reply, media);
    if (body instanceof Readable) return this.containers.attachInput(body, reply, media);
    const call = parse(media.call, body);
    if ('status' in call) return refuse(reply, call);
    return this.perform(call.type, call.content, reply, media);
  }

  private async perform(type: string, content: unknown, reply: FastifyReply, media: MediaTypes): Promise<FastifyReply> {
    const { files } = this.parts;
    if (type === 'ATTACH_CONTAINER_INPUT') {
      return refuse(reply, { status: 415, message: `Expecting 'Content-Type' to be ${RECORD_IO} for ${type} call` });
    }
    if (type === 'ATTACH_CONTAINER_OUTPUT') return this.containers.attachOutput(content, reply, media);
    if (type === 'LAUNCH_NESTED_CONTAINER_SESSION') return this.containers.launch(content, reply, media);
    if (media.wantsRecords) {
      return refuse(reply, {
        status: 406,
        message: `Streaming response is not supported for ${type.slice(0, 64)} call`,
      });
    }
    const read = entryOf(AGENT_READS, type);
    if (read !== undefined) return tell(reply, media, type, await read(this.parts));
    const unsupported = entryOf(UNSUPPORTED, type);
    if (unsupported !== undefined) return refuse(reply, { status: 501, message: unsupported });
    switch (type) {
      case 'SET_LOGGING_LEVEL':
        return done(reply, this.setLoggingLevel(content));
      case 'LIST_FILES':
        return tell(reply, media, type, await listFiles(files, content));
      case 'READ_FILE':
        return tell(reply, media, type, await readFile(files, content));
      case 'GET_CONTAINERS':
        return tell(reply, media, type, await this.containers.list(content, this.parts.statistics));
      case 'WAIT_NESTED_CONTAINER':
      case 'WAIT_CONTAINER':
        return tell(reply, media, type, await this.containers.wait(content, () => reply.raw.destroyed));
      case 'KILL_NESTED_CONTAINER':
      case 'KILL_CONTAINER':
        return done(reply, this.containers.kill(content));
      case 'REMOVE_NESTED_CONTAINER':
      case 'REMOVE_CONTAINER':
        return done(reply, this.containers.remove(content));
      case 'PRUNE_IMAGES':
        return done(reply, await this.pruneImages(content));
      default:
        return refuse(reply, { status: 501, message: `'${type.slice(0, 64)}' is not supported` });
    }
  }

  private setLoggingLevel(content: unknown): Refusal | undefined {
    const { verbosity } = this.parts;
    if (verbosity === undefined) return { status: 501, message: 'The log of this process cannot be changed' };
    const order = readLoggingCall(content);
    const problem = 'problem' in order ? order.problem : verbosity.set(order.level, order.durationMs);
    return problem === undefined ? undefined : { status: 400, message: `Failed to validate agent::Call: ${problem}` };
  }

  /** Images that no container runs on go, but those that are to stay. */
  private async pruneImages(content: unknown): Promise<Refusal | undefined> {
    const excluded = member(content, 'excluded_images') ?? [];
    const names = (Array.isArray(excluded) ? excluded : [excluded]).map((image) =>
      member(member(image, 'docker'), 'name'),
    );
    const known = names.filter((name): name is string => typeof name === 'string');
    if (known.length < names.length) {
      return { status: 400, message: `Expecting each of 'prune_images.excluded_images' to have a 'docker.name'` };
    }
    try {
      await this.parts.agent.pruneImages(known);
      return undefined;
    } catch (error) {
      return { status: 503, message: describeError(error) };
    }
  }
}

function tell(reply: FastifyReply, { answer }: MediaTypes, type: string, value: object | Refusal): FastifyReply {
  if ('status' in value && 'message' in value) return refuse(reply, value);
  const body = answer.encode('AgentResponse', { type, [type.toLowerCase()]: value });
  return reply.code(200).type(answer.mediaType).send(Buffer.from(body));
}

function done(reply: FastifyReply, refusal: Refusal | undefined): FastifyReply {
  return refusal === undefined ? reply.code(200).send('') : refuse(reply, refusal);
}

/** A call, with the member that is named for its type. */
function parse(codec: Codec, body: unknown): { readonly type: string; readonly content: unknown } | Refusal {
  if (!Buffer.isBuffer(body) || body.length === 0) {
    return { status: 400, message: 'Failed to parse body: the body is empty' };
  }
  let call: unknown;
  try {
    call = codec.decode('AgentCall', body);
  } catch (error) {
    return { status: 400, message: `Failed to parse body into ${codec.mediaType}: ${describeError(error)}` };
  }
  const type = member(call, 'type');
  if (typeof type !== 'string') {
    return { status: 400, message: `Failed to validate agent::Call: Expecting 'type' to be present` };
  }
  return { type, content: member(call, type.toLowerCase()) };
}

/** Types of calls come from outside: `constructor` is none. */
function entryOf<Entry>(table: Readonly<Record<string, Entry>>, type: string): Entry | undefined {
  return Object.hasOwn(table, type) ? table[type] : undefined;
}
