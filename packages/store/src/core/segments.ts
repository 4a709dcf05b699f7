/**
 * A journal in segments: how records are written where one write costs much whatever its size.
 *
 * Each commit becomes one segment, numbered without gaps. A segment is text, cut into parts that fit into one node each;
 * it counts once all of its parts are there. Merging gives a segment that stands for several neighbours; it is named
 * for the numbers that it covers. Of two entries for one key the one of the higher number holds.
 *
 * One line is one entry, its fields separated by tabs, which JSON text never contains: `version TAB key TAB value`, or
 * `0 TAB key` for what was deleted.
 */
import { assert } from '@stadion/base';

/** The numbers that a segment covers, both inclusive. */
export interface SegmentRange {
  readonly from: number;
  readonly to: number;
}

/** A segment that is there, with the names of its parts in order. */
export interface StoredSegment extends SegmentRange {
  readonly parts: readonly string[];
}

/** One entry as it is kept. `text` is the value's JSON; undefined: deleted. */
export interface SegmentEntry {
  readonly key: string;
  readonly version: number;
  readonly text: string | undefined;
}

const NUMBER_DIGITS = 15;
const PART_NAME = /^(\d{15})-(\d{15})\.(\d+)\.(\d+)$/;
const TAB = 0x09;
const NEWLINE = 0x0a;

/** The line of one entry, with its end. */
export function encodeEntry({ key, version, text }: SegmentEntry): string {
  const name = JSON.stringify(key);
  return text === undefined ? `0\t${name}\n` : `${String(version)}\t${name}\t${text}\n`;
}

/** The names of a segment's parts, in order. */
export function partNames({ from, to }: SegmentRange, count: number): string[] {
  const range = `${padded(from)}-${padded(to)}`;
  return Array.from({ length: count }, (_, index) => `${range}.${String(index)}.${String(count)}`);
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
 * Puts the names of parts together.
 * @returns the complete segments by number, and the names of parts whose segment is not complete
 * @throws AssertionError when two complete segments cover the same number
 */
export function segmentsOf(names: readonly string[]): {
  readonly segments: readonly StoredSegment[];
  readonly incomplete: readonly string[];
} {
  const found = new Map<
    string,
    { readonly range: SegmentRange; readonly count: number; readonly parts: Map<number, string> }
  >();
  for (const name of names) {
    const match = PART_NAME.exec(name);
    if (match === null) continue;
    const [, from = '', to = '', index = '', count = ''] = match;
    const id = `${from}-${to}.${count}`;
    let segment = found.get(id);
    if (segment === undefined) {
      segment = { range: { from: Number(from), to: Number(to) }, count: Number(count), parts: new Map() };
      found.set(id, segment);
    }
    segment.parts.set(Number(index), name);
  }
  const segments: StoredSegment[] = [];
  const incomplete: string[] = [];
  for (const { range, count, parts } of found.values()) {
    const inOrder = [...parts].sort(([left], [right]) => left - right).map(([, name]) => name);
    if (inOrder.length === count) segments.push({ ...range, parts: inOrder });
    else incomplete.push(...inOrder);
  }
  segments.sort((left, right) => left.from - right.from);
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    assert(next === undefined || next.from > segment.to, 'no number is covered by two segments');
  }
  return { segments, incomplete };
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

function padded(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0');
}
