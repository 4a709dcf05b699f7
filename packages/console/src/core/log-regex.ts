/**
 * Regular expressions for logs. RE2 reads them, as it does for the platform's constraints: its time grows with the text only,
 * so that no pattern and no hostile line holds the page, as JavaScript's own would with `(a+)+$`.
 */
import { RE2JS } from 're2js';
import { RANGES_MAX, type LineMatcher, type Range } from './log-match.ts';

/** Characters of a pattern. */
const PATTERN_MAX = 500;

/** A pattern that finds, or what is wrong with it. */
export type LinePattern = { readonly matcher: LineMatcher } | { readonly problem: string };

/** Reads a pattern, which may match anywhere in a line, in small letters or large. */
export function regexMatcher(source: string): LinePattern {
  if (source.length > PATTERN_MAX) return { problem: `A pattern may have ${String(PATTERN_MAX)} characters at most` };
  try {
    const compiled = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
    return { matcher: { test: (line) => compiled.test(line), ranges: (line) => rangesOf(compiled, line) } };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'This is no regular expression' };
  }
}

function rangesOf(compiled: RE2JS, line: string): readonly Range[] {
  const matcher = compiled.matcher(line);
  const found: Range[] = [];
  while (found.length < RANGES_MAX && matcher.find()) {
    // What matches nothing is nowhere to be seen.
    if (matcher.end() > matcher.start()) found.push([matcher.start(), matcher.end()]);
  }
  return found;
}
