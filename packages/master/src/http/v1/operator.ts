/** `POST /api/v1`: what operators and their tools ask and order. One answer a call; SUBSCRIBE is answered with a stream. */
import { readLoggingCall, type Codec } from '@stadion/contract/mesos-wire';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Master } from '../../master.ts';
import type { ClusterView } from '../../core/cluster/state.ts';
import type { SeenMaster } from '../served-master.ts';
import { chunks, objectPieces } from '../json-pieces.ts';
import { readUpkeepOrder, UPKEEP_CALLS } from './agent-upkeep.ts';
import { refuse, type Exchange } from './exchange.ts';
import { FILE_CALLS } from './file-calls.ts';
import { OPERATOR_READS } from './operator-reads.ts';
import { RESOURCE_CALLS, type ResourceOrder } from './resource-calls.ts';
import type { SettingsChange } from '../../core/allocation/quota-change.ts';
import { SETTINGS_CHANGES } from './settings-calls.ts';
import { OperatorStreams } from './operator-streams.ts';

/** Serves the operator API of one master. */
export class OperatorEndpoint {
  readonly call = 'OperatorCall';
  private readonly seen: SeenMaster;
  private readonly master: Master;
  private readonly streams: OperatorStreams;

  constructor(seen: SeenMaster) {
    const { master } = seen;
    this.seen = seen;
    this.master = master;
    this.streams = new OperatorStreams(master);
  }

  /** Ends all streams. */
  close(): void {
    this.streams.close();
  }

  /** Answers one call. */
  async handle({ served, request, reply, message: call, answer }: Exchange): Promise<FastifyReply> {
    const type = isObject(call) ? call['type'] : undefined;
    if (!isObject(call) || typeof type !== 'string') {
      return refuse(reply, 400, `Failed to validate master::Call: Expecting 'type' to be present`);
    }
    const read = entryOf(OPERATOR_READS, type);
    if (read !== undefined) {
      const within = (await this.seen.within(request)) ?? served;
      const pieces = objectPieces({ type, [type.toLowerCase()]: read(within) });
      void reply.type(answer.mediaType);
      return reply.send(Readable.from(this.bodyOf(pieces, answer)));
    }
    const change = entryOf(SETTINGS_CHANGES, type)?.(call[type.toLowerCase()], type.toLowerCase());
    if (change !== undefined) {
      return 'problem' in change ? refuse(reply, 400, change.problem) : this.configure(change, reply);
    }
    if (UPKEEP_CALLS.has(type)) return this.treatAgent(type, call[type.toLowerCase()], served.view, reply);
    const ofFiles = entryOf(FILE_CALLS, type);
    if (ofFiles !== undefined) {
      const told = await ofFiles(this.seen.files, call[type.toLowerCase()]);
      if ('message' in told) return refuse(reply, told.status, told.message);
      const body = answer.encode('OperatorResponse', { type, [type.toLowerCase()]: told.member });
      return reply.type(answer.mediaType).send(Buffer.from(body));
    }
    const order = entryOf(RESOURCE_CALLS, type)?.(call[type.toLowerCase()]);
    if (order !== undefined) return this.operate(order, served.view, reply);
    switch (type) {
      case 'SET_LOGGING_LEVEL':
        return this.setLoggingLevel(call['set_logging_level'], reply);
      case 'SUBSCRIBE':
        return this.streams.open(reply, answer, this.seen.sightOf(request));
      case 'TEARDOWN': {
        const id = idIn(call['teardown'], 'framework_id');
        if (id === undefined) return refuse(reply, 400, `Expecting 'teardown.framework_id' to be present`);
        if (!served.view.frameworks.has(id)) return refuse(reply, 400, `No framework found with specified ID ${id}`);
        this.master.teardown(id);
        return reply.code(200).send();
      }
      case 'MARK_AGENT_GONE': {
        const id = idIn(call['mark_agent_gone'], 'agent_id');
        if (id === undefined) return refuse(reply, 400, `Expecting 'mark_agent_gone.agent_id' to be present`);
        if (!isKnown(served.view, id)) return refuse(reply, 404, `Agent ${id} not found`);
        return answerOrder(await this.master.markAgentGone(id), reply);
      }
      default:
        return refuse(reply, 501, `'${type.slice(0, 64)}' is not supported`);
    }
  }

  private setLoggingLevel(content: unknown, reply: FastifyReply): FastifyReply {
    const { verbosity } = this.seen;
    if (verbosity === undefined) return refuse(reply, 501, 'The log of this process cannot be changed');
    const order = readLoggingCall(content);
    const problem = 'problem' in order ? order.problem : verbosity.set(order.level, order.durationMs);
    return problem === undefined
      ? reply.code(200).send()
      : refuse(reply, 400, `Failed to validate master::Call: ${problem}`);
  }

  private async configure(change: SettingsChange, reply: FastifyReply): Promise<FastifyReply> {
    const problem = await this.master.configure(change);
    return problem === undefined ? reply.code(200).send() : refuse(reply, 400, problem);
  }

  private operate(order: ResourceOrder, view: ClusterView, reply: FastifyReply): FastifyReply {
    if ('problem' in order) return refuse(reply, 400, order.problem);
    if (!view.agents.has(order.agentId)) return refuse(reply, 400, `No agent found with specified ID ${order.agentId}`);
    const problem = this.master.operate(order.agentId, order.operation);
    return problem === undefined ? reply.code(202).send() : refuse(reply, 409, problem);
  }

  private async treatAgent(type: string, body: unknown, view: ClusterView, reply: FastifyReply): Promise<FastifyReply> {
    const order = readUpkeepOrder(type, body, this.master.time.now());
    if ('problem' in order) return refuse(reply, 400, order.problem);
    const { agentId, upkeep } = order;
    if (!isKnown(view, agentId)) return refuse(reply, 404, `Agent ${agentId} not found`);
    return answerOrder(await this.master.treatAgent(agentId, upkeep), reply);
  }

  /** JSON goes out bit by bit; protobuf knows its length only when all of it is there. */
  private async *bodyOf(pieces: Iterable<string>, codec: Codec): AsyncGenerator<string | Uint8Array> {
    const text = chunks(pieces, this.master.time);
    if (codec.mediaType === 'application/json') {
      yield* text;
      return;
    }
    let whole = '';
    for await (const chunk of text) whole += chunk;
    yield codec.encodeJson('OperatorResponse', whole);
  }
}

function answerOrder(isKept: boolean, reply: FastifyReply): FastifyReply {
  if (isKept) return reply.code(200).send();
  return refuse(reply, 503, 'It is not certain that this is kept: look at the agent, and order it again');
}

function isKnown({ agents, recovered, unreachable }: ClusterView, agentId: string): boolean {
  return agents.has(agentId) || recovered.has(agentId) || unreachable.has(agentId);
}

function idIn(body: unknown, name: string): string | undefined {
  const id = isObject(body) ? body[name] : undefined;
  const value = isObject(id) ? id['value'] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Types of calls come from outside: `constructor` is none. */
function entryOf<Entry>(table: Readonly<Record<string, Entry>>, type: string): Entry | undefined {
  return Object.hasOwn(table, type) ? table[type] : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
