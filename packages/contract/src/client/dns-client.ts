/** A typed client of the name server's HTTP API. */
import type { Static, TSchema } from '@sinclair/typebox';
import { DnsLookup, DnsQueries, DnsRotation, DnsStatus, DnsZone, type DnsChange } from '../dns.ts';
import { readEventStream } from './event-stream.ts';
import { failure, request, send, type Call, type Fetch, type Peer } from './http.ts';

/**
 * The name server as people read it. Every method rejects with an ApiError when refused, and with a PlatformError
 * `dns-unreachable` or `dns-answer-unexpected` when there is no proper answer.
 */
export interface DnsClient {
  readonly baseUrl: string;
  lookup(name: string, type: string): Promise<DnsLookup>;
  /** A whole zone; the first one when none is named. */
  zone(domain?: string): Promise<DnsZone>;
  status(): Promise<DnsStatus>;
  queries(): Promise<DnsQueries>;
  rotation(): Promise<DnsRotation>;
  /** Takes a task out of rotation, or puts it back. */
  setRotation(taskId: string, isInRotation: boolean): Promise<DnsRotation>;
  /** Follows changes from now on. */
  watch(signal: AbortSignal): Promise<AsyncIterable<DnsChange>>;
}

/** Makes a client; nothing is sent before its first call. */
export function createDnsClient(options: { readonly baseUrl: string; readonly fetch?: Fetch }): DnsClient {
  const peer: Peer = {
    role: 'dns',
    baseUrl: options.baseUrl,
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    advice: 'Check that the name server runs: stadion up, or stadion dns --master URL',
  };
  const call = async <Schema extends TSchema>(wanted: Call, schema: Schema): Promise<Static<Schema>> =>
    await request(peer, wanted, [schema]);
  const get = <Schema extends TSchema>(path: string, schema: Schema, query: Call['query'] = {}) =>
    call({ method: 'GET', path, query }, schema);
  return {
    baseUrl: options.baseUrl,
    lookup: (name, type) => get('/v1/lookup', DnsLookup, { name, type }),
    zone: (domain) => get('/v1/axfr', DnsZone, { zone: domain }),
    status: () => get('/v1/status', DnsStatus),
    queries: () => get('/v1/queries', DnsQueries),
    rotation: () => get('/v1/rotation', DnsRotation),
    setRotation: (taskId, isInRotation) => {
      const method = isInRotation ? 'DELETE' : 'PUT';
      return call({ method, path: '/v1/rotation/{taskId}', params: { taskId } }, DnsRotation);
    },
    watch: async (signal) => {
      const wanted: Call = { method: 'GET', path: '/v1/watch', signal };
      const response = await send(peer, wanted, 'text/event-stream');
      return changes(peer, wanted, response);
    },
  };
}

async function* changes(peer: Peer, call: Call, response: Response): AsyncGenerator<DnsChange, void> {
  if (response.body === null) return;
  try {
    for await (const { data } of readEventStream(response.body)) yield JSON.parse(data) as DnsChange;
  } catch (error) {
    throw failure(peer, call, error);
  }
}
