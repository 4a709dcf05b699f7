/** Sets of host ports as sorted, disjoint, non-adjacent inclusive ranges in one flat array: `[begin, end, begin, end, …]`. */
import { assert } from '@stadion/base';

/** An immutable set of ports. */
export type PortRanges = readonly number[];

/** The empty set. */
export const NO_PORTS: PortRanges = [];

/**
 * The set of these ranges.
 * @returns undefined when two ranges overlap, one ends before it begins, or a port is not an integer in 0…65535
 */
export function portRangesOf(
  ranges: readonly { readonly begin: number; readonly end: number }[],
): PortRanges | undefined {
  if (ranges.length === 0) return NO_PORTS;
  for (const { begin, end } of ranges) {
    if (!Number.isInteger(begin) || !Number.isInteger(end) || begin < 0 || end > 65_535 || begin > end) {
      return undefined;
    }
  }
  const [only] = ranges;
  // The common case, and kept with every task: a literal has no room to grow, a pushed-to array has for sixteen more.
  if (ranges.length === 1 && only !== undefined) return [only.begin, only.end];
  const sorted = [...ranges].sort((left, right) => left.begin - right.begin);
  const flat: number[] = [];
  for (const { begin, end } of sorted) {
    const last = flat[flat.length - 1];
    if (last !== undefined && begin <= last) return undefined;
    if (last === begin - 1) flat[flat.length - 1] = end;
    else flat.push(begin, end);
  }
  return flat;
}

/** True when every port of `part` is in `whole`. */
export function containsPorts(whole: PortRanges, part: PortRanges): boolean {
  let index = 0;
  for (let at = 0; at < part.length; at += 2) {
    const begin = part[at] as number;
    const end = part[at + 1] as number;
    while (index < whole.length && (whole[index + 1] as number) < begin) index += 2;
    if (index >= whole.length || (whole[index] as number) > begin || (whole[index + 1] as number) < end) return false;
  }
  return true;
}

/**
 * Both sets together.
 * @throws AssertionError when they share a port: nothing is counted, or freed, twice
 */
export function addPorts(left: PortRanges, right: PortRanges): PortRanges {
  if (right.length === 0) return left;
  if (left.length === 0) return right;
  const result: number[] = [];
  let leftAt = 0;
  let rightAt = 0;
  while (leftAt < left.length || rightAt < right.length) {
    const fromLeft =
      rightAt >= right.length || (leftAt < left.length && (left[leftAt] as number) < (right[rightAt] as number));
    const begin = (fromLeft ? left[leftAt] : right[rightAt]) as number;
    const end = (fromLeft ? left[leftAt + 1] : right[rightAt + 1]) as number;
    if (fromLeft) leftAt += 2;
    else rightAt += 2;
    const last = result[result.length - 1];
    assert(last === undefined || last < begin, 'ports are added that are there already');
    if (last === begin - 1) result[result.length - 1] = end;
    else result.push(begin, end);
  }
  return result;
}

/**
 * `whole` without `part`.
 * @throws AssertionError when `part` is not contained
 */
export function subtractPorts(whole: PortRanges, part: PortRanges): PortRanges {
  if (part.length === 0) return whole;
  const result: number[] = [];
  let partAt = 0;
  for (let at = 0; at < whole.length; at += 2) {
    let begin = whole[at] as number;
    const end = whole[at + 1] as number;
    while (partAt < part.length && (part[partAt] as number) <= end) {
      const partBegin = part[partAt] as number;
      const partEnd = part[partAt + 1] as number;
      assert(partBegin >= begin && partEnd <= end, 'ports are taken that are not there');
      if (partBegin > begin) result.push(begin, partBegin - 1);
      begin = partEnd + 1;
      partAt += 2;
    }
    if (begin <= end) result.push(begin, end);
  }
  assert(partAt >= part.length, 'ports are taken that are not there');
  return result;
}

/** The union of two sets that may overlap. */
export function unionPorts(left: PortRanges, right: PortRanges): PortRanges {
  return addPorts(left, subtractPorts(right, intersectPorts(left, right)));
}

/** The ports that are in both sets. */
export function intersectPorts(left: PortRanges, right: PortRanges): PortRanges {
  const result: number[] = [];
  let leftAt = 0;
  let rightAt = 0;
  while (leftAt < left.length && rightAt < right.length) {
    const begin = Math.max(left[leftAt] as number, right[rightAt] as number);
    const leftEnd = left[leftAt + 1] as number;
    const rightEnd = right[rightAt + 1] as number;
    const end = Math.min(leftEnd, rightEnd);
    if (begin <= end) result.push(begin, end);
    if (leftEnd < rightEnd) leftAt += 2;
    else rightAt += 2;
  }
  return result;
}

/** How many ports there are. */
export function portCount(ports: PortRanges): number {
  let count = 0;
  for (let at = 0; at < ports.length; at += 2) count += (ports[at + 1] ?? 0) - (ports[at] ?? 0) + 1;
  return count;
}
