/** Which headers go on to a server, and which come back: without those that are for one connection only. */
import type { Http1Fields } from '../../core/wire/http1-head.ts';
import { FORWARDED_HEADERS, type Exchange } from '../exchange.ts';

/** RFC 9110 section 7.6.1, and old relatives. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The names that a Connection header lists: they are for this connection, too. */
function listedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

/**
 * The headers of a request as they are sent on: a flat list with Host first.
 * @param hostHeader what the server is told
 */
export function requestHeaders(exchange: Exchange, hostHeader: string, hostname: string): string[] {
  const { rawHeaders, names } = exchange.incoming;
  const { isTrusted, scheme, port, clientIp } = exchange.origin;
  const listed = listedBy(exchange.header('connection'));
  const headers: string[] = ['host', hostHeader];
  for (let index = 0; index < names.length; index += 1) {
    const lower = names[index] ?? '';
    if (lower === 'host' || lower === 'expect' || lower.startsWith(':') || HOP_BY_HOP.has(lower)) continue;
    if (listed?.has(lower) === true) continue;
    if (FORWARDED_HEADERS.has(lower) && (!isTrusted || lower === 'x-forwarded-for')) continue;
    headers.push(rawHeaders[index * 2] ?? '', rawHeaders[index * 2 + 1] ?? '');
  }
  const chain = isTrusted ? exchange.header('x-forwarded-for') : undefined;
  headers.push('X-Forwarded-For', chain === undefined || chain === '' ? clientIp : `${chain}, ${clientIp}`);
  addUnlessTrusted(exchange, headers, 'X-Real-Ip', clientIp);
  addUnlessTrusted(exchange, headers, 'X-Forwarded-Proto', scheme);
  addUnlessTrusted(exchange, headers, 'X-Forwarded-Host', exchange.authority);
  addUnlessTrusted(exchange, headers, 'X-Forwarded-Port', String(port));
  addUnlessTrusted(exchange, headers, 'X-Forwarded-Server', hostname);
  for (const [name, value] of exchange.requestChanges) setHeader(headers, name, value);
  return headers;
}

/** A trusted proxy's word stands where it has given one. */
function addUnlessTrusted(exchange: Exchange, headers: string[], name: string, value: string): void {
  if (exchange.origin.isTrusted && exchange.header(name.toLowerCase()) !== undefined) return;
  headers.push(name, value);
}

/** Sets a header of a flat list; an empty value removes it. */
export function setHeader(headers: string[], name: string, value: string): void {
  const lower = name.toLowerCase();
  for (let index = headers.length - 2; index >= 0; index -= 2) {
    if (headers[index]?.toLowerCase() === lower) headers.splice(index, 2);
  }
  if (value !== '') headers.push(name, value);
}

/** The value of a header of a flat list. */
export function headerIn(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}

/** The headers of an answer as they go to the client: a flat list of names and values. */
export function answerHeaders({ rawHeaders, names, connection }: Http1Fields): string[] {
  const listed = listedBy(connection);
  const hasEncoding = names.includes('transfer-encoding');
  const headers: string[] = [];
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? '';
    if (HOP_BY_HOP.has(name) || listed?.has(name) === true) continue;
    // Beside an encoding it counts for nothing, and whoever believes it reads another answer (RFC 9112 section 6.3).
    if (hasEncoding && name === 'content-length') continue;
    headers.push(rawHeaders[index * 2] ?? '', rawHeaders[index * 2 + 1] ?? '');
  }
  return headers;
}
