/** One line per exchange: combined (as Apache and nginx write it) or JSON. Credentials never stand in it. */

import type { AccessRecord } from '../core/access-record.ts';

/** How lines look; `off` writes none. */
export type AccessLogFormat = 'off' | 'json' | 'combined';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A line without its end. */
export function accessLogLine(record: AccessRecord, format: AccessLogFormat): string {
  return format === 'json' ? jsonLine(record) : combinedLine(record);
}

function jsonLine({ atMs, durationMs, ...rest }: AccessRecord): string {
  return JSON.stringify({
    time: new Date(atMs).toISOString(),
    ...rest,
    durationMs: Math.round(durationMs * 1000) / 1000,
  });
}

function combinedLine(record: AccessRecord): string {
  const at = new Date(record.atMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()] ?? ''}/${String(at.getUTCFullYear())}`;
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
  const request = quoted(`${record.method} ${record.path} ${record.protocol}`);
  const tail = `${quoted(record.router ?? '-')} ${quoted(record.server ?? '-')} ${String(Math.round(record.durationMs))}ms`;
  return (
    `${record.client} - ${record.user ?? '-'} [${date}:${time} +0000] ${request} ${String(record.status)} ` +
    `${String(record.bytesOut)} ${quoted(record.referer ?? '-')} ${quoted(record.userAgent ?? '-')} ${tail}`
  );
}

/** In quotes; what would end the line or the quotes is escaped, so that nobody forges entries. */
function quoted(text: string): string {
  const escaped = text.replace(/["\\\u0000-\u001f\u007f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `"${escaped}"`;
}
