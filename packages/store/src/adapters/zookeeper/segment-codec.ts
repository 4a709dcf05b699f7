/**
 * The text of a segment. One line is one entry, its fields separated by tabs, which JSON text never contains:
 * `version TAB key TAB value`, or `0 TAB key` for what was deleted.
 */
import type { SegmentEntry } from '../../core/segments.ts';

const TAB = 0x09;
const NEWLINE = 0x0a;

/** The bytes of a segment. */
export function encodeSegment(entries: Iterable<SegmentEntry>): Buffer {
  const lines: string[] = [];
  for (const entry of entries) lines.push(encodeEntry(entry));
  return Buffer.from(lines.join(''));
}

/** The line of one entry, with its end. */
function encodeEntry({ key, version, text }: SegmentEntry): string {
  const name = JSON.stringify(key);
  return text === undefined ? `0\t${name}\n` : `${String(version)}\t${name}\t${text}\n`;
}

/** Cuts a segment's bytes into parts; an empty segment has one empty part. */
export function cutIntoParts(bytes: Buffer, partBytesMax: number): Buffer[] {
  if (bytes.length === 0) return [bytes];
  const parts: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += partBytesMax) {
    parts.push(bytes.subarray(start, start + partBytesMax));
  }
  return parts;
}

/**
 * The entries of a segment.
 * @param bytes all parts in order, joined
 * @returns the entries, or a sentence that says what is wrong
 */
export function decodeSegment(bytes: Buffer): readonly SegmentEntry[] | string {
  const entries: SegmentEntry[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end === -1) return 'its last line has no end';
    const entry = decodeLine(bytes.subarray(start, end));
    if (entry === undefined) return `its line ${String(entries.length + 1)} is not an entry`;
    entries.push(entry);
    start = end + 1;
  }
  return entries;
}

function decodeLine(line: Buffer): SegmentEntry | undefined {
  const keyStart = line.indexOf(TAB) + 1;
  if (keyStart === 0) return undefined;
  const version = Number(line.toString('latin1', 0, keyStart - 1));
  const keyEnd = line.indexOf(TAB, keyStart);
  const key = parseKey(line.toString('utf8', keyStart, keyEnd === -1 ? undefined : keyEnd));
  if (key === undefined || !Number.isSafeInteger(version) || version < 0) return undefined;
  if (version === 0) return keyEnd === -1 ? { key, version, text: undefined } : undefined;
  // Each text is decoded by itself: a piece cut out of a longer string would keep all of that alive.
  return keyEnd === -1 ? undefined : { key, version, text: line.toString('utf8', keyEnd + 1) };
}

function parseKey(text: string): string | undefined {
  try {
    const key: unknown = JSON.parse(text);
    return typeof key === 'string' ? key : undefined;
  } catch {
    return undefined;
  }
}
