/**
 * `/v2/events`: the bus as server-sent events. Each event becomes text once, however many listen; a slow reader is cut
 * off and never slows the others. Plans carry the root group before and after only for `plan-format=full`, which Marathon
 * sent up to 1.7.
 */
import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { every, type Clock, type Logger, type TimerHandle, type Timers } from '@stadion/base';
import type { OrchestratorEvent } from '@stadion/contract/orchestrator';
import type { Sight } from '@stadion/contract/permissions';
import { EVENTS_RESUMED_HEADER, extensionEventTypes } from '@stadion/contract/orchestrator-extensions';
import { formatTimestamp } from '../core/app/timestamp.ts';
import type { PlanRoots } from '../core/deployment/plan-roots.ts';
import { seenEvent } from '../core/seen-event.ts';
import type { EventFeed } from '../engine.ts';
import { failure, json, type Answer, type Call } from './answer.ts';
import { EventLog, encodeEvent } from './event-log.ts';
import { encodeFull, encodeSeen, encodeWithEmptyRoots } from './event-texts.ts';
import {
  EVENTS_OUTSTANDING_MAX,
  EVENT_BYTES_OUTSTANDING_MAX,
  EVENT_HEARTBEAT_MS,
  EVENT_LOG_KEEP_MS,
  EVENT_STREAMS_MAX,
  EVENT_STREAM_FAREWELL_MS,
  RECENT_EVENTS_MAX,
  RECENT_EVENTS_SHOWN,
} from './limits.ts';
import { isStrictStreamReader, wantsExtensions } from './query.ts';

/** All open event streams of one server. */
export class EventStreams {
  private readonly streams = new Set<EventStream>();
  private readonly feed: EventFeed;
  private readonly time: Clock & Timers;
  private readonly log: Logger;
  private readonly history: EventLog;
  private ending: TimerHandle | undefined;
  private unsubscribe: (() => void) | undefined;
  private isClosed = false;

  constructor(feed: EventFeed, time: Clock & Timers, log: Logger) {
    this.feed = feed;
    this.time = time;
    this.log = log;
    this.history = new EventLog(time.now().toString(36));
  }

  /** How many streams are open. */
  get active(): number {
    return this.streams.size;
  }

