/**
 * SUBSCRIBE of the operator API: a snapshot, then every change of the cluster. Each change is written once a form. A snapshot
 * lists what is there when it is asked for; it is written bit by bit, and what changes meanwhile follows it.
 */
import { RecordStream, type Codec } from '@stadion/contract/mesos-wire';
import { every, type TimerHandle } from '@stadion/base';
import type { FastifyReply } from 'fastify';
import type { ClusterChange } from '../../core/cluster/exchange.ts';
import { OPERATOR_HEARTBEAT_MS, OPERATOR_STREAMS_MAX } from '../../limits.ts';
import type { Master } from '../../master.ts';
import type { ClusterSight } from '../../core/cluster/cluster-sight.ts';
import { seenChange, seenCluster } from '../../core/cluster/seen-cluster.ts';
import type { ClusterView } from '../../core/cluster/state.ts';
import { chunks, inTurns, objectPieces } from '../json-pieces.ts';
import { clusterPieces } from './operator-reads.ts';
import { agentV1, frameworkV1, taskUpdatedV1, taskV1 } from './shapes.ts';

/** One who watches: the form of its events, and those that wait for its snapshot. */
interface Subscriber {
  readonly codec: Codec;
  /** What it sees. */
  readonly sight: ClusterSight;
  waiting: unknown[] | undefined;
}

/** All subscribers of one master. */
export class OperatorStreams {
  private readonly master: Master;
  /** Oldest first: one too many costs the oldest its place, as in Mesos. */
  private readonly streams = new Map<RecordStream, Subscriber>();
  private unwatch: (() => void) | undefined;
  private heartbeat: TimerHandle | undefined;

  constructor(master: Master) {
    this.master = master;
  }

  /** Ends all streams. */
  close(): void {
    for (const stream of this.streams.keys()) stream.cut();
  }

  /** Answers with a stream. */
  open(reply: FastifyReply, codec: Codec, sight: ClusterSight): FastifyReply {
    const { view } = this.master;
    if (view === undefined) return reply.code(503).type('text/plain').send('Master has not finished recovery');
    for (const oldest of this.streams.keys()) {
      if (this.streams.size < OPERATOR_STREAMS_MAX) break;
      this.streams.delete(oldest);
      oldest.end();
    }
    reply.hijack();
    const stream = new RecordStream(reply.raw, { 'Content-Type': codec.mediaType }, () => {
      this.streams.delete(stream);
      this.master.meters.operatorStreams = this.streams.size;
      if (this.streams.size === 0) this.rest();
    });
    this.streams.set(stream, { codec, sight, waiting: [] });
    this.master.meters.operatorStreams = this.streams.size;
    this.unwatch ??= this.master.watch((change) => {
      this.spread(event(view, change), { view, change });
    });
    this.heartbeat ??= every(this.master.time, OPERATOR_HEARTBEAT_MS, () => {
      this.spread({ type: 'HEARTBEAT' });
    });
    void this.begin(stream, view, sight);
    return reply;
  }

  private async begin(stream: RecordStream, whole: ClusterView, sight: ClusterSight): Promise<void> {
    const view = sight.isWhole ? whole : await inTurns(seenCluster(whole, sight), this.master.time);
    const subscribed = objectPieces({
      get_state: clusterPieces(view),
      heartbeat_interval_seconds: OPERATOR_HEARTBEAT_MS / 1000,
    });
    const snapshot = objectPieces({ type: 'SUBSCRIBED', subscribed });
    let text = '';
    for await (const chunk of chunks(snapshot, this.master.time)) text += chunk;
    const subscriber = this.streams.get(stream);
    if (subscriber === undefined) return;
    const { codec, waiting } = subscriber;
    stream.write(codec.encodeJson('OperatorEvent', text));
    for (const message of waiting ?? []) stream.write(codec.encode('OperatorEvent', message));
    subscriber.waiting = undefined;
  }

  /** @param of the change that the message tells, for those who see less of it */
  private spread(message: unknown, of?: { readonly view: ClusterView; readonly change: ClusterChange }): void {
    const encoded = new Map<Codec, Uint8Array>();
    for (const [stream, { codec, sight, waiting }] of this.streams) {
      const seen = of === undefined ? undefined : seenChange(of.change, sight);
      if (of !== undefined && seen === undefined) continue;
      if (of !== undefined && seen !== undefined && seen !== of.change) {
        const own = event(of.view, seen);
        if (waiting === undefined) stream.write(codec.encode('OperatorEvent', own));
        else waiting.push(own);
        continue;
      }
      if (waiting !== undefined) {
        waiting.push(message);
        continue;
      }
      const body = encoded.get(codec) ?? codec.encode('OperatorEvent', message);
      encoded.set(codec, body);
      stream.write(body);
    }
  }

  /** Nobody listens: changes need not be told. */
  private rest(): void {
    this.unwatch?.();
    this.unwatch = undefined;
    this.heartbeat?.cancel();
    this.heartbeat = undefined;
  }
}

/** `mesos.v1.master.Event`. */
function event(view: NonNullable<Master['view']>, change: ClusterChange): unknown {
  switch (change.type) {
    case 'TASK_ADDED':
      return { type: change.type, task_added: { task: taskV1(change.task) } };
    case 'TASK_UPDATED':
      return { type: change.type, task_updated: taskUpdatedV1(change.task, change.status) };
    case 'AGENT_ADDED':
      return { type: change.type, agent_added: { agent: agentV1(view, change.agent) } };
    case 'AGENT_REMOVED':
      return { type: change.type, agent_removed: { agent_id: { value: change.agentId } } };
    case 'FRAMEWORK_ADDED':
      return { type: change.type, framework_added: { framework: frameworkV1(change.framework) } };
    case 'FRAMEWORK_UPDATED':
      return { type: change.type, framework_updated: { framework: frameworkV1(change.framework) } };
    case 'FRAMEWORK_REMOVED':
      return { type: change.type, framework_removed: { framework_info: change.info } };
  }
}
