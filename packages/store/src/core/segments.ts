/**
 * A journal in segments: how records are written where one write costs much whatever its size.
 *
 * Each commit becomes one segment, numbered without gaps. A segment is text, cut into parts that fit into one node each;
 * it counts once all of its parts are there. Merging gives a segment that stands for several neighbours; it is named
 * for the numbers that it covers. Of two entries for one key the one of the higher number holds.
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

/** The names of a segment's parts, in order. */
export function partNames({ from, to }: SegmentRange, count: number): string[] {
  const range = `${padded(from)}-${padded(to)}`;
  return Array.from({ length: count }, (_, index) => `${range}.${String(index)}.${String(count)}`);
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

/** The names of those parts whose segment covers anything above a number: cheap, for who looks often and finds nothing. */
export function namesAbove(names: readonly string[], number: number): readonly string[] {
  const last = padded(number);
  return names.filter((name) => name.slice(NUMBER_DIGITS + 1, 2 * NUMBER_DIGITS + 1) > last);
}

function padded(number: number): string {
  return String(number).padStart(NUMBER_DIGITS, '0');
}
