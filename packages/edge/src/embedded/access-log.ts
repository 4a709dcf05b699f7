/** One line per exchange: combined (as Apache and nginx write it) or JSON. Credentials never stand in it. */
import type { Exchange } from './exchange.ts';

/** How lines look; `off` writes none. */
export type AccessLogFormat = 'off' | 'json' | 'combined';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A line without its end. @param nowMs the wall clock */
export function accessLogLine(exchange: Exchange, latencyMs: number, nowMs: number, format: AccessLogFormat): string {
  return format === 'json' ? jsonLine(exchange, latencyMs, nowMs) : combinedLine(exchange, latencyMs, nowMs);
}

function jsonLine(exchange: Exchange, latencyMs: number, nowMs: number): string {
  return JSON.stringify({
    time: new Date(nowMs).toISOString(),
    client: exchange.clientIp,
    user: exchange.user,
    method: exchange.method,
    host: exchange.host,
    path: exchange.path,
    protocol: `HTTP/${exchange.incoming.httpVersion}`,
    scheme: exchange.origin.scheme,
    status: exchange.status,
    bytesIn: exchange.bytesIn,
    bytesOut: exchange.bytesOut,
    durationMs: Math.round(latencyMs * 1000) / 1000,
    router: exchange.route?.router.name,
    app: exchange.route?.router.source,
    service: exchange.route?.router.service,
    server: exchange.serverId,
    attempts: exchange.attempts,
    referer: exchange.header('referer'),
    userAgent: exchange.header('user-agent'),
    traceparent: exchange.header('traceparent'),
  });
}

function combinedLine(exchange: Exchange, latencyMs: number, nowMs: number): string {
  const at = new Date(nowMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()] ?? ''}/${String(at.getUTCFullYear())}`;
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  const request = quoted(`${exchange.method} ${exchange.path} HTTP/${exchange.incoming.httpVersion}`);
  const tail = `${quoted(exchange.route?.router.name ?? '-')} ${quoted(exchange.serverId ?? '-')} ${String(Math.round(latencyMs))}ms`;
  return (
    `${exchange.clientIp} - ${exchange.user ?? '-'} [${date}:${time} +0000] ${request} ${String(exchange.status)} ` +
    `${String(exchange.bytesOut)} ${quoted(exchange.header('referer') ?? '-')} ${quoted(exchange.header('user-agent') ?? '-')} ${tail}`
  );
}

/** In quotes; what would end the line or the quotes is escaped, so that nobody forges entries. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}
