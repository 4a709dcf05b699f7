/** A typed client of the edge's admin API. */
import type { Static, TSchema } from '@sinclair/typebox';
import { EdgeCertificates, EdgeOverrides, EdgeRoutes, EdgeTest } from '../edge.ts';
import { request, type Call, type Fetch, type Peer } from './http.ts';

/**
 * The edge as people see it. Every method rejects with an ApiError when refused, and with a PlatformError
 * `edge-unreachable` or `edge-answer-unexpected` when there is no proper answer.
 */
export interface EdgeClient {
  readonly baseUrl: string;
  routes(): Promise<EdgeRoutes>;
  /** Which route would take a request for this URL. */
  test(url: string, method: string): Promise<EdgeTest>;
  certificates(): Promise<EdgeCertificates>;
  overrides(): Promise<EdgeOverrides>;
  /** Takes a server (`host:port`), a task or all of an app's instances out of the routes, or lets it in again. */
  setDrained(target: string, isDrained: boolean): Promise<EdgeOverrides>;
  /** The share of an app in a service that several apps have in common; null: as its labels say. */
  setShare(app: string, share: number | null): Promise<EdgeOverrides>;
}

/** Makes a client; nothing is sent before its first call. */
export function createEdgeClient(options: { readonly baseUrl: string; readonly fetch?: Fetch }): EdgeClient {
  const peer: Peer = {
    role: 'edge',
    baseUrl: options.baseUrl,
    fetch: options.fetch ?? ((url, init) => globalThis.fetch(url, init)),
    advice: 'Check that the edge runs: stadion up, or stadion edge --marathon URL',
  };
  const call = async <Schema extends TSchema>(wanted: Call, schema: Schema): Promise<Static<Schema>> =>
    await request(peer, wanted, [schema]);
  return {
    baseUrl: options.baseUrl,
    routes: () => call({ method: 'GET', path: '/v1/routes' }, EdgeRoutes),
    test: (url, method) => call({ method: 'GET', path: '/v1/test', query: { url, method } }, EdgeTest),
    certificates: () => call({ method: 'GET', path: '/v1/certificates' }, EdgeCertificates),
    overrides: () => call({ method: 'GET', path: '/v1/overrides' }, EdgeOverrides),
    setDrained: (target, isDrained) =>
      call({ method: isDrained ? 'PUT' : 'DELETE', path: '/v1/drains', query: { target } }, EdgeOverrides),
    setShare: (app, share) =>
      share === null
        ? call({ method: 'DELETE', path: '/v1/shares', query: { app } }, EdgeOverrides)
        : call({ method: 'PUT', path: '/v1/shares', query: { app, share } }, EdgeOverrides),
  };
}
