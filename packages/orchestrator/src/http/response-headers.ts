/** Headers that every answer of Marathon carries. */
import type { FastifyRequest } from 'fastify';
import type { OrchestratorHttpOptions } from './options.ts';

const ALWAYS = {
  'X-Frame-Options': 'DENY',
  'X-XSS-Protection': '1; mode=block',
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  Expires: '0',
};

/** The headers for one request: the leader, never cached, never framed; CORS when it is switched on. */
export function responseHeaders(
  request: FastifyRequest,
  { leader, corsOrigins = [] }: OrchestratorHttpOptions,
): Readonly<Record<string, string>> {
  const address = leader();
  const headers: Record<string, string> = { ...ALWAYS };
  if (address !== undefined) headers['X-Marathon-Leader'] = `http://${address}`;
  const last = corsOrigins.at(-1);
  if (last === undefined) return headers;
  const { origin } = request.headers;
  // Marathon always names the last; a page of another one of them is named when it can be told.
  headers['Access-Control-Allow-Origin'] = origin !== undefined && corsOrigins.includes(origin) ? origin : last;
  if (corsOrigins.length > 1) headers['Vary'] = 'Origin';
  headers['Access-Control-Allow-Methods'] = 'GET, HEAD, OPTIONS';
  headers['Access-Control-Max-Age'] = '86400';
  const asked = request.headers['access-control-request-headers'];
  if (typeof asked === 'string') headers['Access-Control-Allow-Headers'] = asked;
  return headers;
}