  /** Turns a request into a stream; the first event it carries is its own `event_stream_attached`. */
  open(call: Call): Answer {
    const { request, reply, query } = call;
    const accept = request.headers.accept ?? '';
    if (request.method !== 'GET' || !accept.includes('text/event-stream')) {
      const message = 'HTTP 405 Method Not Allowed: ask with GET and the header Accept: text/event-stream';
      return failure(405, { message }, { Allow: 'GET' });
    }
    if (this.isClosed || this.active >= EVENT_STREAMS_MAX) {
      const message = `${String(EVENT_STREAMS_MAX)} event streams are open already; close one and try again`;
      return failure(503, { message: this.isClosed ? 'The server is stopping' : message });
    }
    const types = new Set(query.getAll('event_type'));
    const lastId = lastIdOf(call);
    const missed = lastId === undefined ? undefined : this.history.after(lastId);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      ...definedHeaders(reply.getHeaders()),
      'Content-Type': 'text/event-stream; charset=utf-8',
      'X-Accel-Buffering': 'no',
      ...(lastId === undefined ? {} : { [EVENTS_RESUMED_HEADER]: String(typeof missed !== 'string') }),
    });
    raw.flushHeaders();
    const remoteAddress = request.ip;
    const attached: OrchestratorEvent = { eventType: 'event_stream_attached', timestamp: this.now(), remoteAddress };
    const wantsFullPlans = query.get('plan-format') === 'full';
    const wish = {
      sight: call.sight,
      types,
      extensions: wantsExtensions(call),
      fullPlans: wantsFullPlans,
      emptyRoots: isStrictStreamReader(call),
    };
    const stream = new EventStream(raw, wish, attached, this.time);
    this.listen();
    this.feed.publish(attached);
    this.streams.add(stream);
    const endWish = wantsFullPlans ? this.feed.wantPlanRoots() : undefined;
    raw.once('close', () => {
      endWish?.();
      this.detach(stream, remoteAddress);
    });
    // A socket that breaks is closed: that is all there is to know.
    raw.on('error', () => undefined);
    const { lastId: newestId } = this.history;
    // Whoever loses its connection before anything else has happened still knows from where to go on. One that comes back is
    // where it was until it has been told what it missed.
    const attachedId = lastId === undefined ? newestId : typeof missed === 'string' ? undefined : lastId;
    stream.write(attached, encodeEvent(attached, attachedId));
    if (lastId !== undefined && missed !== undefined) stream.resume(missed, lastId, newestId);
    return { status: 200, body: { kind: 'taken' } };
  }

  /** The latest events that are remembered, as far as the caller wants to know of their kind. */
  recent(call: Call): Answer {
    const asked = Number(call.query.get('limit') ?? RECENT_EVENTS_SHOWN);
    const limit = Number.isSafeInteger(asked) && asked > 0 ? Math.min(asked, RECENT_EVENTS_MAX) : RECENT_EVENTS_SHOWN;
    const extensions = wantsExtensions(call);
    const events = this.history
      .latest(limit)
      .filter(({ event }) => extensions || !extensionEventTypes.has(event.eventType))
      .flatMap(({ id, event: whole }) => {
        const event = seenEvent(whole, call.sight);
        return event === undefined ? [] : [{ id, event }];
      });
    return json(200, { events });
  }

  /** Ends all streams; new ones are refused. */
  close(): void {
    this.isClosed = true;
    this.ending?.cancel();
    for (const stream of this.streams) stream.cut('the server is stopping');
  }

  private listen(): void {
    this.ending?.cancel();
    this.ending = undefined;
    this.unsubscribe ??= this.feed.subscribe((event, roots) => {
      this.spread(event, roots);
    });
  }

  private spread(event: OrchestratorEvent, roots: (() => PlanRoots) | undefined): void {
    const logged = this.history.add(event);
    const { id, text: light } = logged;
    let full: Buffer | string | undefined;
    let rootless: Buffer | undefined;
    for (const stream of this.streams) {
      if (!stream.wants(event)) continue;
      let text: Buffer | string | undefined = light;
      if (!stream.sight.isWhole) {
        const wanted = stream.wantsFullPlans ? roots?.() : undefined;
        text = encodeSeen(logged, stream.sight, { roots: wanted, emptyRoots: stream.wantsEmptyRoots });
      } else if (stream.wantsFullPlans && roots !== undefined && 'plan' in event) {
        text = full ??= encodeFull(event, roots(), id);
      } else if (stream.wantsEmptyRoots && 'plan' in event) {
        text = rootless ??= encodeWithEmptyRoots(event, id);
      }
      if (typeof text === 'string') stream.cut(text);
      if (text === undefined || typeof text === 'string') continue;
      stream.write(event, text);
      const reason = stream.behind();
      if (reason === undefined) continue;
      this.log.warn({ reason }, 'an event stream is too slow and was closed');
      stream.cut(reason);
    }
  }

  private detach(stream: EventStream, remoteAddress: string): void {
    if (!this.streams.delete(stream)) return;
    stream.end();
    this.feed.publish({ eventType: 'event_stream_detached', timestamp: this.now(), remoteAddress });
    if (this.streams.size > 0 || this.isClosed) return;
    // Whoever lost its connection may be back in a moment, and wants what it missed.
    this.ending ??= this.time.after(EVENT_LOG_KEEP_MS, () => {
      this.ending = undefined;
      this.unsubscribe?.();
      this.unsubscribe = undefined;
      this.history.clear();
    });
  }

  private now(): string {
    return formatTimestamp(this.time.now());
  }
}

/** What a listener wants to hear. */
interface EventWish {
  /** What the listener may see. */
  readonly sight: Sight;
  /** Names of types; empty: all. */
  readonly types: ReadonlySet<string>;
  /** Types that Marathon does not know, too. */
  readonly extensions: boolean;
  readonly fullPlans: boolean;
  /** Plans say that there is a root before and after, and nothing of it. */
  readonly emptyRoots: boolean;
}

/** One listener. */
class EventStream {
  /** Whether plans carry the root group before and after. */
  readonly wantsFullPlans: boolean;
  readonly wantsEmptyRoots: boolean;
  /** What the listener may see. */
  readonly sight: Sight;
  private readonly socket: ServerResponse;
  private readonly wish: EventWish;
  private readonly attached: OrchestratorEvent;
  private readonly timers: Timers;
  private readonly heartbeat: TimerHandle;
  private farewell: TimerHandle | undefined;
  private eventsOutstanding = 0;
  private bytesOutstanding = 0;
  private isCut = false;

