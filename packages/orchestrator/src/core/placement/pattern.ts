/**
 * Regular expressions that people give to LIKE and UNLIKE. RE2 reads them: near enough to Java's for names of hosts and
 * racks, and its time grows with the text only, whatever the pattern. JavaScript's own would let `(a+)+$` hold everybody.
 */
import { RE2JS } from 're2js';
import { PATTERN_SIZE_MAX } from './limits.ts';

/** A pattern that can be used, or why not. */
export type Pattern =
  { readonly ok: true; readonly matches: (text: string) => boolean } | { readonly ok: false; readonly message: string };

/**
 * Reads a pattern, which must match a whole text. Inline flags such as `(?i)` are understood; looking ahead, looking
 * behind and referring back are not.
 */
export function readPattern(source: string): Pattern {
  // Before compiling, which takes as long as the pattern is large.
  if (writtenOutLength(source) > PATTERN_SIZE_MAX) {
    const message = `'${source}' is too large: with its repetitions written out it must have at most ${String(PATTERN_SIZE_MAX)} characters`;
    return { ok: false, message };
  }
  try {
    const compiled = RE2JS.compile(source);
    return { ok: true, matches: (text) => compiled.testExact(text) };
  } catch (error) {
    const detail = error instanceof Error ? `: ${error.message}` : '';
    return { ok: false, message: `'${source}' is not a valid regular expression${detail}` };
  }
}

const COUNTED = /\{(\d+)(?:,(\d*))?\}/y;

/** About how many characters a pattern has when `x{3}` is written `xxx`, classes and escapes counted as one. */
function writtenOutLength(source: string): number {
  const outer: number[] = [];
  let total = 0;
  let last = 0;
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === '(') {
      outer.push(total);
      total = 0;
      last = 0;
    } else if (character === ')') {
      last = total;
      total += outer.pop() ?? 0;
    } else if (character === '{') {
      COUNTED.lastIndex = at;
      const [text = '', least = '1', most] = COUNTED.exec(source) ?? [];
      const times = Math.max(1, Number(least), Number(most ?? 0));
      total += last * (times - 1);
      last *= times;
      at += Math.max(0, text.length - 1);
    } else {
      if (character === '\\') at += 1;
      else if (character === '[') at = endOfClass(source, at);
      last = 1;
      total += 1;
    }
  }
  return outer.reduce((sum, size) => sum + size, total);
}

/** Where a class such as `[^a-z]` ends; the end of the text when it does not. */
function endOfClass(source: string, start: number): number {
  let at = start + 1;
  if (source.charAt(at) === '^') at += 1;
  // A bracket that comes first stands for itself.
  if (source.charAt(at) === ']') at += 1;
  while (at < source.length && source.charAt(at) !== ']') at += source.charAt(at) === '\\' ? 2 : 1;
  return at;
}
