/** The typed client of the orchestrator's API: one method per route of the table, and the event stream. */
import type { Static, TSchema } from '@sinclair/typebox';
import type { OrchestratorEvent } from '../orchestrator/events.ts';
import { EVENTS_RESUMED_HEADER, EXTENSIONS_HEADER } from '../orchestrator-extensions.ts';
import type { Route } from '../orchestrator/route.ts';
import { orchestratorRoutes } from '../orchestrator/routes.ts';
import { readEventStream } from './event-stream.ts';
import { failure, request, send, type Call, type Fetch, type Peer } from './http.ts';

type Routes = typeof orchestratorRoutes;
/** The names in a path's braces. */
type PathParameter<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameter<Rest>
  : never;
type ParamsOf<R extends Route> = [PathParameter<R['path']>] extends [never]
  ? object
  : { readonly params: Readonly<Record<PathParameter<R['path']>, string>> };
type QueryOf<R extends Route> = R extends { query: infer Q extends TSchema } ? { readonly query?: Static<Q> } : object;
type BodyOf<R extends Route> = R extends { body: infer B extends TSchema } ? { readonly body: Static<B> } : object;
/** What a route is called with. */
export type RequestOf<R extends Route> = ParamsOf<R> & QueryOf<R> & BodyOf<R> & { readonly signal?: AbortSignal };
type SuccessStatus = 200 | 201 | 202 | 204;
/** What a route answers when it succeeds; an empty answer is null. */
export type AnswerOf<R extends Route> = Static<R['answers'][Extract<keyof R['answers'], SuccessStatus>]>;

/** Calls a route. Without path parameters and body it needs no argument. */
type Method<R extends Route> =
  object extends RequestOf<R>
    ? (request?: RequestOf<R>) => Promise<AnswerOf<R>>
    : (request: RequestOf<R>) => Promise<AnswerOf<R>>;

type RouteMethods = { readonly [Name in Exclude<keyof Routes, 'events'>]: Method<Routes[Name]> };

/** Which events to follow, and until when. */
export interface EventsRequest {
  /** Event types; all when absent. */
  readonly types?: readonly OrchestratorEvent['eventType'][];
  readonly signal?: AbortSignal;
}

/** Which events to follow, and behind which one to go on. */
export interface ResumingEventsRequest extends EventsRequest {
  /** The id of the last event that was seen. */
  readonly after?: string;
}

/** An event with its id; the stream's own first event has none. */
export interface StreamedEvent {
  readonly id?: string;
  readonly event: OrchestratorEvent;
}

/** Events from now on; after an id that is still known, from that event on. */
export interface ResumedEvents extends AsyncIterable<StreamedEvent> {
  /** False when events may have been missed: then the state must be read anew. */
  readonly isComplete: boolean;
}

/**
 * One method per route. Each rejects with an ApiError when refused, with a PlatformError `orchestrator-unreachable` or
 * `orchestrator-answer-unexpected` when there is no proper answer, and with the signal's reason when cancelled.
 */
export interface OrchestratorClient extends RouteMethods {
  readonly baseUrl: string;
  /**
   * Follows the events from now on: resolves when the stream is open. The iterable ends when the peer closes it and
   * throws `orchestrator-unreachable` when it breaks; there is no replay. It can be iterated once.
   */
  readonly events: (request?: EventsRequest) => Promise<AsyncIterable<OrchestratorEvent>>;
  /** The same with ids, behind an event that was seen before, as far as that is still known. */
  readonly resumeEvents: (request?: ResumingEventsRequest) => Promise<ResumedEvents>;
}

/** Where the API is and how to get there. */
export interface OrchestratorClientOptions {
  /** E.g. `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** Default: the global one. */
  readonly fetch?: Fetch;
  /** Who calls, for the records of deployments. */
  readonly userAgent?: string;
  /** What a person can do when nobody answers, as a sentence. */
  readonly advice?: string;
}

/** Makes a client; nothing is sent before its first call. */
export function createOrchestratorClient(options: OrchestratorClientOptions): OrchestratorClient {
  const peer: Peer = {
    role: 'orchestrator',
    baseUrl: options.baseUrl,
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    advice: options.advice ?? 'Check the address, and start the platform with: stadion up',
    headers: {
      [EXTENSIONS_HEADER]: 'true',
      ...(options.userAgent !== undefined && { 'user-agent': options.userAgent }),
    },
  };
  const methods = Object.fromEntries(
    Object.entries(orchestratorRoutes).map(([name, route]: [string, Route]) => [
      name,
      (call: Partial<Call> = {}) =>
        request(peer, { ...call, method: route.method, path: route.path }, answersOf(route)),
    ]),
  ) as RouteMethods;
  return {
    ...methods,
    baseUrl: options.baseUrl,
    events: async (wanted = {}) => onlyEvents(await openEvents(peer, wanted)),
    resumeEvents: (wanted = {}) => openEvents(peer, wanted),
  };
}

function answersOf(route: Route): TSchema[] {
  return Object.entries(route.answers)
    .filter(([status]) => Number(status) < 400)
    .map(([, schema]) => schema);
}

async function openEvents(peer: Peer, wanted: ResumingEventsRequest): Promise<ResumedEvents> {
  const { method, path } = orchestratorRoutes.events;
  const call: Call = {
    method,
    path,
    query: { event_type: wanted.types, 'plan-format': 'light' },
    ...(wanted.signal === undefined ? {} : { signal: wanted.signal }),
  };
  const headers = wanted.after === undefined ? {} : { 'last-event-id': wanted.after };
  const response = await send({ ...peer, headers: { ...peer.headers, ...headers } }, call, 'text/event-stream');
  const events = parseEvents(peer, call, response);
  return {
    isComplete: response.headers.get(EVENTS_RESUMED_HEADER) === 'true',
    [Symbol.asyncIterator]: () => events,
  };
}

async function* onlyEvents(events: ResumedEvents): AsyncGenerator<OrchestratorEvent, void> {
  for await (const { event } of events) yield event;
}

async function* parseEvents(peer: Peer, call: Call, response: Response): AsyncGenerator<StreamedEvent, void> {
  if (response.body === null) return;
  try {
    for await (const { data, id } of readEventStream(response.body)) {
      const event = parseEvent(data);
      if (event !== undefined) yield { event, ...(id === undefined ? {} : { id }) };
    }
  } catch (error) {
    throw failure(peer, call, error);
  }
}

/** An event that cannot be read is passed over: it must not take the others with it. */
function parseEvent(data: string): OrchestratorEvent | undefined {
  try {
    const value = JSON.parse(data) as OrchestratorEvent | null;
    return typeof value === 'object' && typeof value?.eventType === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