  constructor(socket: ServerResponse, wish: EventWish, attached: OrchestratorEvent, timers: Timers) {
    this.wantsFullPlans = wish.fullPlans;
    this.wantsEmptyRoots = wish.emptyRoots;
    this.sight = wish.sight;
    this.socket = socket;
    this.wish = wish;
    this.attached = attached;
    this.timers = timers;
    this.heartbeat = every(timers, EVENT_HEARTBEAT_MS, () => {
      // A listener that is behind knows that we live.
      if (!this.isCut && this.eventsOutstanding === 0) this.socket.write('\r\n');
    });
  }

  /** Whether an event of the bus goes to this listener. Its own first event has been sent already. */
  wants(event: OrchestratorEvent): boolean {
    return !this.isCut && event !== this.attached && this.admits(event);
  }

  write(event: OrchestratorEvent, text: Buffer): void {
    if (this.isCut || !this.admits(event)) return;
    this.eventsOutstanding += 1;
    this.bytesOutstanding += text.length;
    this.socket.write(text, () => {
      this.eventsOutstanding -= 1;
      this.bytesOutstanding -= text.length;
    });
  }

  /** Sends what a listener that was here before has missed, in one piece, or says that this is not known any more, and from where to go on. */
  resume(missed: Missed, lastEventId: string, newestId: string): void {
    if (typeof missed === 'string') {
      const gap = gapEvent({ lastEventId, reason: missed, timestamp: this.attached.timestamp });
      this.socket.write(encodeEvent(gap, newestId));
      return;
    }
    const texts = missed
      .filter(({ event }) => this.admits(event))
      .flatMap((logged) => {
        if (this.sight.isWhole) return logged.text;
        const text = encodeSeen(logged, this.sight, { roots: undefined, emptyRoots: this.wantsEmptyRoots });
        return text instanceof Buffer ? text : [];
      });
    if (texts.length > 0) this.socket.write(Buffer.concat(texts));
  }

  /** Why this listener is too far behind, or undefined. */
  behind(): string | undefined {
    if (this.eventsOutstanding > EVENTS_OUTSTANDING_MAX) {
      return `closed: more than ${String(EVENTS_OUTSTANDING_MAX)} events waited to be read`;
    }
    if (this.bytesOutstanding > EVENT_BYTES_OUTSTANDING_MAX) {
      return `closed: more than ${String(EVENT_BYTES_OUTSTANDING_MAX)} bytes of events waited to be read`;
    }
    return undefined;
  }

  /** Says why in a comment line and closes; who does not even read that is cut off. */
  cut(reason: string): void {
    if (this.isCut) return;
    this.isCut = true;
    this.socket.end(`: ${reason}\r\n\r\n`);
    this.farewell = this.timers.after(EVENT_STREAM_FAREWELL_MS, () => {
      this.socket.destroy();
    });
  }

  /** The socket is gone. */
  end(): void {
    this.isCut = true;
    this.heartbeat.cancel();
    this.farewell?.cancel();
  }

  private admits(event: OrchestratorEvent): boolean {
    const { types, extensions } = this.wish;
    if (types.size > 0) return types.has(event.eventType);
    return extensions || !extensionEventTypes.has(event.eventType);
  }
}

/** What a reader has missed, or why that is not known. */
type Missed = ReturnType<EventLog['after']>;

/** The id of the last event that a reader has seen, when it was here before. */
function lastIdOf({ request }: Call): string | undefined {
  const id = request.headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

/** What a reader has to do whose events cannot be told any more. */
function gapEvent(
  what: Pick<Extract<OrchestratorEvent, { eventType: 'events_lost_event' }>, 'lastEventId' | 'reason' | 'timestamp'>,
): OrchestratorEvent {
  return {
    eventType: 'events_lost_event',
    ...what,
    message:
      'Not all events since your last one are known any more. Read the state anew, then go on with what follows here.',
    readAnew: ['/v2/apps?embed=apps.tasks', '/v2/pods::status', '/v2/deployments', '/v2/groups'],
  };
}

function definedHeaders(headers: Readonly<Record<string, number | string | string[] | undefined>>) {
  const members = Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return Object.fromEntries(members) as Record<string, number | string | string[]>;
}
