/** Two JSON values beside each other, line by line. */
import { diffLines } from 'diff';

/** A line of the comparison. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed';
  readonly text: string;
}

/** Members that every version has anew and that nobody compares. */
const NOISE = new Set(['version', 'versionInfo']);

/** The lines of two values as JSON with sorted members, without what is different in every version. */
export function jsonDiff(before: unknown, after: unknown): readonly DiffLine[] {
  return diffLines(comparable(before), comparable(after)).flatMap(({ value, added, removed }) => {
    const kind = added ? 'added' : removed ? 'removed' : 'same';
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((text): DiffLine => ({ kind, text }));
  });
}

/**
 * Leaves out long stretches that are the same.
 * @param around how many lines stay before and after each change
 * @returns the lines, and the number of lines left out where some are
 */
export function folded(lines: readonly DiffLine[], around = 3): readonly (DiffLine | number)[] {
  const isKept = lines.map((_, index) =>
    lines.slice(Math.max(0, index - around), index + around + 1).some(({ kind }) => kind !== 'same'),
  );
  const result: (DiffLine | number)[] = [];
  let left = 0;
  for (const [index, line] of lines.entries()) {
    if (isKept[index] !== true) {
      left += 1;
      continue;
    }
    if (left > 0) result.push(left);
    left = 0;
    result.push(line);
  }
  if (left > 0) result.push(left);
  return result;
}

/** A value as JSON whose members are in the order of their names. */
function comparable(value: unknown): string {
  const plain = (key: string, one: unknown): unknown => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one;
    const members = Object.entries(one).filter(([name]) => key !== '' || !NOISE.has(name));
    return Object.fromEntries(members.sort(([left], [right]) => (left < right ? -1 : 1)));
  };
  return `${JSON.stringify(value, plain, 2)}\n`;
}
