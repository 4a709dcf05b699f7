/** Which headers go on to a server, and which come back: without those that are for one connection only. */
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
  if (connection === undefined || /^(keep-alive|close|upgrade)$/i.test(connection)) return undefined;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

/**
 * The headers of a request as they are sent on: a flat list with Host first.
 * @param hostHeader what the server is told
 */
export function requestHeaders(exchange: Exchange, hostHeader: string, hostname: string): string[] {
  const { rawHeaders } = exchange.incoming;
  const { isTrusted, scheme, port, clientIp } = exchange.origin;
  const listed = listedBy(exchange.header('connection'));
  const headers: string[] = ['host', hostHeader];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'host' || lower === 'expect' || lower.startsWith(':') || HOP_BY_HOP.has(lower)) continue;
    if (listed?.has(lower) === true) continue;
    if (FORWARDED_HEADERS.has(lower) && (!isTrusted || lower === 'x-forwarded-for')) continue;
    headers.push(name, rawHeaders[index + 1] ?? '');
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
  if (exchange.origin.isTrusted && exchange.headers[name.toLowerCase()] !== undefined) return;
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

/** The headers of an answer as they go to the client. @param raw names and values as bytes */
export function answerHeaders(raw: readonly Buffer[]): string[] {
  const headers: string[] = [];
  let connection: string | undefined;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] ?? EMPTY).toString('latin1');
    const lower = name.toLowerCase();
    const value = (raw[index + 1] ?? EMPTY).toString('latin1');
    if (lower === 'connection') connection = value;
    if (!HOP_BY_HOP.has(lower)) headers.push(name, value);
  }
  const listed = listedBy(connection);
  if (listed !== undefined) for (const name of listed) setHeader(headers, name, '');
  return headers;
}

const EMPTY = Buffer.alloc(0);
