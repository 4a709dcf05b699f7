/**
 * `POST /api/v1/scheduler`: frameworks over HTTP. SUBSCRIBE is answered with a stream of events, every other call with
 * 202 and nothing; the order in which a call is judged is Mesos's (`Master::Http::scheduler`).
 */
import { RecordStream, type Codec } from '@stadion/contract/mesos-wire';
import { randomUuid } from '@stadion/base';
import type { SchedulerCall, SchedulerConnection, SchedulerEvent } from '@stadion/contract/mesos';
import type { FastifyReply } from 'fastify';
import { updateProblem } from '../../core/cluster/frameworks.ts';
import { SCHEDULER_STREAMS_MAX } from '../../limits.ts';
import type { Master } from '../../master.ts';
import { refuse, type Exchange } from './exchange.ts';
import { outgoingEvent } from './outgoing-event.ts';
import { readSchedulerCall } from './incoming-call.ts';

type SubscribeCall = Extract<SchedulerCall, { type: 'SUBSCRIBE' }>;
type OtherCall = Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;

/** A framework's open stream. */
interface SchedulerStream {
  readonly id: string;
  readonly connection: SchedulerConnection;
  readonly output: RecordStream;
  readonly codec: Codec;
}

/** Serves the scheduler API of one master. */
export class SchedulerEndpoint {
  readonly call = 'SchedulerCall';
  private readonly master: Master;
  private readonly streams = new Set<SchedulerStream>();
  /** By framework: the stream over which its calls must come. */
  private readonly current = new Map<string, SchedulerStream>();

  constructor(master: Master) {
    this.master = master;
  }

  /** Ends all streams. */
  close(): void {
    for (const { output } of this.streams) output.cut();
  }

  /** Answers one call. */
  handle(exchange: Exchange): FastifyReply {
    const { request, reply } = exchange;
    const incoming = readSchedulerCall(exchange.message);
    if (!incoming.ok) return refuse(reply, incoming.status, incoming.problem);
    const { call } = incoming;
    if (call.type === 'SUBSCRIBE') return this.subscribe(call, exchange);
    const problem = this.problemOf(call, request.headers['mesos-stream-id']);
    if (problem !== undefined) return refuse(reply, problem.status, problem.text);
    const stream = this.current.get(call.framework_id.value);
    if (call.type === 'UPDATE_FRAMEWORK') {
      const {
        framework_info: info,
        suppressed_roles: suppressed = [],
        offer_constraints: constraints,
      } = call.update_framework;
      const framework = exchange.served.view.frameworks.get(call.framework_id.value);
      const wrong = framework === undefined ? undefined : updateProblem(framework, info, suppressed, constraints);
      if (wrong !== undefined) return refuse(reply, 400, wrong);
      stream?.connection.send(call);
      return reply.code(200).send();
    }
    stream?.connection.send(call);
    return reply.code(202).send();
  }

  private subscribe(call: SubscribeCall, { request, reply, answer }: Exchange): FastifyReply {
    if (request.headers['mesos-stream-id'] !== undefined) {
      return refuse(reply, 400, `Subscribe calls should not include the 'Mesos-Stream-Id' header`);
    }
    if (this.streams.size >= SCHEDULER_STREAMS_MAX) {
      return refuse(reply, 503, `${String(SCHEDULER_STREAMS_MAX)} frameworks are subscribed already`);
    }
    reply.hijack();
    const connection = this.master.connect();
    const headers = { 'Content-Type': answer.mediaType, 'Mesos-Stream-Id': randomUuid(this.master.random) };
    const stream: SchedulerStream = {
      id: headers['Mesos-Stream-Id'],
      connection,
      codec: answer,
      output: new RecordStream(reply.raw, headers, () => {
        this.forget(stream);
        connection.close();
      }),
    };
    this.streams.add(stream);
    connection.subscribe(call, {
      onEvent: (event) => {
        this.deliver(stream, event);
      },
      onClosed: () => {
        this.forget(stream);
        stream.output.end();
      },
    });
    return reply;
  }

  private deliver(stream: SchedulerStream, event: SchedulerEvent): void {
    if (event.type === 'SUBSCRIBED') this.current.set(event.subscribed.framework_id.value, stream);
    stream.output.write(stream.codec.encode('SchedulerEvent', outgoingEvent(event)));
  }

  private forget(stream: SchedulerStream): void {
    this.streams.delete(stream);
    for (const [framework, its] of this.current) if (its === stream) this.current.delete(framework);
  }

  private problemOf(call: OtherCall, streamId: string | string[] | undefined) {
    const id = call.framework_id.value;
    const framework = this.master.view?.frameworks.get(id);
    if (framework === undefined) return { status: 400, text: 'Framework cannot be found' };
    const stream = this.current.get(id);
    if (framework.subscription === undefined || stream === undefined) {
      return { status: 403, text: 'Framework is not subscribed' };
    }
    if (streamId === undefined) {
      return { status: 400, text: `All non-subscribe calls should include the 'Mesos-Stream-Id' header` };
    }
    if (streamId !== stream.id) {
      return {
        status: 400,
        text: `The stream ID '${String(streamId).slice(0, 128)}' included in this request didn't match the stream ID currently associated with framework ID ${id}`,
      };
    }
    return undefined;
  }
}
